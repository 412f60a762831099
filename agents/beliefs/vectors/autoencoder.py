"""A variational autoencoder of users' vectors: what goes together with what, beyond a few personas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.optim.adam import Adam

from serendip.agents.beliefs.vectors.crowd import Priors
from serendip.agents.beliefs.vectors.memory import LIKED, LIKED_VARIANCE
from serendip.agents.compiled import compiled
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Bools, Floats, Singles

_RATE, _BATCH = 3e-3, 128
_MIDDLE, _REACH = -0.6, 3.6  # means of vectors lie in (-4.2, 3), as tastes on a grid do
_DECAY = 20.0  # precision of weights, against one user's evidence
_ANCHOR = 0.03  # precision with which every mean is held to the level, for each user
_WIDEST = 3.0  # logarithm of a standard deviation, either way


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of n users, as a quadratic log likelihood of the mean of their vectors.

    log p(slates | mu) = pull mu - mu bend mu / 2 + const, the user's deviation from mu integrated out.  What a user
    clicked before the log is kept apart: who clicks something unasked is no sample of who likes it.

    Attributes:
        features: (n, f) float32, what an encoder reads.
        pull: (n, d) float32.
        bend: (n, d, d) float32.
        chosen: (n, d) float32, 1 where the user clicked something of the factor before the log, unasked.
    """

    features: Singles
    pull: Singles
    bend: Singles
    chosen: Singles

    @classmethod
    def of(cls, features: Singles, priors: Priors, mean: Singles, covariance: Singles, chosen: Bools) -> Seen:
        """Return what was seen of users by their posteriors: bend = S^-1 - S^-1 P S^-1, pull = S^-1 P h.

        Args:
            features: (n, f) what an encoder reads.
            priors: with which the posteriors were worked out.
            mean: (n, C, d) of users' vectors under each of their hypotheses.
            covariance: (n, d, d) P.
            chosen: (n, d) whether the user clicked the factor unasked, which the posteriors took in.
        """
        first, covariance = mean[:, 0].copy(), covariance.copy()
        forget_unasked(first, covariance, chosen)
        sharp = np.linalg.inv(priors.covariance).astype(np.float32)
        gain: Singles = covariance @ sharp  # (n, d, d) P S^-1
        free = first - np.einsum("nij,nj->ni", gain, priors.mean[:, 0].astype(np.float32))
        bend: Any = sharp - sharp @ gain
        return cls(features, free @ sharp, bend, chosen.astype(np.float32))


@compiled
def forget_unasked(mean: Any, covariance: Any, chosen: Any) -> None:
    """Take back what clicks from before the log told of the vectors of n users, observations N(LIKED, LIKED_VARIANCE).

    Args:
        mean: (n, d), changed.
        covariance: (n, d, d), changed.
        chosen: (n, d) what was observed.
    """
    d = mean.shape[1]
    row = np.zeros(d)
    for user in range(mean.shape[0]):
        for k in range(d):
            if not chosen[user, k]:
                continue
            scale = 1.0 / max(LIKED_VARIANCE - covariance[user, k, k], 1e-3)
            gap = (mean[user, k] - LIKED) * scale
            for i in range(d):
                row[i] = covariance[user, k, i]
                mean[user, i] += gap * row[i]
            for i in range(d):
                for j in range(d):
                    covariance[user, i, j] += scale * row[i] * row[j]


