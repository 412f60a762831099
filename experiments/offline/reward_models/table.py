"""A reward model by item and position, shrunk towards the item's topic.

    q(i, k) = (S_ik + c * prior_ik) / (N_ik + c)

with S and N the sum of rewards and the number of slots of item i at position k, and the prior made the same way from
the item over all positions, its topic, and everything, times how position k does.
"""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.simulator.interface import Floats, SmallInts

SHRINKAGE = 20.0  # slots that a prior is worth


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


CARD = RewardModelCard(
    name="table",
    summary="The usual choice: what each item brought at each position, drawn to its topic where that is little.",
    make=predicted_rewards,
)
