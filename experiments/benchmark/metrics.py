"""How good a ranking is: pure functions of where the held-out items came."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.agents.models.model import Model
from serendip.experiments.benchmark.splits import Part

Matrix = NDArray[Any]
TUNED_ON = "ndcg@100"
_USERS = 256  # ranked at once


def hits_at(scores: Matrix, known: Matrix, asked: Matrix, k: int) -> Matrix:
    """Return (n, k) whether the item at each place of the ranking was asked for; known items are left out.

    Equal scores are ranked by item, so that the answer does not depend on the sort.

    Args:
        scores: (n, n_items), higher is better.
        known: (n, n_items) bool.
        asked: (n, n_items) bool.
        k: length of the ranking.
    """
    k = min(k, scores.shape[1])
    worth = np.where(known, -np.inf, scores)
    floor = _floor(worth, k)[:, None]
    ties = worth == floor
    if ties.sum() > 4 * k * len(scores):
        ties &= np.cumsum(ties, axis=1, dtype=np.int32) <= k  # no more of them can be among the first k
    rows, items = np.nonzero((worth > floor) | ties)
    order = np.lexsort((items, -worth[rows, items], rows))
    rows, items = rows[order], items[order]
    counts = np.bincount(rows, minlength=len(scores))
    first = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts) < k
    return (asked & ~known)[rows[first], items[first]].reshape(len(scores), k)


def _floor(worth: Matrix, k: int) -> Matrix:
    """Return (n,) numbers than which at least k of each row of `worth` (n, n_items) are not smaller.

    Where there are many items: the k-th largest of the largest of each 32, which is found faster than the k-th largest.
    """
    n_items = worth.shape[1]
    if n_items >= 64 * k:
        worth = worth[:, : n_items // 32 * 32].reshape(len(worth), -1, 32).max(axis=2)
    return np.partition(worth, worth.shape[1] - k, axis=1)[:, worth.shape[1] - k]


def recall(hits: Matrix, n_asked: Matrix, k: int) -> Matrix:
    """Return (n,) hits among the first k over min(k, n_asked), in [0, 1].  Liang et al. (2018), section 4.2."""
    return hits[:, :k].sum(axis=1) / np.minimum(k, n_asked)


def recall_of_all(hits: Matrix, n_asked: Matrix, k: int) -> Matrix:
    """Return (n,) hits among the first k over n_asked, in [0, 1]: the textbook's recall."""
    return hits[:, :k].sum(axis=1) / n_asked


def truncated_ndcg(hits: Matrix, n_asked: Matrix, k: int) -> Matrix:
    """Return (n,) discounted gain over that of the best ranking of min(k, n_asked) items.  Liang et al. (2018)."""
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(k, n_asked).astype(np.int64) - 1]
    return (hits[:, :k] * discount[: hits.shape[1]]).sum(axis=1) / ideal


def evaluate(model: Model, part: Part) -> dict[str, Matrix]:
    """Return the metrics of every user of `part`, by name, each (n,); all items are ranked."""
    collected = dict[str, list[Matrix]]()
    for start in range(0, part.known.shape[0], _USERS):
        known, asked = part.known[start : start + _USERS], part.asked[start : start + _USERS]
        hits = hits_at(model.scores(known), known.toarray() > 0, asked.toarray() > 0, 100)
        n_asked = np.diff(asked.indptr).astype(np.float64)
        values = {
            "ndcg@100": truncated_ndcg(hits, n_asked, 100),
            "recall@20": recall(hits, n_asked, 20),
            "recall@50": recall(hits, n_asked, 50),
            "recall-of-all@20": recall_of_all(hits, n_asked, 20),
        }
        for name, value in values.items():
            collected.setdefault(name, []).append(value)
    return {name: np.concatenate(parts) for name, parts in collected.items()}
