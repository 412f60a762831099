"""Interactions drawn from a fitted world, to hold against the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from serendip.simulator.calibration.rates import Activity, Rates, draw_days
from serendip.simulator.interface import Floats, Ints

BLOCK = 256  # users whose whole catalogue is scored at a time


@dataclass(frozen=True, slots=True)
class History:
    """n positives in order of user and time, and v days on which somebody was active, in that order too.

    Attributes:
        user: (n,) user, from 0.
        item: (n,) item, from 0; no item twice for a user.
        day: (n,) day.
        people: (N,) the users' index in the file.
        kept: (M,) the items' index in the file.
        visit_user: (v,) user of each active day, with a positive or without.
        visit_day: (v,) that day.
    """

    user: Ints
    item: Ints
    day: Ints
    people: Ints
    kept: Ints
    visit_user: Ints
    visit_day: Ints

    def likes(self) -> Any:
        """Return (N, M) CSR, 1 for a positive."""
        ones = np.ones(len(self.user))
        return sp.csr_matrix((ones, (self.user, self.item)), (len(self.people), len(self.kept)))


def replicate(
    history: History,
    activity: Activity,
    rates: Rates,
    taste: Floats,
    factors: Floats,
    quality: Floats,
    rng: np.random.Generator,
) -> History:
    """Return a history as the fitted world would have made it, for the same people watched for as long.

    Days are drawn from the rates.  How many items a day brings is drawn from the data, first days and later days
    apart.  The items are drawn one after the other, without replacement, by the multinomial logit of the utilities.
    """
    user, day = draw_days(rates, activity.watched, rng)
    n_items = _items_per_day(history, day == 0, rng)
    n_items = _at_most(n_items, user, len(quality))
    total = np.bincount(user, weights=n_items, minlength=len(taste)).astype(np.int64)
    item = [
        _choose(taste[start : start + BLOCK] @ factors.T + quality, total[start : start + BLOCK], rng)
        for start in range(0, len(taste), BLOCK)
    ]
    who, when = np.repeat(user, n_items), np.repeat(day, n_items)
    return History(who, np.concatenate(item), when, history.people, history.kept, user, day)


def _items_per_day(history: History, first: Any, rng: np.random.Generator) -> Ints:
    """Return (n_days,) how many items each day brings, drawn from first days where `first` and from later ones else."""
    end = int(history.visit_day.max()) + 1
    key = history.visit_user * end + history.visit_day
    count = np.bincount(np.searchsorted(key, history.user * end + history.day), minlength=len(key))
    is_first = np.concatenate([[True], np.diff(history.visit_user) != 0])
    later = count[~is_first] if (~is_first).any() else count
    return np.where(first, rng.choice(count[is_first], len(first)), rng.choice(later, len(first)))


def _at_most(n_items: Ints, user: Ints, limit: int) -> Ints:
    """Return `n_items` cut so that no user's days in order bring more than `limit` items in all."""
    total = np.cumsum(n_items)
    before = total - n_items
    start = np.concatenate([[True], user[1:] != user[:-1]])
    offset = np.maximum.accumulate(np.where(start, before, 0))
    return np.clip(limit - (before - offset), 0, n_items)


def _choose(utility: Floats, n: Ints, rng: np.random.Generator) -> Ints:
    """Return n_u items for each row of `utility` (B, M), in the order of the largest utility + Gumbel noise."""
    noisy = utility + rng.gumbel(size=utility.shape)
    order = np.argsort(-noisy, axis=1)
    return np.concatenate([row[:k] for row, k in zip(order, n, strict=True)])
