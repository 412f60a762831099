"""Parts of intervals beside slow references: regression on controls, tails, levels, what a bound asks of the sums."""

from __future__ import annotations

from itertools import combinations_with_replacement
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serendip.experiments.offline.intervals.bounds import EMPIRICAL_BERNSTEIN, HOEFFDING, empirical_bernstein, hoeffding
from serendip.experiments.offline.intervals.combined import _where_finite
from serendip.experiments.offline.intervals.distribution import levels_from, levels_of
from serendip.experiments.offline.intervals.estimate import controlled
from serendip.experiments.offline.intervals.serial import SerialSums
from serendip.experiments.offline.intervals.spread import _controlled
from serendip.experiments.offline.intervals.sums import COUNT
from serendip.experiments.offline.intervals.tails import Sizes, pareto_shape

assert COUNT == 0
PAIRS = list(combinations_with_replacement(range(4), 2))
COLUMNS: Any = SimpleNamespace(pairs=PAIRS, numerator=[1], controls=[(2, 3)])


def users(scale: float) -> Any:
    """Sums of 30 users: slots, numerator, and two controls that tell something of it."""
    rng = np.random.default_rng(4)
    slots = rng.integers(1, 9, 30).astype(float)
    controls = slots[:, None] * 0.2 + rng.normal(size=(30, 2)) * [1.0, 2.0]
    numerator = 0.5 * slots + controls @ [0.7, -0.3] + rng.normal(size=30) * 0.4
    return np.column_stack([slots, scale * numerator, controls])


def regressed(sums: Any) -> tuple[Any, Any]:
    """Centred columns, and the slopes of the first on the others."""
    slots = sums[:, 0]
    centred = sums[:, 1:] - np.outer(slots, sums[:, 1:].sum(axis=0) / slots.sum())
    return centred, np.linalg.lstsq(centred[:, 1:], centred[:, 0], rcond=None)[0]


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_controls_are_taken_off_as_a_regression_over_users_does(scale: float) -> None:
    sums = users(scale)
    products = np.array([[sums[:, a] @ sums[:, b] for a, b in PAIRS]])
    moments: Any = SimpleNamespace(sums=sums.sum(axis=0)[None], products=products, n_users=30)
    value, error = controlled(COLUMNS, moments, 0)
    centred, slopes = regressed(sums)
    n, total = sums[:, 0].sum(), sums.sum(axis=0)
    assert value[0] == pytest.approx((total[1] - slopes @ total[2:]) / n, rel=1e-9)
    left = centred[:, 0] - centred[:, 1:] @ slopes
    assert error[0] == pytest.approx(np.sqrt(left @ left * 30 / 27) / n, rel=1e-9)
    share, below = _controlled(COLUMNS, 0, sums)
    np.testing.assert_allclose(share, left / n, atol=1e-12)
    np.testing.assert_allclose(below, sums[:, 0] / n)


def test_sizes_are_counted_each_once() -> None:
    sizes, other = Sizes(), Sizes()
    values = np.array([0.0, 1.0, -1.0, 3.0, 100.0])
    sizes.update(values)
    sizes.update(values[:2])
    other.update(values)
    sizes.merge(other)
    assert sum(sizes.counts.values()) == 9
    assert sorted(sizes.counts.values()) == [2, 2, 5]


def test_the_shape_of_a_tail_beside_the_published_steps() -> None:
    """Zhang & Stephens (2009), with the prior of Vehtari et al.: a value at a time."""
    values = np.sort(np.random.default_rng(0).pareto(2.0, 400) + 0.1)
    m = int(min(0.2 * 400, 3 * np.sqrt(400)))
    x = values[-m:] - values[-m - 1]
    quartile = x[int(np.ceil(m / 4)) - 1]
    n_grid = 30 + int(np.sqrt(m))
    theta = [1 / x[-1] + (1 - np.sqrt(n_grid / (j - 0.5))) / (3 * quartile) for j in range(1, n_grid + 1)]
    shapes = [np.mean(np.log1p(-one * x)) for one in theta]
    likelihood = np.array([m * (np.log(-one / k) - k - 1) for one, k in zip(theta, shapes, strict=True)])
    weight = np.exp(likelihood - likelihood.max())
    slope = weight @ theta / weight.sum()
    expected = (np.mean(np.log1p(-slope * x)) * m + 0.5 * 10) / (m + 10)
    assert pareto_shape(values, np.ones(400)) == pytest.approx(expected, rel=1e-9)


