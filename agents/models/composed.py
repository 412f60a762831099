"""A model put together from slots: score(x) = decode(posterior(encode(corrupt(x)))), learned by gradient.

Each row of the family is one choice for each slot; `family.py` names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch

from serendip.agents.models import layers, slots
from serendip.agents.models.corruption import Corruption, ages_of, corrupted, shortened, targets
from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.refinement import refined
from serendip.agents.models.trainer import Phase, Progress, Rows, goes_on, judged, schedule_of, train
from serendip.simulator import randomness
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class ComposedSettings:
    """A choice for each slot, and how it is trained.

    Attributes:
        corruption: what is done to the input; under `emphasis` the dropped clicks alone are predicted.
        encoder: a table of users, the sum of what was clicked (normalised), or a perceptron.
        posterior: a point, or a Gaussian: amortised by the encoder, semi-amortised (some steps from what the encoder
            says), or free parameters of each user (with a table).
        decoder: inner product with the items, or a perceptron that mirrors the encoder's.
        likelihood: which distribution the clicks are taken to have.
        latent: length of a user's vector.
        hidden: widths of the perceptrons.
        dropout: probability that a click is dropped, in [0, 1).
        last: clicks that are left of a history, under `last-k`.
        beta: weight of the KL term once annealed.
        anneal_steps: minibatches over which beta rises, counted over all fits.
        unclicked: weight of the unclicked pairs (gaussian, bernoulli).
        l2: penalty of all parameters but biases, and of a point in the table.
        l1: penalty of the same weights' absolute values.
        epochs: passes over the users of the first fit.
        warm_epochs: passes over the users of each later fit.
        warm_steps: minibatches of each later one, at most, as a budget; 0: as many as its epochs have.
        refit_every: fits from one that starts anew to the next; 0: all but the first go on.
        fold_steps: gradient steps by which an unseen user is folded into a table.
        refine_steps: steps of a semi-amortised posterior, from what the encoder says.
        batch: users in a minibatch.
        learning_rate: step size of Adam.
        patience: looks at validation users without a better one, one every five epochs, before a fit ends; 0 for never.
        exposed_only: whether the likelihood is over exposed items, where exposures are known.
        seed: seed of all that is random.
    """

    corruption: Corruption = "none"
    encoder: slots.Encoder = "mlp"
    posterior: slots.Posterior = "point"
    decoder: slots.Decoder = "mlp"
    likelihood: slots.Likelihood = "multinomial"
    latent: Annotated[int, Range(least=1)] = 64
    hidden: tuple[Annotated[int, Range(least=1, most=100_000)], ...] = (200,)
    dropout: Annotated[float, Range(least=0, below=1)] = 0.5
    last: Annotated[int, Range(least=1)] = 20
    beta: float = 0.2
    anneal_steps: Annotated[int, Range(least=0)] = 1000
    unclicked: float = 1.0
    l2: float = 1e-4
    l1: float = 0.0
    epochs: Annotated[int, Range(least=0, most=10_000)] = 50
    warm_epochs: Annotated[int, Range(least=0, most=10_000)] = 3
    warm_steps: Annotated[int, Range(least=0)] = 0
    refit_every: Annotated[int, Range(least=0)] = 0
    fold_steps: Annotated[int, Range(least=0, most=10_000)] = 100
    refine_steps: Annotated[int, Range(least=0, most=10_000)] = 5
    batch: Annotated[int, Range(least=1)] = 256
    learning_rate: float = 1e-3
    patience: Annotated[int, Range(least=0)] = 4
    exposed_only: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, "model of slots")
        if self.encoder == "table" and self.posterior in ("amortised", "semi-amortised"):
            raise SettingsError(f"a table of users is not {self.posterior}; its posterior is 'point' or 'free'")
        if self.encoder != "table" and self.posterior == "free":
            raise SettingsError("a free posterior needs the encoder 'table'; with others it is 'point' or 'amortised'")


class Composed:
    """The model of the chosen slots; its scores are the decoder's logits at the posterior mean."""

    def __init__(self, settings: ComposedSettings | None = None) -> None:
        self.settings = settings or ComposedSettings()
        self.parameters: layers.Parameters = {}
        self.progress = Progress()

    @property
    def n_items(self) -> int:
        """Number of items learned from, 0 before."""
        biases = [name for name in self.parameters if name.startswith("decoder.b")]
        return len(self.parameters[max(biases)]) if biases else 0

    def fit(self, data: Interactions) -> None:
        """Learn from `data`, on from the parameters if there are as many items as before.

        Raises:
            DataError: counts are negative.
        """
        chosen, clicks = self.settings, csr(data.clicks)
        if len(clicks.data) and clicks.data.min() < 0.0:
            raise DataError(f"clicks must not be negative, got {clicks.data.min():g}")
        warm = goes_on(chosen, self.progress, self.n_items == data.n_items)
        seed = randomness.derive(chosen.seed, "composed", self.progress.fits) & (2**63 - 1)
        generator = torch.Generator().manual_seed(seed)
        if not warm:
            self.progress.steps, self.parameters = 0, self._first(data.n_items, generator)
        table = self._table(clicks.shape[0], generator)
        exposures = csr(data.exposures) if chosen.exposed_only and data.exposures is not None else None
        counts = np.asarray(clicks.sum(axis=0)).ravel()
        inputs, ages = self._inputs(data.clicks), ages_of(data.clicks) if chosen.corruption == "recency" else None

        def mean_loss(rows: Rows) -> torch.Tensor:
            old = None if ages is None else ages[rows]
            corrupt = corrupted(inputs[rows], chosen.corruption, chosen.dropout, counts, generator, old)
            wanted = targets(clicks[rows], corrupt, chosen.corruption)
            own = None if table is None else table[torch.from_numpy(rows)]
            shown = None if exposures is None else exposures[rows]
            return self._loss(corrupt, wanted, shown, own, generator) / len(rows)

        leaves = [*self.parameters.values(), *([] if table is None else [table])]
        phase = Phase(leaves, mean_loss)
        train([phase], clicks.shape[0], schedule_of(chosen, warm), self.progress, generator, judged(data, self))
        self.parameters = {name: value.detach() for name, value in self.parameters.items()}

    def _loss(
        self, inputs: Sparse, clicks: Sparse, shown: Sparse | None, own: torch.Tensor | None, generator: torch.Generator
    ) -> torch.Tensor:
        """Return minus the evidence bound plus the penalty, summed over the users of a minibatch."""
        chosen = self.settings
        code = self._encode(inputs) if own is None else own
        penalty = torch.zeros(())
        if chosen.posterior == "semi-amortised":
            return self._semi_amortised(code, clicks, shown, generator) + self._weight_penalty()
        if chosen.posterior != "point":
            code, kl = slots.sampled(code, generator)
            penalty = self.progress.annealed(chosen.beta, chosen.anneal_steps) * kl
        elif own is not None:
            penalty = 0.5 * chosen.l2 * (own * own).sum()
        penalty = penalty + self._weight_penalty()
        return slots.reconstruction(self._decode(code), clicks, shown, chosen.likelihood, chosen.unclicked) + penalty

    def _weight_penalty(self) -> torch.Tensor:
        weights = [value for name, value in self.parameters.items() if ".w" in name]
        penalty = 0.5 * self.settings.l2 * torch.stack([(value * value).sum() for value in weights]).sum()
        if self.settings.l1:
            penalty = penalty + self.settings.l1 * torch.stack([value.abs().sum() for value in weights]).sum()
        return penalty

    def _semi_amortised(
        self, both: torch.Tensor, clicks: Sparse, shown: Sparse | None, generator: torch.Generator
    ) -> torch.Tensor:
        """Return minus the bound at the encoder's posterior, which moves the encoder, plus that at the refined one.

        Krishnan, Liang & Hoffman (2018), "On the challenges of learning with inference networks on sparse,
        high-dimensional data", algorithm 1.

        Args:
            both: (B, 2 latent) mean and log variance from the encoder.
        """
        chosen = self.settings
        beta = self.progress.annealed(chosen.beta, chosen.anneal_steps)
        still = {name: value.detach() for name, value in self.parameters.items()}

        def bound(code: torch.Tensor, parameters: layers.Parameters) -> torch.Tensor:
            z, kl = slots.sampled(code, generator)
            logits = layers.dense("decoder", parameters, z, self._activation)
            return slots.reconstruction(logits, clicks, shown, chosen.likelihood, chosen.unclicked) + beta * kl

        best = refined(both, lambda code: bound(code, still), chosen.refine_steps)
        return bound(both, still) + bound(best, self.parameters)

    def codes(self, histories: Sparse) -> Singles:
        """Return the posterior means (B, latent) of `histories`; a row does not depend on the others."""
        require_items(histories, self.n_items)
        chosen = self.settings
        if chosen.encoder == "table":
            start = np.zeros((histories.shape[0], chosen.latent), dtype=np.float32)
            return self._fold_in(csr(histories), start, chosen.fold_steps)
        means = self._codes(histories)[:, : chosen.latent]
        if chosen.posterior == "semi-amortised":
            return self._fold_in(csr(histories), means, chosen.refine_steps)
        return means

    @property
    def input_dropout(self) -> float:
        """Probability that learning drops a click of the input and scales the others up; 0 where it does not."""
        chosen = self.settings
        alike = chosen.corruption in ("dropout", "emphasis") and chosen.encoder != "table"
        return chosen.dropout if alike and chosen.posterior != "semi-amortised" else 0.0

    def code(self, inputs: Sparse) -> Singles:
        """Return the codes (B, latent) of `inputs` as the encoder is given them, normalised and dropped."""
        both = layers.score_sparse("encoder", self.parameters, inputs, self._activation)
        return both[:, : self.settings.latent]

    def moments(self, histories: Sparse) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance (B, latent) that the encoder gives to `histories`.

        Raises:
            SettingsError: the posterior is no Gaussian from an encoder.
        """
        if self.settings.posterior not in ("amortised", "semi-amortised"):
            raise SettingsError(f"a posterior that is {self.settings.posterior!r} is not amortised; choose 'amortised'")
        require_items(histories, self.n_items)
        mean, log_variance = torch.from_numpy(self._codes(histories)).chunk(2, dim=1)
        return mean, log_variance

    def misfit(self, z: torch.Tensor, clicks: Sparse) -> torch.Tensor:
        """Return minus the log-likelihood of each user's `clicks` at `z` (B, latent), (B,), up to a constant."""
        return slots.misfit(self._decode(z), clicks, self.settings.likelihood, self.settings.unclicked)

    def _codes(self, histories: Sparse) -> Singles:
        return layers.score_sparse("encoder", self.parameters, self._inputs(histories), self._activation)

    def _inputs(self, histories: Sparse) -> Sparse:
        """Return what the encoder is given, before corruption."""
        if self.settings.corruption == "last-k":
            histories = shortened(histories, self.settings.last)
        return layers.normalised(histories)

    def decode(self, z: Singles) -> Singles:
        """Return the logits (B, n_items) at `z` (B, latent)."""
        return layers.in_tensor_blocks(z, self._decode, self.n_items)

    def scores(self, histories: Sparse) -> Singles:
        """Return the logits at the posterior mean, (B, n_items)."""
        return self.decode(self.codes(histories))

    def arrays(self) -> Arrays:
        """Return the items' side; users are folded in anew."""
        return layers.to_arrays(self.parameters) | self.progress.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back the parameters."""
        self.progress = Progress.restored(arrays)
        self.parameters = layers.to_parameters({k: v for k, v in arrays.items() if k != "progress"})

    def _activation(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) if self.settings.encoder == "mlp" or self.settings.decoder == "mlp" else x

    def _encode(self, inputs: Sparse) -> torch.Tensor:
        return layers.from_sparse("encoder", self.parameters, inputs, self._activation)

    def _decode(self, z: torch.Tensor) -> torch.Tensor:
        return layers.dense("decoder", self.parameters, z, self._activation)

    def _first(self, n_items: int, generator: torch.Generator) -> layers.Parameters:
        chosen = self.settings
        width = chosen.latent * (1 if chosen.posterior == "point" else 2)
        inner = chosen.hidden if chosen.encoder == "mlp" else ()
        outer = chosen.hidden[::-1] if chosen.decoder == "mlp" else ()
        decoder = layers.chain("decoder", (chosen.latent, *outer, n_items), generator)
        if chosen.encoder == "table":
            return decoder
        return layers.chain("encoder", (n_items, *inner, width), generator) | decoder

    def _table(self, n_users: int, generator: torch.Generator) -> torch.Tensor | None:
        chosen = self.settings
        if chosen.encoder != "table":
            return None
        width = chosen.latent * (1 if chosen.posterior == "point" else 2)
        return torch.randn((n_users, width), generator=generator) * 0.1

    def _fold_in(self, histories: Sparse, start: Singles, steps: int) -> Singles:
        """Return the users' vectors (B, latent) after `steps` from `start` towards the most likely, in equal blocks."""
        parts = [
            self._folded(histories[at : at + layers.BLOCK], start[at : at + layers.BLOCK], steps)
            for at in range(0, histories.shape[0], layers.BLOCK)
        ]
        return np.concatenate(parts) if parts else start

    def _folded(self, clicks: Sparse, start: Singles, steps: int) -> Singles:
        """Return the vectors of at most a block of users, under the penalty or the prior."""
        chosen, missing = self.settings, layers.BLOCK - clicks.shape[0]
        padded = csr(np.pad(clicks.toarray(), ((0, missing), (0, 0))))
        first = torch.zeros((layers.BLOCK, chosen.latent))
        first[: len(start)] = torch.from_numpy(start)
        strength = chosen.l2 if chosen.posterior == "point" else chosen.beta

        def loss(z: torch.Tensor) -> torch.Tensor:
            fit = slots.reconstruction(self._decode(z), padded, None, chosen.likelihood, chosen.unclicked)
            return fit + 0.5 * strength * (z * z).sum()

        return refined(first, loss, steps).numpy()[: clicks.shape[0]]
