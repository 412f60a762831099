"""SLIM: sparse non-negative item-item weights by elastic net, each item regressed on all others, or its nearest.

Ning & Karypis (2011), "SLIM: Sparse linear methods for top-n recommender systems"; the restriction to neighbours is
their fsSLIM (section 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import scipy.sparse

from serendip.agents.models.gram import gram
from serendip.agents.models.item_item import ItemItem, Matrix, strongest_of_columns
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.neighbours import ItemNeighbours, NeighbourSettings
from serendip.agents.models.search import LogRange, ModelCard, OneOf
from serendip.simulator import ranges

_AT_ONCE = 1 << 22  # numbers in the normal equations solved together: 32 MB
_COLUMNS = 512  # items predicted together
_COORDINATES = 64  # between two matrix products
_SETTLED = 1e-4  # the largest step of a sweep after which a problem is solved


@dataclass(frozen=True, slots=True)
class SlimSettings:
    """How a SLIM is learned.

    With the loss ||x - Xw||^2 / (2 n) + a r ||w||_1 + a (1 - r) ||w||^2 / 2 of other libraries, n users: l1 = n a r,
    l2 = n a (1 - r).

    Attributes:
        l1: the L1 penalty.
        l2: the L2 penalty.
        neighbours: how many items an item is regressed on, its nearest by cosine; 0 for all others, as published.
        kept: how many of an item's weights are kept, the largest; 0 for all.
        sweeps: most sweeps of coordinate descent.
    """

    l1: Annotated[float, ranges.Range(least=0.0)] = 1.0
    l2: Annotated[float, ranges.Range(above=0.0)] = 10.0
    neighbours: Annotated[int, ranges.Range(least=0)] = 100
    kept: Annotated[int, ranges.Range(least=0)] = 0
    sweeps: Annotated[int, ranges.Range(least=1)] = 30

    def __post_init__(self) -> None:
        ranges.check_ranges(self, "a SLIM")


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
        if largest < _SETTLED:
            break
    return weights


def elastic_nets_on_all(counts: Matrix, l1: float, l2: float, sweeps: int) -> Sparse:
    """Return CSR W >= 0 (n_items, n_items), zero on the diagonal: each item's elastic net on all others.

    The same descent as `elastic_nets`, in blocks of coordinates: what the other blocks' weights explain is taken off
    by one matrix product for each.

    Args:
        counts: X'X (n_items, n_items), float32.
        l1: >= 0.
        l2: > 0.
        sweeps: over the coordinates, at most.
    """
    columns = list[Any]()
    for start in range(0, len(counts), _COLUMNS):
        items = np.arange(start, min(start + _COLUMNS, len(counts)))
        weights = np.zeros((len(counts), len(items)), dtype=counts.dtype)
        moving = np.arange(len(items))
        for _ in range(sweeps):
            part = np.ascontiguousarray(weights[:, moving])
            largest = _sweep(counts, part, items[moving], l1, l2)
            weights[:, moving] = part
            moving = moving[largest >= _SETTLED]
            if not len(moving):
                break
        columns.append(scipy.sparse.csc_array(weights))
    return csr(scipy.sparse.hstack(columns)) if columns else csr(counts)


def _sweep(counts: Matrix, weights: Matrix, items: Matrix, l1: float, l2: float) -> Matrix:
    """Go once over the coordinates of `weights` (n_items, n), in place, and return (n,) each problem's largest step."""
    largest = np.zeros(len(items), dtype=weights.dtype)
    for first in range(0, len(counts), _COORDINATES):
        block = slice(first, first + _COORDINATES)
        own = counts[block, block]
        slopes = counts[block][:, items] - counts[block] @ weights - l1  # downhill, without the L2 term
        for row, coordinate in enumerate(range(first, first + len(own))):
            now = weights[coordinate]
            new = np.maximum(0.0, (slopes[row] + own[row, row] * now) / (own[row, row] + l2))
            new[items == coordinate] = 0.0
            step = new - now
            if step.any():
                weights[coordinate] = new
                slopes -= own[:, row, None] * step
                np.maximum(largest, np.abs(step), out=largest)
    return largest


class Slim(ItemItem):
    """The model whose sparse weights are elastic nets of each item on others."""

    def __init__(self, settings: SlimSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SlimSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the sparse weights, a column for each item predicted.

        Raises:
            MemoryNeedError: all others are too many for a dense matrix.
        """
        chosen = self.settings
        if chosen.neighbours:
            weights = self._on_neighbours(clicks)
        else:
            weights = elastic_nets_on_all(gram(clicks, np.float32, 2), chosen.l1, chosen.l2, chosen.sweeps)
        return strongest_of_columns(weights, chosen.kept) if chosen.kept else weights

    def _on_neighbours(self, clicks: Sparse) -> Sparse:
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


CARD = ModelCard(
    name="slim",
    summary="Sparse non-negative weights of items by elastic net: good, and slow where items are many.",
    make=Slim,
    settings=SlimSettings(),
    small={"l1": 0.01, "l2": 1.0, "neighbours": 5},
    space={
        "l1": LogRange(1e-3, 30.0),
        "l2": LogRange(0.5, 5000.0),
        "neighbours": OneOf((50, 100, 200, 0)),
        "kept": LogRange(5, 1000, whole=True),
    },
)
