"""Mult-VAE: a variational autoencoder with a multinomial likelihood, amortised over users.

Liang, Krishnan, Hoffman & Jebara (2018), "Variational autoencoders for collaborative filtering":

z ~ N(0, I),  x | z ~ Mult(|x|, softmax(f(z))),  q(z | x) = N(mu(x), diag(sigma(x)^2));
maximise  E_q log p(x | z) - beta KL(q(z | x) || N(0, I)),  beta annealed from 0.

With `exposed_only` the softmax runs over what that user was shown, so that items which nobody saw are unknown, not
disliked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch

from serendip.agents.models import layers
from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.multinomial import last_layer_loss
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.agents.models.trainer import Phase, Progress, Rows, goes_on, judged, schedule_of, train
from serendip.simulator import randomness
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class MultVaeSettings:
    """How a Mult-VAE is learned.

    Attributes:
        latent: length of z.
        hidden: widths between the items and z; the decoder mirrors them.
        dropout: probability that a click of the input is dropped, in [0, 1).
        beta: weight of the KL term once annealed; below 1 the posterior overstates certainty.
        anneal_steps: minibatches over which beta rises, counted over all fits.
        epochs: passes over the users of the first fit.
        warm_epochs: passes over the users of each later fit, which goes on from the parameters as they are.
        warm_steps: minibatches of each later one, at most, as a budget; 0: as many as its epochs have.
        refit_every: fits from one that starts anew to the next; 0: all but the first go on.
        batch: users in a minibatch.
        learning_rate: step size of Adam.
        patience: looks at validation users without a better one, one every five epochs, before a fit ends; 0 for never.
        l2: weight decay of the weights.
        exposed_only: whether the likelihood is over the exposed items, where exposures are known.
        seed: seed of parameters, order, dropout and sampling.
        learns_on: torch device that learns, such as "cuda"; the same luck, and the same numbers to rounding.
    """

    latent: Annotated[int, Range(least=1)] = 200
    hidden: tuple[Annotated[int, Range(least=1, most=100_000)], ...] = (600,)
    dropout: Annotated[float, Range(least=0, below=1)] = 0.5
    beta: float = 0.2
    anneal_steps: Annotated[int, Range(least=0)] = 2000
    epochs: Annotated[int, Range(least=0, most=10_000)] = 50
    warm_epochs: Annotated[int, Range(least=0, most=10_000)] = 3
    warm_steps: Annotated[int, Range(least=0)] = 0
    refit_every: Annotated[int, Range(least=0)] = 0
    batch: Annotated[int, Range(least=1)] = 256
    learning_rate: float = 1e-3
    patience: Annotated[int, Range(least=0)] = 4
    l2: float = 0.0
    exposed_only: bool = False
    seed: int = 0
    learns_on: str = "cpu"

    def __post_init__(self) -> None:
        check_ranges(self, "model 'mult-vae'")


def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return KL(N(mean, e^log_variance) || N(0, I)) summed over users.  Kingma & Welling (2014), appendix B."""
    return 0.5 * (log_variance.exp() + mean * mean - 1.0 - log_variance).sum()


