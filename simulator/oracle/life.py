"""A whole life under an oracle: what could be reached by who knows everything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.simulator.arrays import to_numpy
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.oracle.slates import Oracle
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.world import World


@dataclass(frozen=True, slots=True)
class OracleLife:
    """What happened on each of D days.

    Attributes:
        visitors: (D, 3) users who came, by activity group (low, middle, high).
        slates: (D,) slates shown.
        clicks: (D,) clicks on them.
    """

    visitors: Ints
    slates: Ints
    clicks: Ints


def live_under(world: World, oracle: Oracle, n_days: int) -> OracleLife:
    """Return the life of a world in which `oracle` chooses every slate, under the luck that agents meet too."""
    state, n_groups = world.start(), len(ACTIVITY_GROUPS)
    visitors = np.zeros((n_days, n_groups), np.int64)
    slates, clicks = np.zeros(n_days, np.int64), np.zeros(n_days, np.int64)
    for day in range(n_days):
        users, n_slates = world.come(state, day)
        visitors[day] = np.bincount(world.groups[to_numpy(users)], minlength=n_groups)
        for visit in range(int(to_numpy(n_slates).max(initial=0))):
            here = users[n_slates > visit]
            items = world.place(oracle.slates(world, state, day, here))
            clicks[day] += int(to_numpy(world.show(state, day, visit, here, items)).sum())
            slates[day] += int(here.shape[0])
        world.night(state, day)
    return OracleLife(visitors, slates, clicks)


def gap_closed(agent: Floats, reference: Floats, oracle: Floats) -> float:
    """Return the share of the gap from `reference` to `oracle` that `agent` closes, from (n_seeds,) values of each.

    The ratio of the mean differences, not the mean of ratios: a seed with a small gap weighs little.  NaN where there
    is no gap.
    """
    gap = float(np.mean(oracle - reference))
    return float(np.mean(agent - reference)) / gap if gap > 0.0 else float("nan")
