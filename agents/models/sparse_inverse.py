"""EASE by a sparse approximate inverse: for catalogues whose items are too many for a dense one.

After the idea of SANSA: Spisak et al. (2023), "Scalable approximate nonsymmetric autoencoder for collaborative
filtering".  Neither A = X'X + lam I nor its inverse is ever dense.  A keeps the strongest pairs of each item; column j
of the inverse lives on the strongest neighbours of j and is found by conjugate gradients there, which take about five
steps, because A scaled to a unit diagonal is close to I.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import scipy.sparse

from serendip.agents.compiled import compiled
from serendip.agents.models import memory
from serendip.agents.models.item_item import ItemItem, Matrix, inverse
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.search import LogRange, ModelCard, OneOf
from serendip.simulator.ranges import Range, check_ranges

_TOLERANCE = 3e-4  # of the residual, over what it was at first
_STEPS = 100  # of conjugate gradients, at most
_SHRUNK = 0.1  # of the penalty that correlations are shrunk by: all of it prefers the popular, none of it chance


@dataclass(frozen=True, slots=True)
class SparseInverseSettings:
    """How a sparse approximate inverse is learned.

    Attributes:
        lam: the L2 penalty, > 0, in clicks.
        neighbours: how many other items an item may depend on: those of the largest correlation, shrunk by a tenth of
            `lam`.
        kept: how many pairs of each item are kept of X'X, at least `neighbours`; what is left out counts as clicked
            independently.
    """

    lam: Annotated[float, Range(above=0)] = 50.0
    neighbours: Annotated[int, Range(least=1)] = 200
    kept: Annotated[int, Range(least=1)] = 1000

    def __post_init__(self) -> None:
        check_ranges(self, "model 'sparse-inverse'")


@dataclass(frozen=True, slots=True)
class Pairs:
    """The strongest pairs of each item, strongest first.

    Attributes:
        counts: (n_items,) how many.
        related: (n_items,) how many of them, the first, have a correlation above 0.
        items: (n_items, kept) int32, the other of each pair.
        together: (n_items, kept) float32, their entry of X'X.
        spread: (n_items,) float32, the square root of users times mean clicks, by which an entry that was left out is
            guessed as a product of two; 0 for items of which nothing was left out.
    """

    counts: Any
    related: Any
    items: Any
    together: Matrix
    spread: Matrix


class SparseInverse(ItemItem):
    """The model whose scores are x'B, with B from a sparse approximate inverse of X'X + lam I."""

    def __init__(self, settings: SparseInverseSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SparseInverseSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return B, sparse.

        For item j with neighbours N, B_Nj = A_NN^-1 X_N'x_j, which is the j-th column of the inverse of A on N and j,
        over minus its diagonal entry.

        Raises:
            MemoryNeedError: the pairs kept do not fit.
        """
        chosen, n_items = self.settings, clicks.shape[1]
        if not clicks.nnz:
            return csr(scipy.sparse.csr_array((n_items, n_items)))
        pairs = strongest_pairs(clicks, _SHRUNK * chosen.lam, max(chosen.kept, chosen.neighbours))
        n = min(chosen.neighbours, pairs.items.shape[1])
        squares = np.bincount(clicks.indices, weights=clicks.data.astype(np.float64) ** 2, minlength=n_items)
        weights = np.zeros((n_items, n), dtype=np.float32)
        diagonal = (squares + chosen.lam).astype(np.float32)
        _solve_columns(pairs.counts, pairs.related, pairs.items, pairs.together, pairs.spread, diagonal, weights)
        return _columns(weights, pairs)


def _columns(weights: Matrix, pairs: Pairs) -> Sparse:
    """Return (n_items, n_items) CSR with, in column j, `weights[j]` on the first items of pairs[j]."""
    n_items, n = weights.shape
    counts = np.minimum(pairs.related, n)
    there = np.arange(n) < counts[:, None]
    starts = np.concatenate([[0], np.cumsum(counts)])
    parts = (weights[there], pairs.items[:, :n][there], starts)
    return csr(scipy.sparse.csr_array(parts, shape=(n_items, n_items)).T)


def strongest_pairs(clicks: Sparse, shrink: float, kept: int) -> Pairs:
    """Return, for each item, the items of the largest correlation with it that share a click, and their entries of X'X.

    The correlation is cov_ij / sqrt((var_i + shrink / n) (var_j + shrink / n)) with n users, so that two items that
    one user alone clicked are no pair to speak of.

    Args:
        clicks: (n_users, n_items) float32 CSR of clicks, none below 0.
        shrink: users' worth of variance that is added to an item's own.
        kept: pairs of each item.

    Raises:
        MemoryNeedError: so many pairs do not fit.
    """
    n_users, n_items = clicks.shape
    kept = min(kept, max(n_items - 1, 1))
    memory.require(12 * n_items * kept, f"{kept:,} pairs for each of {n_items:,} items", "use a smaller `kept`")
    turned = csr(clicks.T)
    mean = np.asarray(clicks.sum(axis=0), dtype=np.float64).ravel() / n_users
    variance = np.maximum(np.asarray(clicks.multiply(clicks).sum(axis=0)).ravel() / n_users - mean**2, 0.0)
    over = inverse(np.sqrt(variance + shrink / n_users))
    counts, related = np.zeros(n_items, dtype=np.int32), np.zeros(n_items, dtype=np.int32)
    items, together = (np.zeros((n_items, kept), dtype=kind) for kind in (np.int32, np.float32))
    full = np.zeros(n_items, dtype=np.bool_)
    rows = clicks.indptr, clicks.indices, clicks.data
    columns = turned.indptr, turned.indices, turned.data
    shift, scale = (mean * over).astype(np.float32), (over / np.sqrt(n_users)).astype(np.float32)
    _collect(*rows, *columns, shift, scale, counts, related, items, together, full)
    spread = np.where(full, mean * np.sqrt(n_users), 0.0).astype(np.float32)
    return Pairs(counts, related, items, together, spread)


