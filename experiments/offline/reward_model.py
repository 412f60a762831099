"""A reward model by item and position, shrunk towards the item's topic: what DM believes and DR corrects.

    q(i, k) = (S_ik + c * prior_ik) / (N_ik + c)

with S and N the sum of rewards and the number of slots of item i at position k, and the prior made the same way from
the item over all positions, its topic, and everything, times how position k does.  It is fitted to the users of one
fold and used on those of the other, so that no user's reward predicts itself.
"""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.simulator.interface import Bools, Floats, Ints, SmallInts

SHRINKAGE = 20.0  # slots that a prior is worth


class RewardTable:
    """Sums of rewards by fold, position and item: `update`, `merge`, `fit`."""

    def __init__(self, topic: SmallInts, slate_size: int, seed: int) -> None:
        self.topic, self.slate_size, self.seed = topic, slate_size, seed
        shape = (N_FOLDS, slate_size, len(topic))
        self.counts: Floats = np.zeros(shape)
        self.sums: Floats = np.zeros(shape)

    def update(self, users: Ints, positions: Ints, items: Ints, rewards: Floats) -> None:
        """Take a batch of n slots into account."""
        cells = (folds(self.seed, users) * self.slate_size + positions) * len(self.topic) + items
        self.counts += np.bincount(cells, minlength=self.counts.size).reshape(self.counts.shape)
        self.sums += np.bincount(cells, weights=rewards, minlength=self.sums.size).reshape(self.sums.shape)

    def merge(self, other: RewardTable) -> None:
        """Add another shard."""
        self.counts += other.counts
        self.sums += other.sums

    @property
    def never_shown(self) -> Bools:
        """(L, M) which items the log never shows at which position."""
        return self.counts.sum(axis=0) == 0

    def fit(self) -> Floats:
        """Return (2, L, M) predicted rewards; those of fold f are learned from the other fold."""
        return np.stack([predicted_rewards(self.counts[1 - f], self.sums[1 - f], self.topic) for f in range(N_FOLDS)])


def predicted_rewards(counts: Floats, sums: Floats, topic: SmallInts) -> Floats:
    """Return (L, M) predicted rewards from `counts` and `sums` (L, M) of slots and rewards."""
    overall = _ratio(sums.sum(), counts.sum(), 0.5)
    by_position = _shrunk(sums.sum(axis=1), counts.sum(axis=1), overall)  # (L,)
    n_topics = int(topic.max(initial=0)) + 1
    item_counts, item_sums = counts.sum(axis=0), sums.sum(axis=0)  # (M,)
    topic_counts: Floats = np.bincount(topic, weights=item_counts, minlength=n_topics).astype(np.float64)
    topic_sums: Floats = np.bincount(topic, weights=item_sums, minlength=n_topics).astype(np.float64)
    by_topic = _shrunk(topic_sums, topic_counts, overall)  # (K,)
    by_item = _shrunk(item_sums, item_counts, by_topic[topic])  # (M,)
    factor = by_position / overall if overall else np.ones_like(by_position)
    return _shrunk(sums, counts, by_item[None, :] * factor[:, None])


def _shrunk(sums: Floats, counts: Floats, prior: Floats | float) -> Floats:
    return (sums + SHRINKAGE * prior) / (counts + SHRINKAGE)


def _ratio(total: float, count: float, otherwise: float) -> float:
    return float(total / count) if count else otherwise
