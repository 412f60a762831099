"""Reward by gradient boosting of trees (scikit-learn): how position, topic and an item's rewards act together."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, SmallInts

SHRINKAGE = 20.0  # slots that the mean of an item's topic is worth, and that pull a leaf to 0
_TOPICS = 250  # scikit-learn takes at most 255 categories


def boosted_rewards(counts: Floats, sums: Floats, topic: SmallInts) -> Floats:
    """Return (L, M) predicted rewards by boosted trees on position, topic, and the item's mean reward elsewhere.

    A cell of item and position is one example, with its mean reward and its number of slots for a weight; the item's
    mean leaves the cell itself out, so that no reward predicts itself.  Friedman (2001), algorithm 3.

    Args:
        counts: (L, M) slots of each item at each position.
        sums: (L, M) sum of their rewards.
        topic: (M,) topic of each item.

    Raises:
        SettingsError: scikit-learn is not installed.
    """
    features, known = _features(counts, sums, topic), counts.ravel() > 0.0
    if not known.any():
        return np.full(counts.shape, 0.5)
    some = counts.ravel()[known]
    categorical = [1] if int(topic.max(initial=0)) < _TOPICS else None
    model = _regressor()(max_iter=100, learning_rate=0.1, max_leaf_nodes=15, categorical_features=categorical,
                         early_stopping=False, random_state=0,
                         min_samples_leaf=1, l2_regularization=SHRINKAGE)  # fmt: skip
    model.fit(features[known], sums.ravel()[known] / some, sample_weight=some)
    return np.asarray(model.predict(features), dtype=np.float64).reshape(counts.shape)


def _features(counts: Floats, sums: Floats, topic: SmallInts) -> Floats:
    """Return (L * M, 4): position, topic, the topic's mean reward, the item's mean reward at the other positions."""
    n_topics = int(topic.max(initial=0)) + 1
    item_counts, item_sums = counts.sum(axis=0), sums.sum(axis=0)  # (M,)
    total, reward = np.bincount(topic, item_counts, n_topics), np.bincount(topic, item_sums, n_topics)
    overall = sums.sum() / counts.sum() if counts.any() else 0.5
    of_topic = ((reward + SHRINKAGE * overall) / (total + SHRINKAGE))[topic]  # (M,)
    elsewhere = (item_sums - sums + SHRINKAGE * of_topic) / (item_counts - counts + SHRINKAGE)  # (L, M)
    positions, items = np.indices(counts.shape)
    columns = positions.ravel(), topic[items.ravel()], of_topic[items.ravel()], elsewhere.ravel()
    return np.stack([column.astype(np.float64) for column in columns], axis=1)


def _regressor() -> Any:
    try:
        return importlib.import_module("sklearn.ensemble").HistGradientBoostingRegressor
    except ImportError as error:
        raise SettingsError("the reward model `boosting` needs scikit-learn: pip install '.[boosting]'") from error


CARD = RewardModelCard(
    name="boosting",
    summary="Boosted trees, for items whose worth depends on topic and position together; needs scikit-learn.",
    make=boosted_rewards,
    needs=("sklearn",),
)
