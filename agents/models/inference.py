"""How much of the evidence an encoder leaves unexplained: amortised inference beside inference user by user.

For each user, with q normal and independent over dimensions, the bound  E_q log p(x | z) - beta KL(q || N(0, I))  is
taken at the encoder's q (amortised), at that q after a few steps up the bound (semi-amortised), and at the q that many
steps lead to (free).  Free less amortised is the amortisation gap.  Cremer, Li & Duvenaud (2018), "Inference
suboptimality in variational autoencoders", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.refinement import refined
from serendip.simulator.errors import DataError, SettingsError

Doubles = NDArray[np.float64]
_BLOCK = 64  # users at once


class Amortised(Protocol):
    """A model whose encoder gives a normal posterior, such as a Mult-VAE."""

    @property
    def settings(self) -> Any:
        """Its settings, with `beta`."""
        ...

    def moments(self, histories: Sparse) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance (B, latent) that the encoder gives to `histories`."""
        ...

    def misfit(self, z: torch.Tensor, clicks: Sparse) -> torch.Tensor:
        """Return minus the log-likelihood of each user's `clicks` at `z` (B, latent), (B,), up to a constant."""
        ...


@dataclass(frozen=True, slots=True)
class EvidenceGap:
    """The bounds of users, in nats, up to a constant of the likelihood.

    Attributes:
        activity: (n,) clicks of each user.
        amortised: (n,) at what the encoder says.
        semi_amortised: (n,) after a few steps from there; never below `amortised`.
        free: (n,) after many steps; never below `semi_amortised`.
    """

    activity: Doubles
    amortised: Doubles
    semi_amortised: Doubles
    free: Doubles

    def by_activity(self, n_groups: int = 3) -> list[EvidenceGap]:
        """Return the same for equal parts of the users, from the least active; ties stay in the order of users.

        Raises:
            SettingsError: there are fewer users than groups.
        """
        if not 1 <= n_groups <= len(self.activity):
            raise SettingsError(f"{len(self.activity)} users do not make {n_groups} groups; ask for fewer")
        order = np.argsort(self.activity, kind="stable")
        parts = np.array_split(order, n_groups)
        return [EvidenceGap(self.activity[p], self.amortised[p], self.semi_amortised[p], self.free[p]) for p in parts]


def evidence_gap(
    model: Amortised,
    histories: Sparse,
    *,
    beta: float | None = None,
    semi_steps: int = 5,
    free_steps: int = 200,
    draws: int = 16,
    seed: int = 0,
) -> EvidenceGap:
    """Return the bounds of `histories` under amortised, semi-amortised and free inference.

    Steps are taken on some draws of z, bounds measured on others, the same for all users and all three; where a step
    made a bound worse, the one before counts.

    Args:
        model: fitted, with an encoder.
        histories: (n, n_items) CSR of clicks.
        beta: weight of the KL term; the model's own if None, 1 for the evidence itself.
        semi_steps: of the semi-amortised.
        free_steps: more, from there, of the free.
        draws: of z, in pairs of opposite sign; rounded up to an even number.
        seed: of the draws.

    Raises:
        DataError: there are no users.
        SettingsError: the model has no encoder of a posterior.
    """
    clicks = csr(histories)
    if not clicks.shape[0]:
        raise DataError("there are no users whose inference could be compared")
    mean, log_variance = model.moments(clicks)
    start = torch.cat([mean, log_variance], dim=1)  # (n, 2 latent)
    generator = torch.Generator().manual_seed(seed)
    stepped, measured = (_noise(draws, mean.shape[1], generator) for _ in range(2))
    weight = float(model.settings.beta if beta is None else beta)
    bounds = list[NDArray[Any]]()
    for at in range(0, len(start), _BLOCK):
        problem = _Problem(model, clicks[at : at + _BLOCK], weight)
        bounds.append(problem.three(start[at : at + _BLOCK], (semi_steps, free_steps), stepped, measured))
    amortised, semi_amortised, free = np.concatenate(bounds, axis=1)
    return EvidenceGap(np.diff(clicks.indptr).astype(np.float64), amortised, semi_amortised, free)


def _noise(draws: int, latent: int, generator: torch.Generator) -> torch.Tensor:
    """Return (draws, latent) standard normals, of mean 0 and variance 1 exactly."""
    half = torch.randn(((draws + 1) // 2, latent), generator=generator)
    return torch.cat([half, -half]) / half.square().mean(dim=0).sqrt()


@dataclass(frozen=True, slots=True)
class _Problem:
    """Some users whose posterior is asked for."""

    model: Amortised
    clicks: Sparse
    beta: float

    def loss(self, both: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return minus the bound (B,) at `both` (B, 2 latent), over draws `noise` (draws, latent)."""
        mean, log_variance = both.chunk(2, dim=1)
        std = (0.5 * log_variance).exp()
        misfit = torch.stack([self.model.misfit(mean + std * draw, self.clicks) for draw in noise]).mean(dim=0)
        return misfit + self.beta * 0.5 * (log_variance.exp() + mean * mean - 1.0 - log_variance).sum(dim=1)

    def three(
        self, start: torch.Tensor, steps: tuple[int, int], stepped: torch.Tensor, measured: torch.Tensor
    ) -> NDArray[Any]:
        """Return (3, B) the bounds before and after each of `steps`, none below the one before."""
        found, here = [self._bound(start, measured)], start
        for n_steps in steps:
            here = refined(here, lambda both: self.loss(both, stepped).sum(), n_steps, 0.05)
            found.append(np.maximum(found[-1], self._bound(here, measured)))
        return np.stack(found)

    @torch.no_grad()
    def _bound(self, both: torch.Tensor, noise: torch.Tensor) -> Doubles:
        return -self.loss(both, noise).numpy().astype(np.float64)
