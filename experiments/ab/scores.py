"""What a design is worth: how far it is off, how often its sign is wrong, and after how long it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serendip.experiments.online.statistics import Interval, mean_interval
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats

HORIZONS = (7, 14, 28, 60, 120)


@dataclass(frozen=True, slots=True)
class Score:
    """What one design says of two agents, over worlds; differences B - A, in visits a user and day.

    Attributes:
        design: name of the design.
        a: the agent that is there.
        b: the agent that may replace it.
        worlds: how many were simulated.
        truth: difference between worlds apart, in the closing quarter.
        estimate: difference within one world, in the closing quarter.
        bias: mean paired error.
        wrong: share of the tests whose sign is not that of the mean truth.
        chance: that share for the truth itself, world by world: what the few users of one world make of it.
        right_after: days from which the mean of all tests so far has the sign of the truth, clearly; None: never.
    """

    design: str
    a: str
    b: str
    worlds: int
    truth: Interval
    estimate: Interval
    bias: Interval
    wrong: float
    chance: float
    right_after: int | None


def scored(name: str, agents: tuple[str, str], truths: Floats, tests: Floats) -> Score:
    """Return what a design was worth.

    Args:
        name: of the design.
        agents: A and B.
        truths: (worlds, days) differences between worlds apart.
        tests: (worlds, days) differences within a world; NaN on days when only one agent was there, as in a switchback.

    Raises:
        SettingsError: in some world one agent had nobody all the time.
    """
    empty = np.flatnonzero(np.isnan(tests).all(axis=1))
    if len(empty):
        raise SettingsError(
            f"{name}: in {len(empty)} of {len(tests)} worlds (the first is {empty[0]}) one agent had no users; "
            "give each world more"
        )
    days = truths.shape[1]
    last = slice(days - closing(days), None)
    truth, found = truths[:, last].mean(axis=1), difference(tests[:, last])
    sign = np.sign(truth.mean())
    return Score(
        name,
        *agents,
        len(truths),
        mean_interval(truth),
        mean_interval(found),
        mean_interval(found - truth),
        float(np.mean(np.sign(found) != sign)),
        float(np.mean(np.sign(truth) != sign)),
        right_after(tests, float(sign)),
    )


def closing(days: int) -> int:
    """Return the length of the closing quarter in days, at least two weeks where the test is as long as that."""
    return min(days, max(14, days // 4))


def difference(tests: Floats) -> Floats:
    """Return (worlds,) the mean over the days on which there is a difference."""
    return np.nanmean(tests, axis=1)


def right_after(tests: Floats, sign: float) -> int | None:
    """Return the first horizon at which the mean of visits so far has that sign, its 95% interval on that side of 0."""
    for horizon in sorted({*(h for h in HORIZONS if h < tests.shape[1]), tests.shape[1]}):
        if horizon < 14 and np.isnan(tests[:, :horizon]).all(axis=1).any():
            continue
        interval = mean_interval(difference(tests[:, :horizon]))
        if interval.excludes_zero() and np.sign(interval.value) == sign:
            return horizon
    return None


def switchback_differences(weeks: Sequence[Floats], period: int) -> Floats:
    """Return (days,) B - A of a switchback: each pair of weeks gives one difference, at the last day of the pair.

    Args:
        weeks: visits a user and day under A and under B, NaN where the other had the day.
        period: days that an agent has in a row.
    """
    a, b = weeks
    found = np.full(len(a), np.nan)
    for start in range(0, len(a) - 2 * period + 1, 2 * period):
        pair = slice(start, start + 2 * period)
        found[pair.stop - 1] = np.nanmean(b[pair]) - np.nanmean(a[pair])
    return found
