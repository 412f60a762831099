"""RecVAE: a Mult-VAE with a deeper encoder, a prior that holds on to the last posterior, and turns for its two halves.

Shenbin, Alekseev, Tutubalina, Malykh & Nikolenko (2020), "RecVAE: A new variational autoencoder for top-n
recommendations with implicit feedback":

maximise  E_q [log Mult(x | softmax(f(z))) - gamma |x| (log q(z | x) - log p(z | old, x))].

Each user's KL term weighs in proportion to their clicks.  The encoder moves for a few passes over the users, on inputs
with clicks dropped; the prior's old encoder becomes a copy of it; then the decoder moves for one pass, on whole inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch.nn.functional import layer_norm, silu

from serendip.agents.models import layers
from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.multinomial import multinomial_loss
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.agents.models.trainer import Phase, Progress, Rows, goes_on, judged, schedule_of, train
from serendip.simulator import randomness
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges

_DEPTH = 5  # hidden layers of the encoder
_WEIGHTS = (0.15, 0.75, 0.10)  # of the prior's parts: standard, old posterior, wide
_WIDE = 10.0  # log variance of the wide part


@dataclass(frozen=True, slots=True)
class RecVaeSettings:
    """How a RecVAE is learned.

    Attributes:
        latent: length of z.
        hidden: width of the encoder's layers.
        dropout: probability that a click of the encoder's input is dropped, in [0, 1).
        gamma: weight of the KL term for each click of a user.
        encoder_passes: passes of the encoder over the users in each epoch, beside one of the decoder.
        epochs: passes over the users of the first fit.
        warm_epochs: passes over the users of each later fit, which goes on from the parameters as they are.
        warm_steps: minibatches of each half in each later one, at most, as a budget; 0: as many as its epochs have.
        refit_every: fits from one that starts anew to the next; 0: all but the first go on.
        batch: users in a minibatch.
        learning_rate: step size of Adam.
        patience: looks at validation users without a better one, one every five epochs, before a fit ends; 0 for never.
        exposed_only: whether the likelihood is over the exposed items, where exposures are known.
        seed: seed of parameters, order, dropout and sampling.
    """

    latent: Annotated[int, Range(least=1)] = 200
    hidden: Annotated[int, Range(least=1)] = 600
    dropout: Annotated[float, Range(least=0, below=1)] = 0.5
    gamma: float = 0.005
    encoder_passes: Annotated[int, Range(least=1)] = 3
    epochs: Annotated[int, Range(least=0, most=10_000)] = 50
    warm_epochs: Annotated[int, Range(least=0, most=10_000)] = 3
    warm_steps: Annotated[int, Range(least=0)] = 0
    refit_every: Annotated[int, Range(least=0)] = 0
    batch: Annotated[int, Range(least=1)] = 256
    learning_rate: float = 5e-4
    patience: Annotated[int, Range(least=0)] = 4
    exposed_only: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, "model 'rec-vae'")


def log_normal(z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return the log density of independent normals at `z`, element by element."""
    return -0.5 * (math.log(2.0 * math.pi) + log_variance + (z - mean) ** 2 / log_variance.exp())


