"""How many users and days a test needs to see a difference that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from serendip.experiments.uncertainty.cells import HORIZONS, Row
from serendip.experiments.uncertainty.contrasts import by_seed

LEVEL, POWER = 0.05, 0.8


@dataclass(frozen=True, slots=True)
class Power:
    """What a test of two halves needs.

    Attributes:
        days: length of the test, from the first day.
        lift: difference in days with a visit per user, relative to the one that is there.
        spread: standard deviation of these over users, in days.
        users: number of users, both halves together, for 80% power at a two-sided level of 5%.
    """

    days: int
    lift: float
    spread: float
    users: float


def power(rows: Sequence[Row], world: str, plus: str, minus: str) -> list[Power]:
    """Return what a test of two arms needs, by its length: n = 4 (z_.975 + z_.8)^2 sigma^2 / delta^2 users.

    Args:
        rows: what was found.
        world: name of the world.
        plus: name of the arm that may replace the other.
        minus: name of the arm that is there.
    """
    one, other = by_seed(rows, world, plus), by_seed(rows, world, minus)
    seeds = sorted(one.keys() & other.keys())
    found = list[Power]()
    for at, horizon in enumerate(HORIZONS):
        days = min(horizon, min((one[seed].days for seed in seeds), default=0))
        if not seeds or any(days == before.days for before in found):
            continue
        better, there = (np.array([arm[s].visits[at] for s in seeds]) for arm in (one, other))
        variance = float(np.mean([arm[s].spread[at] ** 2 for arm in (one, other) for s in seeds]))
        delta = float((better - there).mean())
        found.append(Power(days, delta / float(there.mean()), variance**0.5, users_for(delta, variance)))
    return found


def users_for(delta: float, variance: float) -> float:
    """Return the users, both halves together, that see a difference of `delta` with 80% power; infinity for none."""
    if delta == 0.0:
        return float("inf")
    return 4.0 * float(ndtri(1.0 - LEVEL / 2.0) + ndtri(POWER)) ** 2 * variance / delta**2
