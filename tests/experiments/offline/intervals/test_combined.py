"""Tails, users' shares and the interval that is made of them, against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.offline.intervals.spread import crowd_of, difference_of, spread_of
from serendip.experiments.offline.intervals.sums import Columns
from serendip.experiments.offline.intervals.tails import Sizes, hill_shape, pareto_shape
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method, Valuation

RATIO = Columns((2, 4), (1, 1), (None, 3), ((), ()))  # N / W, and N' / W + B / count


@pytest.mark.parametrize("shape", [0.2, 0.6, 1.0])
def test_the_shape_of_a_pareto_tail_is_found(shape):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(20):
        sizes = Sizes()
        for values in np.array_split(rng.random(4000) ** -shape, 3):
            part = Sizes()
            part.update(np.where(rng.random(len(values)) < 0.5, values, -values))
            sizes.merge(part)
        found.append(sizes.shape())
    # a shape from 190 values has a standard error of about (1 + k) / sqrt(190), and is pulled towards 1/2 by 5%
    pulled = (shape * 190 + 5) / 200
    assert np.mean(found) == pytest.approx(pulled, abs=4.5 * (1 + shape) / np.sqrt(190 * 20) + 0.03)


def test_what_comes_in_few_sizes_has_no_tail():
    assert pareto_shape(np.array([1.0, 2.0, 30.0]), np.array([100.0, 20.0, 3.0])) is None
    sizes = Sizes()
    sizes.update(np.zeros(5))
    assert sizes.shape() is None


def test_a_standard_error_without_each_user_is_that_of_the_jackknife():
    rng = np.random.default_rng(2)
    sums = np.column_stack([np.full(12, 3.0), rng.random(12) + 0.5, rng.random(12), rng.random(12), rng.random(12)])
    for e in (0, 1):
        spread = spread_of(RATIO, e, sums)
        left = [np.delete(sums, u, axis=0) for u in range(12)]
        values = [s[:, 2 if e == 0 else 4].sum() / s[:, 1].sum() for s in left]
        if e == 1:
            continue  # of two ratios the shares are left out to first order alone
        by_hand = np.sqrt(11 / 12 * np.sum((np.array(values) - sums[:, 2].sum() / sums[:, 1].sum()) ** 2))
        assert spread.error == pytest.approx(by_hand, rel=1e-12)
        assert 1.0 <= spread.degrees <= 11.0


def test_degrees_of_freedom_fall_where_one_user_carries_all():
    rng = np.random.default_rng(3)
    even = np.column_stack([np.ones(200), np.ones(200), rng.normal(size=200)])
    columns = Columns((2,), (1,), (None,), ((),))
    assert spread_of(columns, 0, even).degrees > 100.0
    even[0, 2] = 1000.0
    assert spread_of(columns, 0, even).degrees < 3.0


def test_users_in_effect_are_those_of_kish():
    sums = np.column_stack([np.array([1.0, 1.0, 2.0]), np.array([0.5, 0.5, 1.0])])
    crowd = crowd_of(sums)
    assert crowd.effective == pytest.approx(16 / 6)
    assert crowd.weighed == pytest.approx(4 / 1.5)
    assert crowd.tail is None


def test_two_estimates_of_the_same_users_differ_by_less_than_either_is_unsure():
    rng = np.random.default_rng(4)
    base = rng.random(300)
    sums = np.column_stack([np.ones(300), np.ones(300), base, 0.1 * np.ones(300), base])
    value, error = difference_of(RATIO, 1, 0, sums)
    assert value == pytest.approx(0.1)
    assert error == pytest.approx(0.0, abs=1e-15)


def test_an_interval_knows_that_large_weights_may_have_met_no_reward():
    rng = np.random.default_rng(5)
    weight = np.where(rng.random(1000) < 0.02, 25.0, 0.5)
    reward = np.where(weight == 0.5, rng.random(1000) < 0.2, 0.0).astype(float)
    valuation = Valuation(Method(("snips",), n_replicates=200))
    valuation.update(slots(np.arange(1000), reward, np.full(1000, 0.02), weight * 0.02))
    found = valuation.finish().estimates((0.0, 1.0))["snips"]
    low, high = found.others["bootstrap"]
    assert found.low <= low
    assert found.high > high + 0.05


def test_a_heavy_tail_of_rewards_widens_by_what_was_not_seen():
    rng = np.random.default_rng(6)
    tail, thin = rng.random(2000) ** -0.5, 1.0 + rng.random(2000)
    found = []
    for reward in (tail, thin):
        valuation = Valuation(Method(("snips",), n_replicates=100))
        valuation.update(slots(np.arange(2000), reward, np.full(2000, 0.5), np.full(2000, 0.5)))
        value = valuation.finish()
        found.append((value.reward_tail, value.estimates((0.0, reward.max()))["snips"]))
    (heavy, one), (light, other) = found
    assert heavy > 0.3 > -0.15 > light
    shape = min(heavy + 0.15, 0.8)
    largest = (tail.max() - tail.mean()) / 2000
    # what is beyond the largest comes on top of the widest of the three others
    assert one.high >= one.others["bootstrap"][1] + 0.99 * shape / (1 - shape) * largest
    assert other.high <= 1.01 * max(other.others["bootstrap"][1], other.others["korn_graubard"][1])


def test_hill_tells_heavy_users_from_others():
    rng = np.random.default_rng(7)
    heavy = [hill_shape((rng.random(1000) ** (-1 / 1.2)).astype(float) // 1) for _ in range(20)]
    light = [hill_shape(1.0 + rng.poisson(3, 1000)) for _ in range(20)]
    assert min(heavy) > 0.5 > max(light)
    assert hill_shape(np.ones(99)) is None
    assert hill_shape(np.ones(100)) == 0.0