def log_composite_prior(z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return the log density at `z` (B, latent) of the prior's mixture, element by element.

    .15 N(0, 1) + .75 N(mean, e^log_variance) + .10 N(0, e^10), the second being the old posterior.

    Shenbin et al. (2020), section 3.2; a mixture in each dimension, with a wide part, as in the authors' program.
    """
    zero = torch.zeros(())
    parts = (log_normal(z, zero, zero), log_normal(z, mean, log_variance), log_normal(z, zero, zero + _WIDE))
    return torch.logsumexp(torch.stack([part + math.log(w) for part, w in zip(parts, _WEIGHTS, strict=True)]), dim=0)


class RecVae:
    """The autoencoder whose scores are the decoder's logits at the posterior mean; the decoder is linear."""

    def __init__(self, settings: RecVaeSettings | None = None) -> None:
        self.settings = settings or RecVaeSettings()
        self.parameters: layers.Parameters = {}
        self.progress = Progress()

    @property
    def n_items(self) -> int:
        """Number of items learned from, 0 before."""
        return len(self.parameters["decoder.b0"]) if self.parameters else 0

    def fit(self, data: Interactions) -> None:
        """Learn from `data`, on from the parameters if there are as many items as before."""
        chosen = self.settings
        warm = goes_on(chosen, self.progress, self.n_items == data.n_items)
        seed = randomness.derive(chosen.seed, "rec-vae", self.progress.fits) & (2**63 - 1)
        generator = torch.Generator().manual_seed(seed)
        if not warm:
            self.parameters = self._first(data.n_items, generator)
        clicks = csr(data.clicks)
        inputs = layers.normalised(clicks)
        exposures = csr(data.exposures) if chosen.exposed_only and data.exposures is not None else None
        old: layers.Parameters = {}  # the prior's encoder

        def encoder_loss(rows: Rows) -> torch.Tensor:
            moving = self._part("encoder") | _still(self._part("decoder"))
            z, mean, log_variance = _sampled(moving, layers.dropped(inputs[rows], chosen.dropout, generator), generator)
            per_click = torch.from_numpy(chosen.gamma * np.asarray(clicks[rows].sum(axis=1), dtype=np.float32).ravel())
            divergence = _divergence(z, mean, log_variance, _moments(old, inputs[rows])) @ per_click
            return (_misfit(moving, z, clicks[rows], _of(exposures, rows)) + divergence) / len(rows)

        def decoder_loss(rows: Rows) -> torch.Tensor:
            z = _sampled(_still(self._part("encoder")), inputs[rows], generator)[0]
            return _misfit(self._part("decoder"), z, clicks[rows], _of(exposures, rows)) / len(rows)

        def renew_prior() -> None:
            old.update({name: value.clone() for name, value in _still(self._part("encoder")).items()})

        renew_prior()
        phases = [
            Phase(list(self._part("encoder").values()), encoder_loss, chosen.encoder_passes),
            Phase(list(self._part("decoder").values()), decoder_loss, before=renew_prior),
        ]
        train(phases, clicks.shape[0], schedule_of(chosen, warm), self.progress, generator, judged(data, self))
        self.parameters = _still(self.parameters)

    def encode(self, histories: Sparse) -> tuple[Singles, Singles]:
        """Return the mean and standard deviation (B, latent) of q(z | x) for `histories` (B, n_items)."""
        require_items(histories, self.n_items)
        first = layers.normalised(histories) @ _still(self.parameters)["encoder.w0"].numpy()  # (B, hidden)
        both = layers.in_tensor_blocks(first, lambda x: _head(self.parameters, x))
        latent = self.settings.latent
        return both[:, :latent], np.exp(0.5 * both[:, latent:], dtype=np.float32)

    def decode(self, z: Singles) -> Singles:
        """Return the logits (B, n_items) at `z` (B, latent)."""
        return layers.in_tensor_blocks(z, lambda x: layers.dense("decoder", self.parameters, x, silu), self.n_items)

    def scores(self, histories: Sparse) -> Singles:
        """Return the logits at the posterior mean, (B, n_items)."""
        return self.decode(self.encode(histories)[0])

    def arrays(self) -> Arrays:
        """Return the parameters, and how far learning is."""
        return layers.to_arrays(self.parameters) | self.progress.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back the parameters."""
        self.progress = Progress.restored(arrays)
        self.parameters = layers.to_parameters({k: v for k, v in arrays.items() if k != "progress"})

    def _part(self, prefix: str) -> layers.Parameters:
        return {name: value for name, value in self.parameters.items() if name.startswith(prefix)}

    def _first(self, n_items: int, generator: torch.Generator) -> layers.Parameters:
        hidden, latent = self.settings.hidden, self.settings.latent
        encoder = layers.chain("encoder", (n_items, *[hidden] * _DEPTH, 2 * latent), generator)
        for layer in range(_DEPTH):
            encoder |= {f"encoder.scale{layer}": torch.ones(hidden), f"encoder.shift{layer}": torch.zeros(hidden)}
        return encoder | layers.chain("decoder", (latent, n_items), generator)


def _still(parameters: layers.Parameters) -> layers.Parameters:
    """Return the same numbers, of which no gradient is asked."""
    return {name: value.detach() for name, value in parameters.items()}


def _of(exposures: Sparse | None, rows: Rows) -> Sparse | None:
    return None if exposures is None else exposures[rows]


def _head(parameters: layers.Parameters, first: torch.Tensor) -> torch.Tensor:
    """Return mean and log variance (B, 2 latent) from the first layer's products `first` (B, hidden).

    Each layer adds what all layers before it gave: h_k = norm(silu(W_k h_(k-1) + b_k + h_1 + ... + h_(k-1))).
    """
    total = torch.zeros_like(first)
    x = first + parameters["encoder.b0"]
    for layer in range(_DEPTH):
        own = (parameters[f"encoder.scale{layer}"], parameters[f"encoder.shift{layer}"])
        hidden = layer_norm(silu(x + total), own[0].shape, *own)  # (B, hidden)
        total = total + hidden
        x = torch.addmm(parameters[f"encoder.b{layer + 1}"], hidden, parameters[f"encoder.w{layer + 1}"])
    return x


def _moments(parameters: layers.Parameters, rows: Sparse) -> tuple[torch.Tensor, ...]:
    """Return mean and log variance (B, latent) of q(z | x) for CSR `rows`."""
    return _head(parameters, layers.sparse_product(rows, parameters["encoder.w0"])).chunk(2, dim=1)


def _sampled(parameters: layers.Parameters, rows: Sparse, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Return one z of q(z | x), and the mean and log variance, (B, latent) each."""
    mean, log_variance = _moments(parameters, rows)
    return mean + (0.5 * log_variance).exp() * torch.randn(mean.shape, generator=generator), mean, log_variance


def _divergence(
    z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor, old: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """Return log q(z | x) - log p(z | old, x) of each user, (B,), whose mean over q is the KL term."""
    return (log_normal(z, mean, log_variance) - log_composite_prior(z, *old)).sum(dim=1)


def _misfit(parameters: layers.Parameters, z: torch.Tensor, clicks: Sparse, shown: Sparse | None) -> torch.Tensor:
    """Return minus the log-likelihood of `clicks` at `z`, summed over users."""
    return multinomial_loss(layers.dense("decoder", parameters, z, silu), clicks, shown)


CARD = ModelCard(
    name="rec-vae",
    summary="A variational autoencoder with a composite prior, its halves learned in turns: Mult-VAE's better heir.",
    make=RecVae,
    settings=RecVaeSettings(),
    small={"latent": 4, "hidden": 16, "epochs": 15, "batch": 12, "learning_rate": 0.02},
    space={
        "latent": OneOf((32, 64, 128, 200)),
        "hidden": OneOf((100, 200, 600)),
        "dropout": Between(0.2, 0.8),
        "gamma": LogRange(0.001, 0.02),
        "learning_rate": LogRange(3e-4, 3e-3),
        "batch": OneOf((32, 64, 128, 256)),
        "epochs": LogRange(10, 100, whole=True),
    },
)
