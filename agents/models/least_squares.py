"""Many small least-squares problems at once: the half step of alternating least squares.

Rows are taken in chunks of like length, each row's vectors gathered once and padded, so that all steps of a chunk run
on memory that is still in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from serendip.agents.models.model import Sparse

Matrix = NDArray[Any]
_CHUNK = 1 << 19  # numbers gathered at once: 2 MB
_STEPS = 3  # of conjugate gradients; a pass starts where the last one ended


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a factorisation: the rows to solve for.

    Attributes:
        clicks: (n_rows, n_others) CSR float32 weights.
        penalties: (n_rows,) L2 penalty of each row.
        unobserved: weight of all pairs.
        solver: a few conjugate-gradient steps, or exact.
    """

    clicks: Sparse
    penalties: Matrix
    unobserved: float
    solver: Literal["cg", "exact"]


@torch.no_grad()
def improve(side: Side, rows: Matrix, others: Matrix) -> Matrix:
    """Return the vectors (n_rows, n_factors) that lower the loss given `others`, starting at `rows`; float32.

    Each row solves (a O'O + sum_j c_j o_j o_j' + penalty I) x = sum_j c_j o_j over its clicks j; without any it is 0.
    """
    vectors = torch.from_numpy(others)
    everyone = side.unobserved * (vectors.T @ vectors)  # (d, d)
    out = torch.zeros(rows.shape)
    start = torch.from_numpy(rows)
    penalties = torch.from_numpy(side.penalties.astype(np.float32))
    for chosen, indices, weights in _chunks(side.clicks, others.shape[1]):
        problem = _Problem(vectors[indices], weights, everyone, penalties[chosen])
        out[chosen] = problem.descend(start[chosen]) if side.solver == "cg" else problem.solve()
    return out.numpy()


@dataclass(frozen=True, slots=True)
class _Problem:
    """A chunk of B rows with up to L clicks each.

    Attributes:
        vectors: (B, L, d) of what was clicked.
        weights: (B, L), 0 where padded.
        everyone: (d, d) what all pairs add.
        penalties: (B,).
    """

    vectors: torch.Tensor
    weights: torch.Tensor
    everyone: torch.Tensor
    penalties: torch.Tensor

    def _combine(self, weights: torch.Tensor) -> torch.Tensor:
        """Return (B, d) the vectors' sum with `weights` (B, L)."""
        return torch.bmm(weights[:, None, :], self.vectors)[:, 0, :]

    def _apply(self, x: torch.Tensor) -> torch.Tensor:
        """Return (B, d) the normal matrix times x."""
        along = torch.bmm(self.vectors, x[:, :, None])[:, :, 0]  # (B, L)
        return x @ self.everyone + self._combine(self.weights * along) + self.penalties[:, None] * x

    def descend(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` (B, d) after a few conjugate-gradient steps.  Takacs, Pilaszy & Tikk (2011)."""
        residual = self._combine(self.weights) - self._apply(x)
        direction = residual
        square = (residual * residual).sum(dim=1, keepdim=True)  # (B, 1)
        for _ in range(_STEPS):
            image = self._apply(direction)
            curvature = (direction * image).sum(dim=1, keepdim=True)
            step = square / curvature.clamp_min(1e-30)
            x = x + step * direction
            residual = residual - step * image
            next_square = (residual * residual).sum(dim=1, keepdim=True)
            direction = residual + next_square / square.clamp_min(1e-30) * direction
            square = next_square
        return x

    def solve(self) -> torch.Tensor:
        """Return (B, d) the exact solutions."""
        normal = self.everyone + torch.bmm(self.vectors.mT, self.weights[:, :, None] * self.vectors)
        normal.diagonal(dim1=1, dim2=2).add_(self.penalties[:, None])
        return torch.cholesky_solve(self._combine(self.weights)[:, :, None], torch.linalg.cholesky(normal))[:, :, 0]


def _chunks(clicks: Sparse, n_factors: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield rows (B,), indices (B, L) and weights (B, L), rows of like length together, those without clicks left out.

    L is the longest of the chunk and B such that B L n_factors stays near a fixed size.
    """
    lengths = np.diff(clicks.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0][::-1]  # the longest first: a chunk is padded to its first row
    at = 0
    while at < len(order):
        longest = int(lengths[order[at]])
        chosen = order[at : at + max(1, _CHUNK // (longest * n_factors))]
        place = clicks.indptr[chosen, None] + np.arange(longest)  # (B, L)
        real = np.arange(longest) < lengths[chosen, None]
        place = np.where(real, place, 0)
        weights = np.where(real, clicks.data[place], np.float32(0.0))
        yield (
            torch.from_numpy(chosen.copy()),
            torch.from_numpy(clicks.indices[place].astype(np.int64)),
            torch.from_numpy(weights),
        )
        at += len(chosen)