def test_ends_that_are_infinite_are_the_estimate() -> None:
    assert _where_finite((-np.inf, 2.0), 1.0) == (1.0, 2.0)
    assert _where_finite((0.5, np.inf), 1.0) == (0.5, 1.0)
    assert _where_finite((0.5, 2.0), 1.0) == (0.5, 2.0)


def test_a_log_without_rows_has_the_levels_of_no_reward() -> None:
    empty: Any = SimpleNamespace(n_rows=0, batches=lambda: iter(()))
    for found, wanted in zip(levels_of(empty), levels_from(np.zeros(0)), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert len(levels_of(empty)[0]) == len(levels_from(np.zeros(0))[0])


def test_what_the_bounds_ask_of_the_sums() -> None:
    """The variance is of users' sums less the lowest that each could have been."""
    sums, low = users(1.0), -0.5
    slots, numerator = sums[:, 0], sums[:, 1]
    squares = {(0, 0): slots @ slots, (0, 1): slots @ numerator, (1, 1): numerator @ numerator}
    q: Any = SimpleNamespace(
        products=lambda pairs: [squares[pair] for pair in pairs],
        columns=COLUMNS, e=0, term=(low, 2.0), n_users=30, value=0.3,
        moments=SimpleNamespace(sums=sums.sum(axis=0)[None], most=slots.max()),
    )  # fmt: skip
    variance = float((numerator - low * slots).var(ddof=1))
    expected = empirical_bernstein(0.3, 2.5, slots.sum(), slots.max(), variance, 30)
    np.testing.assert_allclose(EMPIRICAL_BERNSTEIN.make(q), expected)
    np.testing.assert_allclose(HOEFFDING.make(q), hoeffding(0.3, 2.5, slots.sum(), squares[0, 0]))


def rows(user: Any, weighted: Any) -> Any:
    """Slots of weight 1."""
    return SimpleNamespace(user=user, weighted=weighted, weight=np.ones(len(user)))


def test_neighbours_of_two_users_are_correlated_as_pairs_are() -> None:
    rng = np.random.default_rng(5)
    walk = np.cumsum(rng.normal(size=80))
    user, weight = np.repeat(np.arange(40), 2), rng.uniform(0.5, 2.0, 80)
    slots: Any = SimpleNamespace(user=user, weighted=walk * weight, weight=weight)
    sums = SerialSums()
    sums.update(slots)
    apart = user[1:] != user[:-1]
    one, two = (walk * weight)[:-1][apart], (walk * weight)[1:][apart]
    assert sums.correlation() == pytest.approx(np.corrcoef(one, two)[0, 1], rel=1e-9)
    np.testing.assert_allclose(
        sums.squares, [(walk * weight) @ (walk * weight), (walk * weight) @ weight, weight @ weight]
    )
    few = SerialSums()
    few.update(rows(np.array([0, 0, 1, 2]), np.arange(4.0)))
    assert few.correlation() is None  # two pairs
    flat = SerialSums()
    flat.update(rows(np.arange(9), np.ones(9)))
    assert flat.correlation() is None
    nearly = SerialSums()
    nearly.update(rows(np.arange(9), 1.0 + 1e-3 * np.arange(9.0)))
    assert nearly.correlation() == pytest.approx(1.0)


def test_what_does_not_vary_has_no_error_whatever_the_controls() -> None:
    sums = users(1.0)
    sums[:, 1] = 0.25 * sums[:, 0]
    products = np.array([[sums[:, a] @ sums[:, b] for a, b in PAIRS]])
    moments: Any = SimpleNamespace(sums=sums.sum(axis=0)[None], products=products, n_users=30)
    value, error = controlled(COLUMNS, moments, 0)
    assert value[0] == pytest.approx(0.25)
    assert error[0] == 0.0
