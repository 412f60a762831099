"""A log's rewards by item and position, and the model that is fitted to them: what DM believes and DR corrects.

It is fitted to the users of one fold and used on those of the other, so that no user's reward predicts itself.
"""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reward_models import REWARD_MODELS
from serendip.simulator.interface import Floats, Ints, SmallInts


class RewardTable:
    """Sums of rewards by fold, position and item: `update`, `merge`, `fit`."""

    def __init__(self, topic: SmallInts, slate_size: int, seed: int) -> None:
        self.topic, self.slate_size, self.seed = topic, slate_size, seed
        shape = (N_FOLDS, slate_size, len(topic))
        self.counts: Floats = np.zeros(shape)
        self.sums: Floats = np.zeros(shape)

    def update(self, users: Ints, positions: Ints, items: Ints, rewards: Floats, weights: Floats | None = None) -> None:
        """Take a batch of n slots into account, each as often as its weight says.

        Args:
            users: (n,) user of each slot.
            positions: (n,) position of each slot.
            items: (n,) item of each slot.
            rewards: (n,) reward of each slot.
            weights: (n,) how often each slot counts; once when None.
        """
        cells = (folds(self.seed, users) * self.slate_size + positions) * len(self.topic) + items
        sums = rewards if weights is None else weights * rewards
        self.counts += np.bincount(cells, weights, self.counts.size).reshape(self.counts.shape)
        self.sums += np.bincount(cells, sums, self.sums.size).reshape(self.sums.shape)

    def merge(self, other: RewardTable) -> None:
        """Add another shard."""
        self.counts += other.counts
        self.sums += other.sums

    def scale(self, n_slots: float) -> None:
        """Let all slots together count as `n_slots`."""
        factor = n_slots / max(float(self.counts.sum()), 1e-300)
        self.counts *= factor
        self.sums *= factor

    def fit(self, model: str = "table") -> Floats:
        """Return (2, L, M) predicted rewards by the model of that name; those of fold f are learned from the other."""
        fitted = REWARD_MODELS.card(model).make
        return np.stack([fitted(self.counts[1 - f], self.sums[1 - f], self.topic) for f in range(N_FOLDS)])
