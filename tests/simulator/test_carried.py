"""Whether what a fitted world leaves open of visits is luck, or carries over to the next days."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.simulator.calibration.from_logs.visits import START, Course, carried
from serendip.simulator.dynamics.repertoire import Repertoire

N, DAYS = 400, 60
LOGS = np.log(START)


def course(excited, seed):
    """Return the course of users who come by Gamma(1, 10 days) rates, and more often after a visit if `excited`."""
    rng = np.random.default_rng(seed)
    rate, came = rng.gamma(1.0, 0.1, N), np.zeros((N, DAYS), bool)
    for day in range(DAYS):
        again = 0.0 if day == 0 else excited * came[:, day - 1]
        came[:, day] = rng.random(N) < -np.expm1(-np.minimum(rate + again, 2.5))
    none = np.zeros((N, DAYS))
    return Course(came, np.zeros(N, dtype=np.int64), none, np.zeros((N, 4)), [], Repertoire())


@pytest.mark.parametrize("seed", range(3))
def test_luck_does_not_carry_over(seed):
    assert carried(LOGS, course(0.0, seed)) < 3.0  # a standard normal, less a little: false alarms 1 in 700 each


@pytest.mark.parametrize("seed", range(3))
def test_visits_that_bring_visits_are_seen(seed):
    assert carried(LOGS, course(0.3, seed)) > 6.0
