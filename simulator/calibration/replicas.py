"""Interactions drawn from a fitted world, to hold against the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from serendip.simulator.calibration.drawing import draw_items
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
    rngs: Sequence[np.random.Generator],
) -> Iterator[History]:
    """Yield histories as the fitted world would have made them, of as many people watched for as long.

    As in the world, people are resampled from those seen.  Days are drawn from the rates.  Each person likes as many
    items as in the data, so that what is held against it is which ones; they are drawn one after the other, without
    replacement, by the multinomial logit of the utilities.

    Args:
        history: the data.
        activity: when its people came.
        rates: how often people come.
        taste: (N, d) their tastes.
        factors: (M, d) what tastes are multiplied with.
        quality: (M,) worth of each item to everybody.
        rngs: what each history is drawn from.
    """
    n, counts = len(taste), np.bincount(history.user, minlength=len(taste))
    drawn = [draw_days(rates, activity.watched, rng) for rng in rngs]
    people = [np.sort(rng.integers(n, size=n)) for rng in rngs]
    chosen = [list[Ints]() for _ in rngs]
    for start in range(0, n, BLOCK):
        weight = _weights(taste[start : start + BLOCK], factors, quality)
        for person, items, rng in zip(people, chosen, rngs, strict=True):
            some = person[np.searchsorted(person, start) : np.searchsorted(person, start + BLOCK)]
            items.append(draw_items(weight, some - start, counts[some], rng))
    for (user, day), person, items in zip(drawn, people, chosen, strict=True):
        who = np.repeat(np.arange(n), counts[person])
        yield History(who, np.concatenate(items), np.zeros_like(who), history.people, history.kept, user, day)


def _weights(taste: Floats, factors: Floats, quality: Floats) -> Floats:
    """Return (B, M) e^utility, as shares of each person's largest."""
    utility = taste @ factors.T + quality
    return np.exp(utility - utility.max(axis=1, keepdims=True))
