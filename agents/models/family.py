"""The rows of the family that are learned by gradient, each a choice of slots."""

from __future__ import annotations

from serendip.agents.models.composed import Composed, ComposedSettings
from serendip.agents.models.search import Card, LogRange, OneOf, Range

_COMMON = {
    "latent": OneOf((16, 32, 64, 128)),
    "l2": LogRange(1e-5, 1.0),
    "learning_rate": LogRange(5e-4, 1e-2),
    "epochs": LogRange(10, 100, whole=True),
}
_WEIGHTED = _COMMON | {"unclicked": LogRange(0.01, 1.0)}
_DROPPED = _COMMON | {"dropout": Range(0.1, 0.8)}
_SAMPLED = _COMMON | {"beta": LogRange(0.02, 1.0)}


def _table(about: str, likelihood: str, space: object) -> Card:
    settings = ComposedSettings(encoder="table", decoder="inner", likelihood=likelihood, learning_rate=0.01)  # pyright: ignore[reportArgumentType]
    return Card(about, settings, Composed, space)  # pyright: ignore[reportArgumentType]


GAUSSIAN_MF = _table("matrix factorisation by gradient, squared error", "gaussian", _WEIGHTED)
BERNOULLI_MF = _table("matrix factorisation, logistic", "bernoulli", _WEIGHTED)
MULTINOMIAL_MF = _table("matrix factorisation, softmax over items", "multinomial", _COMMON)
POISSON_MF = _table("matrix factorisation, Poisson with a log link", "poisson", _COMMON)
ASYMMETRIC_MF = Card(
    "asymmetric factorisation = linear autoencoder: a user is the sum of what they clicked",
    ComposedSettings(encoder="items", decoder="inner", likelihood="gaussian"),
    Composed,
    _WEIGHTED,
)
AUTOENCODER = Card(
    "non-linear autoencoder, squared error",
    ComposedSettings(encoder="mlp", decoder="mlp", likelihood="gaussian"),
    Composed,
    _WEIGHTED,
)
MULT_DAE = Card(
    "denoising autoencoder with a multinomial likelihood (Liang et al. 2018)",
    ComposedSettings(corruption="dropout"),
    Composed,
    _DROPPED,
)
IPW_DAE = Card(
    "denoising autoencoder, clicks on popular items dropped more (inverse propensity)",
    ComposedSettings(corruption="ipw-dropout", dropout=0.2),
    Composed,
    _DROPPED,
)
EMPHASIS_DAE = Card(
    "denoising autoencoder that predicts the dropped clicks alone (emphasis)",
    ComposedSettings(corruption="emphasis"),
    Composed,
    _DROPPED,
)
POPULARITY_DAE = Card(
    "denoising autoencoder, clicks dropped in proportion to the item's popularity",
    ComposedSettings(corruption="popularity", dropout=0.8),
    Composed,
    _COMMON | {"dropout": Range(0.2, 0.95)},
)
RECENCY_DAE = Card(
    "denoising autoencoder, clicks dropped more the longer ago they were",
    ComposedSettings(corruption="recency", dropout=0.05),
    Composed,
    _COMMON | {"dropout": LogRange(0.005, 0.5)},
    sequential=True,
)
LAST_DAE = Card(
    "autoencoder that sees the last clicks alone, with a multinomial likelihood",
    ComposedSettings(corruption="last-k"),
    Composed,
    _COMMON | {"last": LogRange(1, 100, whole=True)},
    sequential=True,
)
WIDE_AE = Card(
    'denoising autoencoder with a wide code: hardly a bottleneck ("full rank")',
    ComposedSettings(corruption="dropout", hidden=(), latent=1000),
    Composed,
    {name: part for name, part in _DROPPED.items() if name != "latent"},
)
FREE_VAE = Card(
    "variational autoencoder with free parameters of each user",
    ComposedSettings(encoder="table", posterior="free", learning_rate=0.01),
    Composed,
    _SAMPLED,
)
SEMI_VAE = Card(
    "variational autoencoder, semi-amortised: some steps from what the encoder says (Krishnan et al. 2018)",
    ComposedSettings(corruption="dropout", posterior="semi-amortised"),
    Composed,
    _SAMPLED | {"dropout": Range(0.1, 0.8), "refine_steps": OneOf((2, 5, 10))},
)