@compiled
def _collect(
    starts: Any,
    items: Any,
    values: Any,
    item_starts: Any,
    users: Any,
    item_values: Any,
    shift: Any,
    scale: Any,
    counts: Any,
    related: Any,
    others: Any,
    together: Any,
    full: Any,
) -> None:
    """Fill `counts`, `related`, `others`, `together`, and `full` (whether pairs were left out), item by item.

    A row of X'X is summed in an array of all items; the correlation of i and j is its entry times scale_i scale_j,
    less shift_i shift_j.
    """
    n_items, kept = others.shape
    sums = np.zeros(n_items, dtype=np.float32)
    seen = np.empty(n_items, dtype=np.int32)
    strength = np.empty(n_items, dtype=np.float32)
    for j in range(n_items):
        n_seen = 0
        for p in range(item_starts[j], item_starts[j + 1]):
            user, value = users[p], item_values[p]
            for q in range(starts[user], starts[user + 1]):
                k = items[q]
                if sums[k] == 0.0:
                    seen[n_seen] = k
                    n_seen += 1
                sums[k] += value * values[q]
        n, n_related = 0, 0
        for s in range(n_seen):
            k = seen[s]
            if k != j:
                strength[n] = sums[k] * scale[j] * scale[k] - shift[j] * shift[k]
                n_related += strength[n] > 0.0
                seen[n] = k
                n += 1
        sums[j] = 0.0
        full[j] = n > kept
        related[j] = min(n_related, kept)
        counts[j] = _select(seen[:n], strength[:n], sums, others[j], together[j])
        for s in range(n):
            sums[seen[s]] = 0.0


@compiled
def _select(seen: Any, strength: Any, sums: Any, others: Any, together: Any) -> int:
    """Fill `others` and `together` with the strongest of `seen`, strongest first, and return how many they are."""
    n, kept = len(seen), len(others)
    floor = np.partition(strength, n - kept)[n - kept] if n > kept else np.float32(-np.inf)
    ties = kept - (strength > floor).sum()
    chosen = np.empty(min(n, kept), dtype=np.int32)
    at = 0
    for s in range(n):
        tie = strength[s] == floor
        if strength[s] > floor or (tie and ties > 0):
            chosen[at] = s
            at += 1
            ties -= tie
    order = np.argsort(-strength[chosen], kind="mergesort")
    for place in range(at):
        item = seen[chosen[order[place]]]
        others[place], together[place] = item, sums[item]
    return at


@compiled
def _solve_columns(
    counts: Any, related: Any, items: Any, together: Any, spread: Any, diagonal: Any, weights: Any
) -> None:
    """Fill `weights` (n_items, n): in row j, A_NN^-1 X_N'x_j for the first n items N that are related to j."""
    n_items, n = weights.shape
    place = np.zeros(n_items, dtype=np.int32)
    block = np.empty((n, n), dtype=np.float32)
    for j in range(n_items):
        m = min(n, related[j])
        near = items[j, :m]
        _gather(near, counts, items, together, spread, place, block)
        for a in range(m):
            block[a, a] = diagonal[near[a]]
        _descend(block, together[j, :m], weights[j, :m])


@compiled
def _gather(near: Any, counts: Any, items: Any, together: Any, spread: Any, place: Any, block: Any) -> None:
    """Fill the corner of `block` with X'X on the items `near`; `place` (n_items,) is 0 before and after."""
    for a in range(len(near)):
        place[near[a]] = a + 1
        for b in range(len(near)):
            block[a, b] = spread[near[a]] * spread[near[b]]
    for a in range(len(near)):
        i = near[a]
        for p in range(counts[i]):
            b = place[items[i, p]] - 1
            if b >= 0:
                block[a, b] = together[i, p]
                block[b, a] = together[i, p]
    for a in range(len(near)):
        place[near[a]] = 0


@compiled
def _descend(matrix: Any, target: Any, x: Any) -> None:
    """Fill `x` (m,), zeros before, with M^-1 target, M the corner of `matrix`, by conjugate gradients.

    They are scaled by the diagonal of M, and end early where it, some of whose entries were left out, is not positive
    definite.
    """
    m = len(x)
    residual = target.copy()
    direction, image = np.empty(m, dtype=np.float32), np.empty(m, dtype=np.float32)
    square = np.float32(0.0)
    for a in range(m):
        direction[a] = residual[a] / matrix[a, a]
        square += residual[a] * direction[a]
    enough = _TOLERANCE * _TOLERANCE * square
    for _ in range(_STEPS):
        if square <= enough:
            break
        curvature = np.float32(0.0)
        for a in range(m):
            total = np.float32(0.0)
            for b in range(m):
                total += matrix[a, b] * direction[b]
            image[a] = total
            curvature += total * direction[a]
        if curvature <= 0.0:
            break
        step, before = square / curvature, square
        square = np.float32(0.0)
        for a in range(m):
            x[a] += step * direction[a]
            residual[a] -= step * image[a]
            square += residual[a] * residual[a] / matrix[a, a]
        for a in range(m):
            direction[a] = residual[a] / matrix[a, a] + square / before * direction[a]


CARD = ModelCard(
    name="sparse-inverse",
    summary="EASE by a sparse approximate inverse: the first to try on more than 20,000 items.",
    make=SparseInverse,
    settings=SparseInverseSettings(),
    small={"lam": 1.0, "neighbours": 5},
    space={"lam": LogRange(1.0, 3000.0), "neighbours": OneOf((25, 50, 100, 200)), "kept": OneOf((500, 1000, 2000))},
)
