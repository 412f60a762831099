"""A test with as many users as are said sees the difference four times in five."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from serendip.experiments.uncertainty.power import users_for


def test_four_of_five_tests_of_that_size_see_it() -> None:
    n, rng = users_for(0.2, 1.0), np.random.default_rng(0)
    assert n == pytest.approx(785, abs=1)  # 2 x 392 by the usual tables
    half = round(n / 2)
    a, b = rng.normal(0.0, 1.0, (2000, half)), rng.normal(0.2, 1.0, (2000, half))
    seen = (stats.ttest_ind(a, b, axis=1).pvalue < 0.05).mean()
    assert abs(seen - 0.8) < 4 * np.sqrt(0.16 / 2000)  # four errors


def test_no_difference_is_never_seen() -> None:
    assert users_for(0.0, 1.0) == float("inf")
