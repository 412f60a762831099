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
    """Return a history as the fitted world would have made it, of as many people watched for as long.

    As in the world, people are resampled from those seen.  Days are drawn from the rates.  Each person likes as many
    items as in the data, so that what is held against it is which ones; they are drawn one after the other, without
    replacement, by the multinomial logit of the utilities.

    Args:
        history: the positives of the data.
        activity: when people were active.
        rates: how often people come and when they leave, as fitted.
        taste: (N, d) tastes of the users.
        factors: (M, d) factors of the items.
        quality: (M,) quality of each item.
        rng: generator of the draws.
    """
    user, day = draw_days(rates, activity.watched, rng)
    person = rng.integers(len(taste), size=len(taste))
    total = np.bincount(history.user, minlength=len(taste))[person]
    item = [
        _choose(taste[some] @ factors.T + quality, total[start : start + BLOCK], rng)
        for start in range(0, len(taste), BLOCK)
        if len(some := person[start : start + BLOCK])
    ]
    who = np.repeat(np.arange(len(taste)), total)
    return History(who, np.concatenate(item), np.zeros_like(who), history.people, history.kept, user, day)


def _choose(utility: Floats, n: Ints, rng: np.random.Generator) -> Ints:
    """Return n_u items for each row of `utility` (B, M), in the order of the largest utility + Gumbel noise."""
    noisy = utility + rng.gumbel(size=utility.shape)
    order = np.argsort(-noisy, axis=1)
    return np.concatenate([row[:k] for row, k in zip(order, n, strict=True)])
