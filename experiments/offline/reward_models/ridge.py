"""Reward by ridge regression on what is known of a slot: its position, its item, its topic, its topic there."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import LinearOperator, cg

from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, SmallInts

PENALTY = 20.0  # slots that pull each coefficient to 0


def ridge_rewards(counts: Floats, sums: Floats, topic: SmallInts) -> Floats:
    """Return (L, M) predicted rewards: the mean, and the coefficients of position, topic, topic at position and item.

    b = argmin sum_i (r_i - mean - x_i b)^2 + 20 |b|^2, x_i four indicators; it needs no more of the slots than the sums
    by item and position.  Solved by conjugate gradients to 1e-10.  Hoerl & Kennard (1970), eq. 2.1.

    Args:
        counts: (L, M) slots of each item at each position.
        sums: (L, M) sum of their rewards.
        topic: (M,) topic of each item.

    Raises:
        DataError: the equations were not solved.
    """
    design = _indicators(counts.shape[0], topic)
    weight, total = counts.ravel(), sums.ravel()
    mean = total.sum() / weight.sum() if weight.any() else 0.5
    n = design.shape[1]

    def normal(b: Floats) -> Floats:
        return design.T @ (weight * (design @ b)) + PENALTY * b

    right = design.T @ (total - mean * weight)
    operator: Any = LinearOperator
    found, failed = cg(operator((n, n), matvec=normal, dtype=np.float64), right, rtol=1e-10, maxiter=2000)
    if failed:
        raise DataError("the ridge regression of rewards was not solved; take the reward model `table`")
    return (mean + design @ found).reshape(counts.shape)


def _indicators(n_positions: int, topic: SmallInts) -> Any:
    """Return the sparse (L * M, L + K + L K + M) matrix of indicators, four in each row."""
    n_items, n_topics = len(topic), int(topic.max(initial=0)) + 1
    position, item = np.divmod(np.arange(n_positions * n_items), n_items)
    groups = position, topic[item], position * n_topics + topic[item], item
    offsets = np.cumsum([0, n_positions, n_topics, n_positions * n_topics])
    columns = np.stack([group + offset for group, offset in zip(groups, offsets, strict=True)], axis=1).ravel()
    starts = 4 * np.arange(len(item) + 1)
    return sparse.csr_array((np.ones(len(columns)), columns, starts), (len(item), int(offsets[-1]) + n_items))


CARD = RewardModelCard(
    name="ridge",
    summary="Ridge regression: position, topic and item add up; steadier than the table where cells are nearly empty.",
    make=ridge_rewards,
)
