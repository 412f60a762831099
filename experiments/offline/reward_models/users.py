"""A reward model that knows the user: what a model of items expects, times how the user has rewarded so far."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.experiments.offline.reward_models.table import predicted_rewards
from serendip.simulator.interface import Floats, Ints

_PRIOR = 2.0  # expected rewards that a user without a history is worth


class UserRates:
    """For each user, rewards so far over what was expected of the slots so far: `of` before a visit, `update` after it.

    m_u = (c + sum of r) / (c + sum of q) over the user's slots before this visit.  It is known before the visit's
    rewards are, so that no reward predicts itself, and DR and its kin stay right whatever it says.
    """

    def __init__(self) -> None:
        self._ids: Ints = np.zeros(0, dtype=np.int64)
        self._sums: Floats = np.zeros((0, 2))  # of rewards, of what was expected

    def of(self, users: Ints) -> Floats:
        """Return (B,) the factor of each user; 1 for those without a history."""
        found, known = self._find(users)
        rates = np.ones(len(users))
        sums = self._sums[found[known]]
        rates[known] = (_PRIOR + sums[:, 0]) / (_PRIOR + sums[:, 1])
        return rates

    def update(self, users: Ints, rewards: Floats, expected: Floats) -> None:
        """Take the slates (B, L) of a visit each into account; no user comes twice."""
        _, known = self._find(users)
        new = users[~known]
        if len(new):
            order = np.argsort(np.concatenate([self._ids, new]), kind="stable")
            self._ids = np.concatenate([self._ids, new])[order]
            self._sums = np.concatenate([self._sums, np.zeros((len(new), 2))])[order]
        rows, _ = self._find(users)
        self._sums[rows] += np.stack([rewards.sum(axis=1), np.maximum(expected, 0.0).sum(axis=1)], axis=1)

    def _find(self, users: Ints) -> tuple[Ints, Ints]:
        """Return the row of each user, and whether it is known."""
        if not len(self._ids):
            return np.zeros(len(users), dtype=np.int64), np.zeros(len(users), dtype=bool)
        rows = np.minimum(np.searchsorted(self._ids, users), len(self._ids) - 1)
        return rows, self._ids[rows] == users


CARD = RewardModelCard(
    name="users",
    summary="The table, times how much each user has rewarded so far: less noise where users differ and come back.",
    make=predicted_rewards,
    knows_users=True,
)
