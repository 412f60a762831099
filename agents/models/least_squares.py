"""Many small least-squares problems at once: the half step of alternating least squares.

Each row solves (a O'O + sum_j c_j o_j o_j' + penalty I) x = sum_j c_j o_j over its clicks j.  Conjugate gradients go
over all rows together and over the clicks alone; exact solutions are made in chunks of rows of like length.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from serendip.agents.models.model import Matrix, Sparse

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

    A row without clicks is 0.
    """
    vectors = torch.from_numpy(others)
    everyone = side.unobserved * (vectors.T @ vectors)  # (d, d)
    penalties = torch.from_numpy(side.penalties.astype(np.float32))[:, None]
    if side.solver == "cg":
        out = _Normal(side.clicks, vectors, everyone, penalties).descend(torch.from_numpy(rows))
        out[torch.from_numpy(np.diff(side.clicks.indptr) == 0)] = 0.0
        return out.numpy()
    out = torch.zeros(rows.shape)
    for chosen, indices, weights in _chunks(side.clicks, others.shape[1]):
        out[chosen] = _solved(vectors[indices], weights, everyone, penalties[chosen])
    return out.numpy()


class _Normal:
    """The normal equations of all rows, which are never written out.

    Products with the clicked vectors are sampled dense-dense products and sums of bags of rows, so that a step costs
    two passes over the clicks and no memory beyond one number for each.
    """

    def __init__(self, clicks: Sparse, vectors: torch.Tensor, everyone: torch.Tensor, penalties: torch.Tensor) -> None:
        self.starts, self.items = (torch.from_numpy(part.astype(np.int64)) for part in (clicks.indptr, clicks.indices))
        self.weights = torch.from_numpy(clicks.data)
        self.vectors, self.everyone, self.penalties = vectors, everyone, penalties
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls its sparse rows a beta
            self.pattern = torch.sparse_csr_tensor(self.starts, self.items, self.weights, size=clicks.shape)

    def combine(self, weights: torch.Tensor) -> torch.Tensor:
        """Return (n_rows, d) the sum of each row's clicked vectors with `weights` (n_clicks,)."""
        return embedding_bag(self.items, self.vectors, self.starts[:-1], mode="sum", per_sample_weights=weights)

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n_rows, d) each row's normal matrix times its x."""
        along = torch.sparse.sampled_addmm(self.pattern, x, self.vectors.T, beta=0.0).values()  # o_j'x at each click
        return x @ self.everyone + self.combine(self.weights * along) + self.penalties * x

    def descend(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` (n_rows, d) after a few conjugate-gradient steps.  Takacs, Pilaszy & Tikk (2011)."""
        residual = self.combine(self.weights) - self.apply(x)
        direction = residual
        square = (residual * residual).sum(dim=1, keepdim=True)  # (n_rows, 1)
        for _ in range(_STEPS):
            image = self.apply(direction)
            curvature = (direction * image).sum(dim=1, keepdim=True)
            step = square / curvature.clamp_min(1e-30)
            x = x + step * direction
            residual = residual - step * image
            next_square = (residual * residual).sum(dim=1, keepdim=True)
            direction = residual + next_square / square.clamp_min(1e-30) * direction
            square = next_square
        return x


def _solved(
    vectors: torch.Tensor, weights: torch.Tensor, everyone: torch.Tensor, penalties: torch.Tensor
) -> torch.Tensor:
    """Return (B, d) the exact solutions of a chunk.

    Args:
        vectors: (B, L, d) of what was clicked.
        weights: (B, L), 0 where padded.
        everyone: (d, d) what all pairs add.
        penalties: (B, 1).
    """
    normal = everyone + torch.bmm(vectors.mT, weights[:, :, None] * vectors)
    normal.diagonal(dim1=1, dim2=2).add_(penalties)
    target = torch.bmm(weights[:, None, :], vectors).mT  # (B, d, 1)
    return torch.cholesky_solve(target, torch.linalg.cholesky(normal))[:, :, 0]


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
