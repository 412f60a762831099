"""Whether users come back sooner after days that brought more, or bring more after a pause: then they change."""

from __future__ import annotations

import math

import numpy as np

from serendip.experiments.offline.slots import Slots
from serendip.simulator.interface import Floats, Ints

_FEW = 30  # users with three days or more


class Returns:
    """The days on which users came and what these brought: `update` with batches, then ask."""

    def __init__(self) -> None:
        self._keys = list[Ints]()  # (2, n) user and day
        self._rewards = list[Floats]()

    def update(self, slots: Slots) -> None:
        """Take a batch into account; one without days says nothing."""
        if "day" in slots.further and len(slots):
            key = np.stack([slots.user, slots.further["day"].astype(np.int64)])
            starts = np.flatnonzero(np.concatenate([[True], (key[:, 1:] != key[:, :-1]).any(axis=0)]))
            self._keys.append(key[:, starts])
            self._rewards.append(np.add.reduceat(slots.reward, starts))

    def sooner(self) -> float | None:
        """Return by how many standard errors pauses are longer before days that brought more than after them.

        With g- and g+ the days since the visit before and until the next, and y a day's rewards, both less their means
        of the day and then of the user: z = sum_u T_u / sqrt(sum_u T_u^2), T_u = sum y (log g- - log g+).  Comparing a
        user with herself, before and after, leaves out how often she comes and how easily she clicks.  It is 0 on
        average where neither visits nor rewards depend on what was shown before: above where rewards bring users back,
        and where they tire of what they see and recover.  None of fewer than 30 such users.
        """
        if not self._keys:
            return None
        user, day, reward = _by_day(np.concatenate(self._keys, axis=1), np.concatenate(self._rewards))
        gap = np.diff(day).astype(np.float64)
        inside = np.flatnonzero((user[2:] == user[1:-1]) & (user[1:-1] == user[:-2]))
        if not len(inside):
            return None
        user, day, reward = user[inside + 1], day[inside + 1], reward[inside + 1]
        ratio = np.log(gap[inside] / gap[inside + 1])
        for group in (day, user):
            ratio, reward = _centred(group, ratio), _centred(group, reward)
        _, of = np.unique(user, return_inverse=True)
        shares = np.bincount(of, ratio * reward)
        spread = float(shares @ shares)
        return float(shares.sum()) / math.sqrt(spread) if len(shares) >= _FEW and spread > 0.0 else None


def _by_day(keys: Ints, rewards: Floats) -> tuple[Ints, Ints, Floats]:
    """Return users, days and the rewards of each, in order."""
    order = np.lexsort(keys[::-1])
    keys, rewards = keys[:, order], rewards[order]
    starts = np.flatnonzero(np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)]))
    return keys[0, starts], keys[1, starts], np.add.reduceat(rewards, starts)


def _centred(group: Ints, values: Floats) -> Floats:
    """Return (n,) values less the mean of their group."""
    _, of = np.unique(group, return_inverse=True)
    return values - (np.bincount(of, values) / np.bincount(of))[of]
