"""The beliefs that are put to the test, each as what it thinks of all items at the same visits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serendip.agents.beliefs.belief import Posterior, Situation
from serendip.agents.beliefs.combined import Combined, CombinedPosterior
from serendip.agents.beliefs.dropout import Dropout, DropoutSettings
from serendip.agents.beliefs.laplace_items import LaplaceItems, LaplaceItemsPosterior, LaplaceItemsSettings
from serendip.agents.beliefs.last_layer import ItemRows
from serendip.agents.beliefs.latent import Latent, LatentSettings
from serendip.agents.presets import MF_THOMPSON
from serendip.agents.registry import make
from serendip.experiments.beliefs.site import Site
from serendip.simulator.interface import Ints

VAE = {"latent": 32, "hidden": [200]}
_OTHERS: tuple[tuple[str, str, dict[str, Any]], ...] = (  # name, what it is taught on, what makes its agent
    ("EASE, point", "all items", {"belief": "point", "model": "ease"}),
    ("EASE, bootstrap", "all items", {"belief": "ensemble", "model": "ease"}),
    ("ease-posterior", "all items", {"belief": "ease-posterior"}),
    ("user-factors", "all items", {"belief": "user-factors"}),
    ("laplace-factors", "shown items", {"belief": "laplace-factors"} | dict(MF_THOMPSON.model_settings)),
    ("gaussian-field", "shown items", {"belief": "gaussian-field"}),
    ("choice-mixture", "shown slates", {"belief": "choice-mixture"}),
    ("choice-clusters", "shown slates", {"belief": "choice-clusters"}),
    ("choice-factors", "shown slates", {"belief": "choice-factors"}),
    ("choice-vae", "shown slates", {"belief": "choice-vae"}),
    ("click-rates", "shown items", {"belief": "click-rates"}),
)
N_KINDS = 18 + len(_OTHERS)  # nine of autoencoders, each taught on all items and on shown ones


@dataclass(frozen=True, slots=True)
class Kind:
    """A belief with a name, and what it thinks.

    Attributes:
        name: name of the belief.
        likelihood: what it was taught on: "all items", "shown items", or "shown slates" with their positions.
        posterior: what it thinks at B visits.
    """

    name: str
    likelihood: str
    posterior: Posterior


def autoencoders(site: Site, users: Ints, epochs: int = 50) -> Iterator[Kind]:
    """Yield what autoencoders think of `users`, taught on all items and on shown ones; those of one row share a fit.

    Args:
        site: what taught them.
        users: (B,) whom they are asked about.
        epochs: passes over the data in training.
    """
    situation = site.situation(users)
    for exposed in (False, True):
        likelihood = "shown items" if exposed else "all items"
        settings = VAE | {"exposed_only": exposed, "epochs": epochs}
        alone: LaplaceItems = _taught("laplace-items", site, settings)
        own = alone.posterior(situation)
        yield from of_the_user(alone.model, own, situation, likelihood)
        yield Kind("last layer", likelihood, own)
        both: Combined = _taught("combined", site, settings)
        together = both.posterior(situation)
        chosen = both.settings
        plains = [_without_doubt_of_items(part) for part in together.parts]
        bootstrap = [_tempered(part, 0.0, 0.0) for part in plains]
        yield Kind("bootstrap", likelihood, CombinedPosterior(bootstrap, chosen.moment_draws))
        priors: Combined = _taught("combined", site, settings | {"item_side": "randomised-prior"})
        random = [_tempered(part, 0.0, 0.0) for part in priors.posterior(situation).parts]
        yield Kind("bootstrap, randomised priors", likelihood, CombinedPosterior(random, chosen.moment_draws))
        yield Kind("latent + last layer", likelihood, _tempered(own, chosen.item_temperature, 1.0))
        yield Kind("latent + last layer + bootstrap", likelihood, together)


def of_the_user(model: Any, own: LaplaceItemsPosterior, situation: Situation, likelihood: str) -> Iterator[Kind]:
    """Yield what a Mult-VAE thinks where it doubts nothing, or the user alone.

    Args:
        model: fitted.
        own: its posterior with doubt of the items.
        situation: of the users who are asked about.
        likelihood: what it was taught on.
    """
    plain = _without_doubt_of_items(own)
    yield Kind("point", likelihood, _tempered(plain, 0.0, 0.0))
    yield Kind("latent", likelihood, _tempered(plain, 0.0, 1.0))
    free = Latent(LatentSettings(inference="free"), model)
    yield Kind("latent, free", likelihood, free.posterior(situation))
    yield Kind("dropout", likelihood, Dropout(DropoutSettings(), model).posterior(situation))


def others(site: Site, users: Ints) -> Iterator[Kind]:
    """Yield what beliefs without a network think of `users`."""
    situation = site.situation(users)
    for name, likelihood, settings in _OTHERS:
        yield Kind(name, likelihood, _told(site, settings).posterior(situation))


def _taught(belief: str, site: Site, settings: dict[str, Any]) -> Any:
    return _told(site, {"belief": belief, "model": "mult-vae"} | settings)


def _told(site: Site, settings: dict[str, Any]) -> Any:
    """Return the belief of an agent that has learned from all that the site remembers."""
    agent = make("thompson", site.catalogue, 1, site.world.seed, **settings)
    agent.forget(site.history)
    agent.update()
    return agent.belief


def _without_doubt_of_items(posterior: LaplaceItemsPosterior) -> LaplaceItemsPosterior:
    rows = ItemRows.certain(posterior.split.last)
    return LaplaceItemsPosterior(rows, posterior.split, posterior.location, posterior.std, posterior.settings)


def _tempered(posterior: LaplaceItemsPosterior, items: float, user: float) -> LaplaceItemsPosterior:
    settings = LaplaceItemsSettings(items, user)
    return LaplaceItemsPosterior(posterior.rows, posterior.split, posterior.location, posterior.std, settings)
