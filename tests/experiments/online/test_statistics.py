"""Intervals and tests over seeds, against numbers worked out elsewhere."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from serendip.experiments.online.statistics import (
    EXACT,
    LEVEL,
    Interval,
    clear,
    holm,
    mean_interval,
    paired_p_value,
    seeds_for_clarity,
    smallest_p_value,
)


def test_mean_interval_by_hand():
    # mean 2, s = 1, n = 3: 2 +- 4.3027 / sqrt(3)
    interval = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert interval.value == 2.0
    assert interval.low == pytest.approx(2.0 - 4.302653 / np.sqrt(3), abs=1e-5)
    assert interval.high == pytest.approx(2.0 + 4.302653 / np.sqrt(3), abs=1e-5)


@pytest.mark.parametrize(
    "values",
    [[4.0], [1.0, 3.0], [0.0, 0.0, 0.0, 0.0], [0.1 + 0.2, 0.3, 0.3, 0.3], [-1 / 30, -1 / 30, -1 / 30 - 1e-17]],
)
def test_nothing_is_said_of_two_seeds_or_of_values_that_are_equal_up_to_rounding(values):
    interval = mean_interval(np.array(values))
    assert interval.value == pytest.approx(np.mean(values))
    assert (interval.low, interval.high) == (None, None)
    assert not interval.excludes_zero()
    assert paired_p_value(np.array(values)) is None


def test_many_seeds_are_students():
    differences = np.random.default_rng(1).normal(0.3, 1.0, EXACT + 1)
    assert paired_p_value(differences) == pytest.approx(stats.ttest_1samp(differences, 0.0).pvalue, rel=1e-10)


def test_few_seeds_are_exact_by_hand():
    # |mean| of (1, 2, 3) is matched by (+++) and (---) alone: 2 of 8
    assert paired_p_value(np.array([1.0, 2.0, 3.0])) == 0.25
    assert paired_p_value(np.array([1.0, -1.0, 2.0, -2.0])) == 1.0
    # (1, 1, 1, 2): (+++ +) and (--- -) alone, 2 of 16; one visit a seed is no miracle
    assert paired_p_value(np.array([-1.0, -1.0, -1.0, -2.0])) == 0.125


@pytest.mark.parametrize("n", [3, 6, 9])
def test_exact_p_values_are_the_share_of_all_patterns_of_signs(n):
    differences = np.random.default_rng(n).normal(0.5, 1.0, n)
    signs = np.array(list(product((-1.0, 1.0), repeat=n)))
    share = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) * (1 - 1e-12))
    assert paired_p_value(differences) == pytest.approx(share)


def test_few_seeds_never_raise_a_false_alarm_too_often():
    # six skewed differences, 400 times, 4 tests at once: clear in more than 8.3% by chance once in 1,000
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        p_values = holm([paired_p_value(row) for row in rng.choice((-1.0, 1.0), (4, 9)) * rng.exponential(size=(4, 9))])
        alarms += any(p is not None and p < LEVEL for p in p_values)
    assert alarms <= 33


def test_how_many_seeds_a_verdict_takes():
    assert seeds_for_clarity(1) == 6  # 2 / 64 < .05
    assert seeds_for_clarity(9) == 9
    assert smallest_p_value(5, 1) == 0.0625
    assert smallest_p_value(8, 9) == pytest.approx(9 / 128)


def test_clear_takes_both_the_test_and_the_interval():
    assert clear(0.049, Interval(1.0, 0.1, 1.9))
    assert not clear(0.05, Interval(1.0, 0.1, 1.9))
    assert not clear(0.001, Interval(1.0, -0.1, 2.1))
    assert not clear(None, Interval(1.0, 0.1, 1.9))
    assert not clear(0.001, Interval(1.0, None, None))


def test_holm_by_hand():
    assert holm([0.01, 0.04, None, 0.03]) == [pytest.approx(0.03), pytest.approx(0.06), None, pytest.approx(0.06)]


def test_intervals_cover_as_often_as_they_say():
    # 4,000 samples of five normals: a 95% interval covers 95% of them; outside 93.6-96.4% by chance once in 25,000
    rng = np.random.default_rng(0)
    covers = [i.low < 0.0 < i.high for i in (mean_interval(row) for row in rng.normal(size=(4000, 5)))]  # type: ignore[operator]
    assert 0.936 < np.mean(covers) < 0.964
