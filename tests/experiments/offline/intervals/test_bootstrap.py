"""The bootstrap over users: what it sums of one estimator depends on no other."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.offline.intervals import bootstrap


@pytest.mark.parametrize("n_users", [3, 1000, 5000])
def test_the_sums_of_a_column_are_the_same_bits_whatever_columns_are_beside_it(n_users):
    rng = np.random.default_rng(0)
    values, users = rng.normal(size=(n_users, 70)), np.arange(n_users)
    whole = bootstrap.weighted_sums(1, users, lambda rows: values[rows], 50)
    for n_columns in (2, 5, 6, 17, 42):
        some = rng.permutation(70)[:n_columns]
        found = bootstrap.weighted_sums(1, users, lambda rows, some=some: values[rows][:, some], 50)
        np.testing.assert_array_equal(found, whole[:, some])
