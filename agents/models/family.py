"""The rows of the family that are learned by gradient, each a choice of slots."""

from __future__ import annotations

from serendip.agents.models.composed import Composed, ComposedSettings
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf, Space
from serendip.agents.models.slots import Likelihood

_COMMON = {
    "latent": OneOf((16, 32, 64, 128)),
    "l2": LogRange(1e-5, 1.0),
    "learning_rate": LogRange(5e-4, 1e-2),
    "epochs": LogRange(10, 100, whole=True),
}
_WEIGHTED = _COMMON | {"unclicked": LogRange(0.01, 1.0)}
_DROPPED = _COMMON | {"dropout": Between(0.1, 0.8)}
_SAMPLED = _COMMON | {"beta": LogRange(0.02, 1.0)}


_SMALL = {"latent": 4, "hidden": [16], "epochs": 80, "batch": 8, "learning_rate": 0.02, "dropout": 0.3}


def _table(name: str, summary: str, likelihood: Likelihood, space: Space) -> ModelCard:
    """Return the card of a factorisation by gradient with that likelihood."""
    settings = ComposedSettings(encoder="table", decoder="inner", likelihood=likelihood, learning_rate=0.01)
    return ModelCard(name=name, summary=summary, make=Composed, settings=settings, small=_SMALL, space=space)


GAUSSIAN_MF = _table(
    name="matrix-factorisation",
    summary="Factorisation by gradient with squared errors: the textbook's, and a check of iALS.",
    likelihood="gaussian",
    space=_WEIGHTED,
)
BERNOULLI_MF = _table(
    name="bernoulli-mf",
    summary="Factorisation with a logistic likelihood: for clicks that are there or not.",
    likelihood="bernoulli",
    space=_WEIGHTED,
)
MULTINOMIAL_MF = _table(
    name="multinomial-mf",
    summary="Factorisation with a softmax over the items: for which item, not whether.",
    likelihood="multinomial",
    space=_COMMON,
)
POISSON_MF = _table(
    name="poisson-mf",
    summary="Factorisation with a Poisson likelihood: for counts of clicks.",
    likelihood="poisson",
    space=_COMMON,
)
ASYMMETRIC_MF = ModelCard(
    name="asymmetric-mf",
    summary="A user is the sum of what they clicked: a linear autoencoder, which takes newcomers at once.",
    make=Composed,
    settings=ComposedSettings(encoder="items", decoder="inner", likelihood="gaussian"),
    small=_SMALL,
    space=_WEIGHTED,
)
AUTOENCODER = ModelCard(
    name="autoencoder",
    summary="A non-linear autoencoder with squared errors: the plain one that others refine.",
    make=Composed,
    settings=ComposedSettings(encoder="mlp", decoder="mlp", likelihood="gaussian"),
    small=_SMALL | {"latent": 2, "hidden": [4], "l2": 0.1},
    space=_WEIGHTED,
)
MULT_DAE = ModelCard(
    name="mult-dae",
    summary="A denoising autoencoder with a multinomial likelihood: nearly as good as Mult-VAE, and simpler.",
    make=Composed,
    settings=ComposedSettings(corruption="dropout"),
    small=_SMALL,
    space=_DROPPED,
)
IPW_DAE = ModelCard(
    name="ipw-dae",
    summary="A denoising autoencoder that drops clicks on popular items more: less drawn to what is popular.",
    make=Composed,
    settings=ComposedSettings(corruption="ipw-dropout", dropout=0.2),
    small=_SMALL,
    space=_DROPPED,
)
EMPHASIS_DAE = ModelCard(
    name="emphasis-dae",
    summary="A denoising autoencoder that predicts the dropped clicks alone: learns the others' meaning.",
    make=Composed,
    settings=ComposedSettings(corruption="emphasis"),
    small=_SMALL,
    space=_DROPPED,
)
POPULARITY_DAE = ModelCard(
    name="popularity-dae",
    summary="A denoising autoencoder that drops clicks in proportion to popularity: for rare tastes.",
    make=Composed,
    settings=ComposedSettings(corruption="popularity", dropout=0.8),
    small=_SMALL,
    space=_COMMON | {"dropout": Between(0.2, 0.95)},
)
RECENCY_DAE = ModelCard(
    name="recency-dae",
    summary="A denoising autoencoder that drops old clicks more: for tastes that change.",
    make=Composed,
    settings=ComposedSettings(corruption="recency", dropout=0.05),
    small=_SMALL,
    space=_COMMON | {"dropout": LogRange(0.005, 0.5)},
    sequential=True,
)
LAST_DAE = ModelCard(
    name="last-clicks-autoencoder",
    summary="An autoencoder that sees the last clicks alone: for what is wanted now.",
    make=Composed,
    settings=ComposedSettings(corruption="last-k"),
    small=_SMALL | {"last": 3},
    space=_COMMON | {"last": LogRange(1, 100, whole=True)},
    sequential=True,
)
WIDE_AE = ModelCard(
    name="wide-autoencoder",
    summary="A denoising autoencoder with hardly a bottleneck: what full rank is without a closed form.",
    make=Composed,
    settings=ComposedSettings(corruption="dropout", hidden=(), latent=1000),
    small=_SMALL,
    space={name: part for name, part in _DROPPED.items() if name != "latent"},
)
FREE_VAE = ModelCard(
    name="free-vae",
    summary="A variational autoencoder with free parameters of each user: what amortising the encoder costs.",
    make=Composed,
    settings=ComposedSettings(encoder="table", posterior="free", learning_rate=0.01),
    small=_SMALL,
    space=_SAMPLED,
)
SEMI_VAE = ModelCard(
    name="semi-amortised-vae",
    summary="A Mult-VAE that takes some steps from what its encoder says: a better posterior, more slowly.",
    make=Composed,
    settings=ComposedSettings(corruption="dropout", posterior="semi-amortised"),
    small=_SMALL | {"epochs": 30, "refine_steps": 2},
    space=_SAMPLED | {"dropout": Between(0.1, 0.8), "refine_steps": OneOf((2, 5, 10))},
)
