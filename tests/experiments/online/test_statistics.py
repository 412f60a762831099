"""Intervals and tests over seeds, against numbers worked out elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from serendip.experiments.online.statistics import holm, mean_interval, paired_p_value, sign_flip_p_value


def test_mean_interval_by_hand():
    # mean 2, s = 1, n = 3: 2 +- 4.3027 / sqrt(3)
    interval = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert interval.value == 2.0
    assert interval.low == pytest.approx(2.0 - 4.302653 / np.sqrt(3), abs=1e-5)
    assert interval.high == pytest.approx(2.0 + 4.302653 / np.sqrt(3), abs=1e-5)


def test_one_seed_has_no_interval():
    interval = mean_interval(np.array([4.0]))
    assert (interval.value, interval.low, interval.high) == (4.0, None, None)
    assert not interval.excludes_zero()
    assert paired_p_value(np.array([4.0])) is None


def test_paired_p_value_is_students():
    differences = np.array([0.3, -0.1, 0.8, 0.5, 0.2])
    assert paired_p_value(differences) == pytest.approx(stats.ttest_1samp(differences, 0.0).pvalue, rel=1e-10)


def test_paired_p_value_without_spread():
    assert paired_p_value(np.zeros(4)) == 1.0
    assert paired_p_value(np.ones(4)) == 0.0


def test_sign_flips_by_hand():
    # |mean| of (1, 2, 3) is matched by (+++) and (---) alone: 2 of 8
    assert sign_flip_p_value(np.array([1.0, 2.0, 3.0])) == 0.25
    assert sign_flip_p_value(np.array([1.0, -1.0])) == 1.0


def test_holm_by_hand():
    assert holm([0.01, 0.04, None, 0.03]) == [pytest.approx(0.03), pytest.approx(0.06), None, pytest.approx(0.06)]


def test_intervals_cover_as_often_as_they_say():
    # 4,000 samples of five normals: a 95% interval covers 95% of them; outside 93.6-96.4% by chance once in 25,000
    rng = np.random.default_rng(0)
    covers = [i.low < 0.0 < i.high for i in (mean_interval(row) for row in rng.normal(size=(4000, 5)))]  # type: ignore[operator]
    assert 0.936 < np.mean(covers) < 0.964
