"""What a log says item by item and slate by slate: whether its propensities add up, and who chose the target by it."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from serendip.experiments.offline.judging.returns import Returns
from serendip.experiments.offline.targets.seen import Seen
from serendip.simulator.interface import Bools, Floats

_OFTEN = 20.0  # slots of an item that says something of its propensities
_WHOLE = 0.9  # share of slates that must be complete where rows are to be read as slates
_MANY = 100  # slates that show how much a slate can bring
_FEW = 5.0  # slots of an item that a favourite is compared with
_COUNT, _REWARD, _WEIGHT, _INVERSE, _SQUARE = range(5)


class Ledger:
    """Sums for each item, and what slates brought: `update` with what the target saw, then ask."""

    def __init__(self, slate_size: int) -> None:
        self._slate_size = slate_size
        self._items: Floats = np.zeros((5, 0))  # slots, rewards, weights, 1 / propensity, its square
        self._likes: Floats = np.zeros((3, 0))  # the first three of slots that the target shows more often than the log
        self._squares = 0.0  # of rewards
        self._slates, self._whole, self._most = 0, 0, -np.inf
        self.returns = Returns()

    def update(self, seen: Seen) -> None:
        """Take a batch into account."""
        slots, item = seen.slots, seen.item
        if not len(item):
            return
        n_items = max(self._items.shape[1], int(item.max()) + 1)
        inverse = 1.0 / slots.propensity
        cells = 2 * item + (slots.weight > 1.0)
        shown = [np.bincount(cells, column, 2 * n_items) for column in (None, slots.reward, slots.weight)]
        by_item = [np.bincount(item, column, n_items) for column in (inverse, inverse * inverse)]
        self._items = _more(
            self._items, np.stack([*(one[0::2] + one[1::2] for one in shown), *by_item]).astype(np.float64)
        )
        self._likes = _more(self._likes, np.stack([one[1::2] for one in shown]).astype(np.float64))
        self._squares += float(slots.reward @ slots.reward)
        self.returns.update(slots)
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

    def favourites(self) -> tuple[float, float, float] | None:
        """Return how many items stand above the target's favourites, the others there are, and the luck that may be.

        A cell is an item in the slots where the target shows it more often than the log.  The first number is of other
        items whose mean reward is above the cell's, on average over the target's weight: near 0 where each favourite
        was best, as those of a target are that was trained on these rewards.  The last is how much of its gain the
        target may then owe to luck, in standard errors: with m items, noise s_c of a cell and weights v_c, choosing the
        best of noise alone gains L = E max_m sum v_c s_c; of a gain G the share (L / G)^2 is noise (normal means,
        empirical Bayes).  None where items are unknown or few.
        """
        n, rewards = self._items[:2]
        known, cells = np.flatnonzero(n >= _FEW), np.flatnonzero(self._likes[_COUNT] > 0.0)
        rest = n.sum() - self._likes[_COUNT].sum()
        if len(known) < 3 or not len(cells) or not rest > 0.0:
            return None
        count, reward, weight = self._likes[:, cells]
        overall = rewards.sum() / n.sum()
        noise = np.sqrt(max(self._squares / n.sum() - overall**2, 0.0) / count)
        share, mean = weight / weight.sum(), reward / count
        gain = float(share @ mean) - float(rewards.sum() - self._likes[_REWARD].sum()) / rest
        error = float(np.sqrt(share**2 @ noise**2))
        means = np.sort(rewards[known] / n[known])
        own = (n[cells] >= _FEW) & (rewards[cells] / n[cells] > mean)
        above = float(share @ (len(means) - np.searchsorted(means, mean, side="right") - own))
        luck = float(ndtri((len(known) - 0.375) / (len(known) + 0.25))) * float(share @ noise)
        if not error > 0.0 or not gain > 0.0:
            return above, len(known) - 1.0, 0.0
        return above, len(known) - 1.0, min(luck**2 / gain, luck) / error


def _more(sums: Floats, batch: Floats) -> Floats:
    """Return the sums (C, M) with those of a batch, of at least as many items."""
    batch[:, : sums.shape[1]] += sums
    return batch
