"""What a log says item by item and slate by slate: whether its propensities add up, and who chose the target by it."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.targets.target import Seen
from serendip.simulator.interface import Bools, Floats

_OFTEN = 20.0  # slots of an item that says something of its propensities
_WHOLE = 0.9  # share of slates that must be complete where rows are to be read as slates
_MANY = 100  # slates that show how much a slate can bring
_COUNT, _REWARD, _WEIGHT, _INVERSE, _SQUARE = range(5)


class Ledger:
    """Sums for each item, and what slates brought: `update` with what the target saw, then ask."""

    def __init__(self, slate_size: int) -> None:
        self._slate_size = slate_size
        self._items: Floats = np.zeros((5, 0))  # slots, rewards, weights, 1 / propensity, its square
        self._squares = 0.0  # of rewards
        self._slates, self._whole, self._most = 0, 0, -np.inf

    def update(self, seen: Seen) -> None:
        """Take a batch into account."""
        slots, item = seen.slots, seen.item
        if not len(item):
            return
        n_items = max(self._items.shape[1], int(item.max()) + 1)
        inverse = 1.0 / slots.propensity
        columns = None, slots.reward, slots.weight, inverse, inverse * inverse
        batch = np.stack([np.bincount(item, column, n_items) for column in columns]).astype(np.float64)
        batch[:, : self._items.shape[1]] += self._items
        self._items = batch
        self._squares += float(slots.reward @ slots.reward)
        if self._slate_size > 1:
            self._read_slates(seen)

    def _read_slates(self, seen: Seen) -> None:
        """Read rows as slates, where a row of a lower position or another user begins the next."""
        user, position = seen.slots.user, seen.position
        begins: Bools = np.concatenate([[True], (user[1:] != user[:-1]) | (position[1:] <= position[:-1])])
        starts = np.flatnonzero(begins)
        lengths = np.diff(np.append(starts, len(user)))
        self._slates += len(starts)
        self._whole += int(np.count_nonzero(lengths == self._slate_size))
        self._most = max(self._most, float(np.add.reduceat(seen.slots.reward, starts).max()))

    def most_a_slot(self) -> float | None:
        """Return the most that a slate of the log brought, per slot; None where rows are no slates, or too few are."""
        if self._slates < _MANY or self._whole < _WHOLE * self._slates:
            return None
        return self._most / self._slate_size

    def off(self) -> tuple[float, float] | None:
        """Return by how many standard errors the items' propensities are too small, and too large, at most.

        For a right log the mean of [item is i] / propensity over all slots is 1 where item i can always be shown, and
        less where it cannot; never more.  The second is 0 unless the middle item of the log is as it should be: where
        many items cannot always be shown, a low mean says nothing.  None where items are unknown or seldom shown.
        """
        n, often = self._items[_COUNT].sum(), self._items[_COUNT] >= _OFTEN
        if np.count_nonzero(self._items[_COUNT]) < 2 or not often.any():
            return None
        inverse, squares = self._items[_INVERSE, often], self._items[_SQUARE, often]
        error = np.sqrt(np.maximum(squares - inverse**2 / n, 1e-12))
        z = (inverse - n) / error
        least = -float(z.min()) if abs(float(np.median(z))) < 3.0 else 0.0
        return max(float(z.max()), 0.0), max(least, 0.0)

    def optimism(self) -> tuple[float, float] | None:
        """Return how much of the value is luck of the items that the target likes, and its standard error.

        The items' mean rewards less what they come to when shrunk towards their mean, as much as their spread says is
        noise (DerSimonian & Laird 1986), weighed as the target would show them.  It is far from 0 where the target
        prefers those that were lucky in this very log.  (0, 1) where the target's first item is not the log's first;
        None where items are unknown.
        """
        n, rewards, weight = self._items[:3, self._items[_COUNT] > 0.0]
        if len(n) < 3 or not weight.sum() > 0.0:
            return None
        mean, overall = rewards / n, rewards.sum() / n.sum()
        noise = max(self._squares / n.sum() - overall**2, 0.0) / n
        if not noise.all() or mean[weight.argmax()] < mean.max():
            return 0.0, 1.0
        precision = 1.0 / noise
        middle = float(precision @ mean / precision.sum())
        excess = float(precision @ (mean - middle) ** 2) - (len(n) - 1.0)
        spread = max(excess, 0.0) / float(precision.sum() - precision @ precision / precision.sum())
        luck = (mean - middle) * noise / (spread + noise)
        share = weight / weight.sum()
        return float(share @ luck), float(np.sqrt(share**2 @ noise))
