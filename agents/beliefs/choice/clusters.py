"""Groups of items learned from who clicked what and who passed over what, where a site knows no topics."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse.linalg

from serendip.agents.beliefs.choice.arrays import SceneArrays, SlateArrays
from serendip.agents.beliefs.choice.filter import slot_weight
from serendip.agents.compiled import compiled
from serendip.agents.models.gram import gram
from serendip.agents.models.model import Sparse
from serendip.simulator.interface import Floats, Ints

_DENSE = 3000  # items up to which all eigenvectors are worked out
_STARTS, _STEPS = 4, 30
_STICKY = 3.0  # log likelihood by which another group must be better


def cluster_items(clicks: Sparse, n_groups: int, rng: np.random.Generator) -> Ints:
    """Return (M,) group of each item, from 0; `n_groups` for items that nobody clicked together with others.

    Spectral clustering of D^-1/2 C D^-1/2, C the counts of users who clicked both of two different items.  Ng, Jordan &
    Weiss (2001), "On spectral clustering: analysis and an algorithm".  An item's count with itself, which says nothing
    of what it goes together with, is left out: with it, what few clicked stands alone.

    Args:
        clicks: (n, M) CSR, 1 for each item that a user clicked.
        n_groups: most groups.
        rng: for the starts of k-means.
    """
    together: Floats = gram(clicks, np.float64, n_matrices=3)
    np.fill_diagonal(together, 0.0)
    linked = np.flatnonzero(together.any(axis=1))
    labels = np.full(clicks.shape[1], n_groups)
    if len(linked) == 0:
        return labels
    together = together[np.ix_(linked, linked)]
    scale = 1.0 / np.sqrt(together.sum(axis=1))
    vectors = _leading(together * scale[:, None] * scale, min(n_groups, len(linked)))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    labels[linked] = _k_means(vectors, min(n_groups, len(linked)), rng)
    return labels


def _leading(matrix: Floats, n: int) -> Floats:
    """Return (m, n) eigenvectors of the `n` largest eigenvalues."""
    size = len(matrix)
    if size <= _DENSE or n >= size - 1:
        found: Any = scipy.linalg.eigh(matrix, subset_by_index=[size - n, size - 1])
    else:
        found = scipy.sparse.linalg.eigsh(matrix, k=n, which="LA", v0=np.ones(size))
    return found[1]


def _k_means(points: Floats, n: int, rng: np.random.Generator) -> Ints:
    """Return (m,) the nearest of `n` centres to each point, the best of some starts by k-means++."""
    best, least = np.zeros(len(points), dtype=np.int64), np.inf
    for _ in range(_STARTS):
        centres = _spread_out(points, n, rng)
        labels = np.zeros(len(points), dtype=np.int64)
        for _ in range(_STEPS):
            labels = np.argmax(2.0 * points @ centres.T - (centres**2).sum(axis=1), axis=1)
            sizes = np.bincount(labels, minlength=n)
            sums = np.zeros_like(centres)
            np.add.at(sums, labels, points)
            centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
        error = float(((points - centres[labels]) ** 2).sum())
        if error < least:
            best, least = labels, error
    return best


def _spread_out(points: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Return (n, d) centres, each a point drawn by its squared distance to those before."""
    chosen = [int(rng.integers(len(points)))]
    gap = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(n - 1):
        total = gap.sum()
        chosen.append(int(rng.choice(len(points), p=gap / total)) if total > 1e-9 else int(rng.integers(len(points))))
        gap = np.minimum(gap, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]


@compiled
def score_groups(slates: SlateArrays, scene: SceneArrays, expected: Any, fills: Any, scores: Any) -> None:
    """Add to `scores` (M, G) the log likelihood of every showing if the item were of each group.

    Args:
        slates: what was shown.
        scene: as it is taken to be.
        expected: (n_users, G) E[e^theta].
        fills: (N,) satiation with the group of each slot.
        scores: added to.
    """
    for s in range(slates.starts.shape[0] - 1):
        first, end = slates.starts[s], slates.starts[s + 1]
        if slates.days[first] < 0:
            continue
        total = scene.outside
        for j in range(first, end):
            total += slot_weight(slates, scene, expected, fills, j)
        for j in range(first, end):
            item, user = slates.items[j], slates.rows[j]
            own = slot_weight(slates, scene, expected, fills, j)
            base = own / expected[user, scene.topics[item]]
            rest = max(total - own, 1e-9)
            for g in range(scores.shape[1]):
                weight = base * expected[user, g]
                scores[item, g] += np.log((weight if slates.clicked[j] else rest) / (rest + weight))


def regrouped(labels: Ints, scores: Floats) -> Ints:
    """Return (M,) the likeliest group of each item, the one it has unless another one is clearly better.

    Args:
        labels: (M,) group of each item.
        scores: (M, G) log likelihoods; those of an item that was never shown are all the same.
    """
    kept = scores.copy()
    kept[np.arange(len(labels)), labels] += _STICKY
    return np.argmax(kept, axis=1)
