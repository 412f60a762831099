"""SLIM: sparse non-negative item-item weights by elastic net, each item regressed on its nearest neighbours.

Ning & Karypis (2011), "SLIM: Sparse linear methods for top-n recommender systems"; the restriction to neighbours is
their fsSLIM (section 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from serendip.agents.models.item_item import ItemItem, Matrix
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.neighbours import ItemNeighbours, NeighbourSettings
from serendip.agents.models.search import Card, LogRange, OneOf
from serendip.simulator.errors import SettingsError

_AT_ONCE = 1 << 22  # numbers in the normal equations solved together: 32 MB


@dataclass(frozen=True, slots=True)
class SlimSettings:
    """How a SLIM is learned.

    Attributes:
        l1: the L1 penalty, >= 0.
        l2: the L2 penalty, > 0.
        neighbours: how many items an item is regressed on.
        sweeps: of coordinate descent.
    """

    l1: float = 1.0
    l2: float = 10.0
    neighbours: int = 100
    sweeps: int = 30

    def __post_init__(self) -> None:
        if self.l1 < 0.0 or self.l2 <= 0.0 or self.neighbours < 1:
            raise SettingsError(f"l1 must not be negative and l2 be above 0, got {self.l1} and {self.l2}")


def elastic_nets(normals: Matrix, targets: Matrix, l1: float, l2: float, sweeps: int) -> Matrix:
    """Return w (n, k) >= 0, the minimisers of w'Gw / 2 - t'w + l1 sum w + l2 ||w||^2 / 2, n problems at once.

    By coordinate descent: Friedman, Hastie & Tibshirani (2010), eq. 5, with the weights kept from being negative.

    Args:
        normals: G of each problem, (k, n, k): [i, p, j] is G_ij of problem p.
        targets: t of each problem, (n, k).
        l1: >= 0.
        l2: > 0.
        sweeps: over the coordinates, at most.
    """
    weights = np.zeros(targets.shape)
    slopes = targets.astype(np.float64) - l1  # of the smooth part, downhill, without the L2 term
    own = np.einsum("ipi->pi", normals)
    for _ in range(sweeps):
        largest = 0.0
        for k, row in enumerate(normals):
            new = np.maximum(0.0, (slopes[:, k] + own[:, k] * weights[:, k]) / (own[:, k] + l2))
            step = new - weights[:, k]
            weights[:, k] = new
            slopes -= row * step[:, None]
            largest = max(largest, float(np.abs(step).max(initial=0.0)))
        if largest < 1e-4:
            break
    return weights


class Slim(ItemItem):
    """The model whose sparse weights are elastic nets of each item on its neighbours."""

    def __init__(self, settings: SlimSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SlimSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the sparse weights, a column for each item predicted."""
        chosen = self.settings
        near = ItemNeighbours(NeighbourSettings(neighbours=chosen.neighbours, shrink=1.0))
        pattern = csr(near.learn(clicks).T)  # row j: the neighbours of j
        columns: Any = scipy.sparse.csc_array(clicks)
        lengths = np.diff(pattern.indptr)
        size = max(1, _AT_ONCE // max(int(lengths.max(initial=0)), 1) ** 2)
        for start in range(0, len(lengths), size):
            items = np.arange(start, min(start + size, len(lengths)))
            normals, targets = _problems(columns, pattern, items)
            weights = elastic_nets(normals, targets, chosen.l1, chosen.l2, chosen.sweeps)
            real = np.arange(weights.shape[1]) < lengths[items, None]
            pattern.data[pattern.indptr[start] : pattern.indptr[items[-1] + 1]] = weights[real]
        pattern.eliminate_zeros()
        return csr(pattern.T)


def _problems(columns: Any, pattern: Sparse, items: Matrix) -> tuple[Matrix, Matrix]:
    """Return the normal equations (k, n, k) and (n, k) of n `items` on their neighbours, 0 beyond an item's last."""
    longest = int(np.diff(pattern.indptr)[items].max(initial=0))
    normals, targets = np.zeros((longest, len(items), longest)), np.zeros((len(items), longest))
    for place, item in enumerate(items):
        near = pattern.indices[pattern.indptr[item] : pattern.indptr[item + 1]]
        block = columns[:, near]
        normals[: len(near), place, : len(near)] = (block.T @ block).toarray()
        targets[place, : len(near)] = (block.T @ columns[:, [item]]).toarray().ravel()
    return normals, targets


CARD = Card(
    "sparse non-negative item weights by elastic net (Ning & Karypis 2011)",
    SlimSettings(),
    Slim,
    {"l1": LogRange(0.01, 10.0), "l2": LogRange(0.1, 100.0), "neighbours": OneOf((25, 50, 100, 200))},
)