class MultVae:
    """The autoencoder whose scores are the decoder's logits at the posterior mean."""

    def __init__(self, settings: MultVaeSettings | None = None) -> None:
        self.settings = settings or MultVaeSettings()
        self.parameters: layers.Parameters = {}
        self.progress = Progress()

    @property
    def n_items(self) -> int:
        """Number of items learned from, 0 before."""
        return len(self.parameters["encoder.w0"]) if self.parameters else 0

    def fit(self, data: Interactions) -> None:
        """Learn from `data`, on from the parameters if there are as many items as before.

        Users without a click teach the encoder that an empty history means the prior.
        """
        chosen = self.settings
        warm = goes_on(chosen, self.progress, self.n_items == data.n_items)
        seed = randomness.derive(chosen.seed, "mult-vae", self.progress.fits) & (2**63 - 1)
        generator = torch.Generator().manual_seed(seed)
        if not warm:
            self.progress.steps, self.parameters = 0, self._first(data.n_items, generator)
        self.parameters = layers.placed(self.parameters, layers.usable("learns_on", chosen.learns_on))
        clicks = csr(data.clicks)
        inputs = layers.normalised(clicks)
        exposures = csr(data.exposures) if chosen.exposed_only and data.exposures is not None else None
        decay = [value for name, value in self.parameters.items() if ".w" in name]

        def mean_loss(rows: Rows) -> torch.Tensor:
            shown = None if exposures is None else exposures[rows]
            loss = self.loss(inputs[rows], clicks[rows], shown, generator) / len(rows)
            if not chosen.l2:
                return loss
            return loss + chosen.l2 * torch.stack([(weights**2).sum() for weights in decay]).sum()

        phase = Phase(list(self.parameters.values()), mean_loss)
        train([phase], clicks.shape[0], schedule_of(chosen, warm), self.progress, generator, judged(data, self))
        self.parameters = layers.placed(self.parameters, "cpu")

    def loss(
        self, inputs: Sparse, clicks: Sparse, exposures: Sparse | None, generator: torch.Generator
    ) -> torch.Tensor:
        """Return minus the evidence bound with the present beta, one sample of z, summed over users.

        Args:
            inputs: (B, n_items) CSR of what the encoder is given.
            clicks: (B, n_items) CSR of what is to be predicted.
            exposures: (B, n_items) CSR of what was shown; None for all items.
            generator: draws the latent vectors.
        """
        chosen = self.settings
        both = layers.from_sparse(
            "encoder", self.parameters, layers.dropped(inputs, chosen.dropout, generator), torch.tanh
        )
        mean, log_variance = both.chunk(2, dim=1)  # (B, latent) each
        z = mean + (0.5 * log_variance).exp() * torch.randn(mean.shape, generator=generator).to(mean.device)
        beta = self.progress.annealed(chosen.beta, chosen.anneal_steps)
        last = layers.before_last("decoder", self.parameters, z, torch.tanh)
        return last_layer_loss(*last, clicks, exposures) + beta * gaussian_kl(mean, log_variance)

    def encode(self, histories: Sparse) -> tuple[Singles, Singles]:
        """Return the mean and standard deviation (B, latent) of q(z | x) for `histories` (B, n_items)."""
        require_items(histories, self.n_items)
        both = layers.score_sparse("encoder", self.parameters, layers.normalised(histories), torch.tanh)
        latent = self.settings.latent
        return both[:, :latent], np.exp(0.5 * both[:, latent:], dtype=np.float32)

    @property
    def input_dropout(self) -> float:
        """Probability that learning drops a click of the input and scales the others up."""
        return self.settings.dropout

    def code(self, inputs: Sparse) -> Singles:
        """Return the posterior means (B, latent) of `inputs` as the encoder is given them, normalised and dropped."""
        both = layers.score_sparse("encoder", self.parameters, inputs, torch.tanh)
        return both[:, : self.settings.latent]

    def moments(self, histories: Sparse) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance (B, latent) of q(z | x) for `histories` (B, n_items)."""
        require_items(histories, self.n_items)
        both = layers.score_sparse("encoder", self.parameters, layers.normalised(histories), torch.tanh)
        mean, log_variance = torch.from_numpy(both).chunk(2, dim=1)
        return mean, log_variance

    def misfit(self, z: torch.Tensor, clicks: Sparse) -> torch.Tensor:
        """Return minus the log-likelihood of each user's `clicks` at `z` (B, latent), (B,), up to a constant."""
        return -(torch.from_numpy(clicks.toarray()) * torch.log_softmax(self.logits(z), dim=1)).sum(dim=1)

    def logits(self, z: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, n_items) at `z` (B, latent), with gradients."""
        return layers.dense("decoder", self.parameters, z, torch.tanh)

    def decode(self, z: Singles) -> Singles:
        """Return the logits (B, n_items) at `z` (B, latent)."""
        return layers.score_dense("decoder", self.parameters, z, torch.tanh)

    def scores(self, histories: Sparse) -> Singles:
        """Return the logits at the posterior mean, (B, n_items)."""
        return self.decode(self.encode(histories)[0])

    def arrays(self) -> Arrays:
        """Return the parameters, and how far the annealing is."""
        return layers.to_arrays(self.parameters) | self.progress.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back the parameters."""
        self.progress = Progress.restored(arrays)
        self.parameters = layers.to_parameters({k: v for k, v in arrays.items() if k != "progress"})

    def _first(self, n_items: int, generator: torch.Generator) -> layers.Parameters:
        hidden, latent = self.settings.hidden, self.settings.latent
        encoder = layers.chain("encoder", (n_items, *hidden, 2 * latent), generator)
        return encoder | layers.chain("decoder", (latent, *hidden[::-1], n_items), generator)


CARD = ModelCard(
    name="mult-vae",
    summary="A variational autoencoder with a multinomial likelihood: the usual model of agents that have doubts.",
    make=MultVae,
    settings=MultVaeSettings(),
    small={"latent": 4, "hidden": [16], "epochs": 60, "batch": 8, "learning_rate": 0.01, "anneal_steps": 100},
    space={
        "latent": OneOf((32, 64, 128, 200)),
        "hidden": OneOf(((), (200,), (600,))),
        "dropout": Between(0.2, 0.8),
        "beta": LogRange(0.02, 1.0),
        "learning_rate": LogRange(3e-4, 3e-3),
        "batch": OneOf((32, 64, 128, 256)),  # few users need many small steps
        "epochs": LogRange(20, 200, whole=True),
    },
)
