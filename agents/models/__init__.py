"""The models there are: what a history of clicks says of all items.

Adding one is a file beside this one, which ends with its card, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serendip.agents.models.search import ModelCard
from serendip.simulator.cards import Registry
from serendip.simulator.settings_json import settings_from_json, settings_to_json

if TYPE_CHECKING:
    from serendip.agents.models.model import Model

MODELS = Registry(
    "model",
    ModelCard,
    {
        "popularity": "serendip.agents.models.popularity:CARD",
        "user-knn": "serendip.agents.models.neighbours:USERS",
        "item-knn": "serendip.agents.models.neighbours:ITEMS",
        "p3alpha": "serendip.agents.models.walks:P3ALPHA",
        "rp3beta": "serendip.agents.models.walks:RP3BETA",
        "slim": "serendip.agents.models.slim:CARD",
        "pure-svd": "serendip.agents.models.pure_svd:CARD",
        "ease": "serendip.agents.models.ease:CARD",
        "elsa": "serendip.agents.models.elsa:CARD",
        "edlae": "serendip.agents.models.full_rank:EDLAE",
        "linear-denoiser": "serendip.agents.models.full_rank:LINEAR",
        "sparse-mrf": "serendip.agents.models.full_rank:SPARSE",
        "sparse-inverse": "serendip.agents.models.sparse_inverse:CARD",
        "higher-order-mrf": "serendip.agents.models.higher_order:CARD",
        "sparse-higher-order-mrf": "serendip.agents.models.higher_order:SPARSE",
        "ials": "serendip.agents.models.ials:CARD",
        "matrix-factorisation": "serendip.agents.models.family:GAUSSIAN_MF",
        "bernoulli-mf": "serendip.agents.models.family:BERNOULLI_MF",
        "multinomial-mf": "serendip.agents.models.family:MULTINOMIAL_MF",
        "poisson-mf": "serendip.agents.models.family:POISSON_MF",
        "asymmetric-mf": "serendip.agents.models.family:ASYMMETRIC_MF",
        "autoencoder": "serendip.agents.models.family:AUTOENCODER",
        "mult-dae": "serendip.agents.models.family:MULT_DAE",
        "ipw-dae": "serendip.agents.models.family:IPW_DAE",
        "emphasis-dae": "serendip.agents.models.family:EMPHASIS_DAE",
        "popularity-dae": "serendip.agents.models.family:POPULARITY_DAE",
        "recency-dae": "serendip.agents.models.family:RECENCY_DAE",
        "last-clicks-autoencoder": "serendip.agents.models.family:LAST_DAE",
        "wide-autoencoder": "serendip.agents.models.family:WIDE_AE",
        "free-vae": "serendip.agents.models.family:FREE_VAE",
        "semi-amortised-vae": "serendip.agents.models.family:SEMI_VAE",
        "mult-vae": "serendip.agents.models.mult_vae:CARD",
        "rec-vae": "serendip.agents.models.rec_vae:CARD",
        "markov-chain": "serendip.agents.models.next_click.markov:CARD",
        "sequential-rules": "serendip.agents.models.next_click.markov:RULES",
        "gru": "serendip.agents.models.next_click.network:RECURRENT",
        "self-attention": "serendip.agents.models.next_click.network:ATTENTION",
        "softmax-attention": "serendip.agents.models.next_click.network:MANY",
        "gsasrec": "serendip.agents.models.next_click.network:CALIBRATED",
    },
)


def build(name: str, settings: dict[str, Any] | None = None) -> Model:
    """Return an unfitted model called `name`, with its defaults except for `settings` (JSON values).

    Raises:
        SettingsError: there is no such model, or no such setting, or a value is out of its range.
    """
    card = MODELS.card(name)
    values = settings_to_json(card.settings) | (settings or {})
    return card.make(settings_from_json(type(card.settings), values, f"model {name!r}"))