class Autoencoder:
    """Encoder N(m(x), s(x)^2) of z, decoder mu(z) of the vector's mean, and z ~ N(0, 1) before anything was seen.

    Either has one hidden layer of tanh.  Means are kept within the range of tastes there are: far from where the
    likelihood was expanded, a quadratic one would let a single click say anything.
    Kingma & Welling (2014), "Auto-encoding variational Bayes".

    Attributes:
        parameters: arrays of encoder and decoder by name.
        level: mean of the vectors at first.
    """

    def __init__(self, n_features: int, n_latent: int, n_hidden: int, n_factors: int, level: float, seed: int) -> None:
        """Start with a decoder that says `level` of every factor, nearly.

        Args:
            n_features: f.
            n_latent: length of z.
            n_hidden: units of the hidden layer of either.
            n_factors: d.
            level: mean of the vectors at first.
            seed: of the first parameters.
        """
        self.level = level
        luck = torch.Generator().manual_seed(seed)

        def layer(n_in: int, n_out: int, scale: float = 1.0) -> torch.Tensor:
            return torch.randn((n_in, n_out), generator=luck) * scale / n_in**0.5

        self.parameters = {
            "read": layer(n_features, n_hidden),
            "read.bias": torch.zeros(n_hidden),
            "code": layer(n_hidden, 2 * n_latent, 0.1),
            "code.bias": torch.zeros(2 * n_latent),
            "open": layer(n_latent, n_hidden),
            "open.bias": torch.randn(n_hidden, generator=luck) * 0.5,
            "say": layer(n_hidden, n_factors, 0.05),
            "say.bias": torch.full((n_factors,), float(np.arctanh((level - _MIDDLE) / _REACH))),
        }

    def encode(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (n, D) means of z and logarithms of its standard deviations, of users with `features` (n, f)."""
        p = self.parameters
        inner = torch.tanh(features @ p["read"] + p["read.bias"])
        mean, log_std = (inner @ p["code"] + p["code.bias"]).chunk(2, dim=1)
        return mean, log_std.clamp(-_WIDEST, _WIDEST)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Return (..., d) means of vectors."""
        p = self.parameters
        said = torch.tanh(z @ p["open"] + p["open.bias"]) @ p["say"] + p["say.bias"]
        return _MIDDLE + _REACH * torch.tanh(said)

    def fit(self, seen: Seen, epochs: int, seed: int) -> None:
        """Go up the evidence bound sum_u E_q[log p(slates_u | mu(z))] - KL(q, N(0, 1)) by Adam.

        Args:
            seen: of n users.
            epochs: passes over them.
            seed: of orders and noise.
        """
        luck = torch.Generator().manual_seed(seed)
        parts = [torch.from_numpy(part) for part in (seen.features, seen.pull, seen.bend, seen.chosen)]
        for tensor in self.parameters.values():
            tensor.requires_grad_(True)
        p = self.parameters
        optimiser = Adam(self.parameters.values(), lr=_RATE)
        for _ in range(epochs):
            order = torch.randperm(len(parts[0]), generator=luck)
            for rows in order.split(_BATCH):
                loss = self._loss([part[rows] for part in parts], luck)
                loss = loss + 0.5 * _DECAY / len(parts[0]) * sum((p[n] ** 2).sum() for n in ("read", "code", "say"))
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        self.parameters = {name: tensor.detach() for name, tensor in self.parameters.items()}

    def _loss(self, parts: list[torch.Tensor], luck: torch.Generator) -> torch.Tensor:
        """Return minus the evidence bound, a mean over users, at one draw of z each.

        What is chosen unasked is one of all factors, by their weights.  Every mean is held to the first level, a
        little: who was shown something was shown it for a reason, so that likings would seem to be many.

        Args:
            parts: of `Seen`, of some users.
            luck: of the draws.
        """
        features, pull, bend, chosen = parts
        mean, log_std = self.encode(features)
        mu = self.decode(mean + log_std.exp() * torch.randn(mean.shape, generator=luck))
        fit = (pull * mu).sum(1) - 0.5 * torch.einsum("ni,nij,nj->n", mu, bend, mu)
        fit = fit + (chosen * mu.log_softmax(1)).sum(1) - 0.5 * _ANCHOR * ((mu - self.level) ** 2).sum(1)
        divergence = 0.5 * ((2.0 * log_std).exp() + mean**2 - 1.0 - 2.0 * log_std).sum(1)
        return (divergence - fit).mean()

    def newcomers(self, noise: Floats) -> Floats:
        """Return (C, d) means of vectors at z = `noise` (C, D), drawn from N(0, 1)."""
        return self.decode(torch.from_numpy(noise.astype(np.float32))).numpy().astype(np.float64)

    def proposals(self, features: Singles, noise: Floats, share: float) -> tuple[Floats, Floats]:
        """Return (n, C, d) means of vectors at C guesses of each user's z, and (n, C) logarithms of their weights.

        The first guesses are those of the encoder, the others those for a newcomer, and all are weighed as drawn from
        the mixture of both: p(z) / (share q(z) + (1 - share) p(z)).  Veach & Guibas (1995), the balance heuristic.

        Args:
            features: (n, f).
            noise: (C, D), drawn from N(0, 1).
            share: of the guesses that are the encoder's.
        """
        luck = torch.from_numpy(noise.astype(np.float32))
        n_coded = min(max(round(share * len(noise)), 1), len(noise) - 1)
        mean, log_std = self.encode(torch.from_numpy(features))
        coded = mean[:, None] + log_std.exp()[:, None] * luck[:n_coded]
        z = torch.cat([coded, luck[n_coded:].expand(len(features), -1, -1)], dim=1)  # (n, C, D)
        prior = -0.5 * (z**2).sum(2)
        own = -0.5 * (((z - mean[:, None]) / log_std.exp()[:, None]) ** 2).sum(2) - log_std.sum(1, keepdim=True)
        part = n_coded / len(noise)
        both = torch.logaddexp(own + np.log(part), prior + np.log1p(-part))
        return self.decode(z).numpy().astype(np.float64), (prior - both).numpy().astype(np.float64)

    def arrays(self) -> Arrays:
        """Return the parameters."""
        return {name: tensor.numpy() for name, tensor in self.parameters.items()}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.parameters = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
