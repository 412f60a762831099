"""A reward model by item and position, shrunk towards the item's topic: what DM believes and DR corrects.

    q(i, k) = (S_ik + c * prior_ik) / (N_ik + c)

with S and N the sum of rewards and the number of slots of item i at position k, and the prior made the same way from
the item over all positions, its topic, and everything, times how position k does.  It is fitted to the users of one
fold and used on those of the other, so that no user's reward predicts itself.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable

import numpy as np

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints, SmallInts

SHRINKAGE = 20.0  # slots that a prior is worth

RewardModel = Callable[[Floats, Floats, SmallInts], Floats]  # (L, M) slots, (L, M) sums of rewards, (M,) topics

REWARD_MODELS: dict[str, str] = {  # functions that return (L, M) predicted rewards
    "table": "serendip.experiments.offline.reward_models.reward_model:predicted_rewards",
    "ridge": "serendip.experiments.offline.reward_models.ridge:ridge_rewards",
    "boosting": "serendip.experiments.offline.reward_models.boosting:boosted_rewards",
}


def reward_model(name: str) -> RewardModel:
    """Return the reward model of that name.

    Raises:
        SettingsError: no model has that name; the known ones are listed.
    """
    if name not in REWARD_MODELS:
        raise SettingsError(f"unknown reward model {name!r}; known reward models: {', '.join(REWARD_MODELS)}")
    return pkgutil.resolve_name(REWARD_MODELS[name])


class RewardTable:
    """Sums of rewards by fold, position and item: `update`, `merge`, `fit`."""

    def __init__(self, topic: SmallInts, slate_size: int, seed: int) -> None:
        self.topic, self.slate_size, self.seed = topic, slate_size, seed
        shape = (N_FOLDS, slate_size, len(topic))
        self.counts: Floats = np.zeros(shape)
        self.sums: Floats = np.zeros(shape)

    def update(self, users: Ints, positions: Ints, items: Ints, rewards: Floats, weights: Floats | None = None) -> None:
        """Take a batch of n slots into account, each as often as its weight says."""
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
        fitted = reward_model(model)
        return np.stack([fitted(self.counts[1 - f], self.sums[1 - f], self.topic) for f in range(N_FOLDS)])


def predicted_rewards(counts: Floats, sums: Floats, topic: SmallInts) -> Floats:
    """Return (L, M) predicted rewards: the mean by item and position, shrunk towards the item's and the topic's.

    Args:
        counts: (L, M) slots of each item at each position.
        sums: (L, M) sum of their rewards.
        topic: (M,) topic of each item.
    """
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
