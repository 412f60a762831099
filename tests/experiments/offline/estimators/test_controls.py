"""Control variates: the value is that of a regression over users, and a bad reward model costs nothing."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation


def some_slots(seed=0, n_users=200, quality=1.0):
    """Return slots of users with 1 to 6 rounds each, and a model that is right in a share `quality` of what it says."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(n_users), rng.integers(1, 7, n_users))
    rates, logging, target = np.array([0.2, 0.5, 0.8]), np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    item = rng.choice(3, size=len(user), p=logging)
    model = quality * rates + (1.0 - quality) * rates[::-1]
    reward = (rng.random(len(user)) < rates[item]).astype(float)
    shown = user, reward, logging[item], target[item]
    return Slots(*shown, model[item], np.full(len(user), model @ target)), float(rates @ target)


def estimates_of(parts, names):
    valuation = Valuation(Method(names, n_replicates=50))
    for part in parts:
        valuation.update(part)
    return valuation.finish().estimates((0.0, 1.0))


def by_regression(slots, controls):
    """Return value and standard error by least squares on users' sums, each less its share by the slots."""
    n_users, n = len(np.unique(slots.user)), len(slots)
    sums = [np.bincount(slots.user, column) for column in (slots.weight * slots.reward, *controls)]
    counts = np.bincount(slots.user)
    off = [total - total.sum() / n * counts for total in sums]
    slopes = np.linalg.lstsq(np.stack(off[1:], axis=1), off[0], rcond=None)[0]
    residual = off[0] - np.stack(off[1:], axis=1) @ slopes
    value = (sums[0].sum() - sum(b * total.sum() for b, total in zip(slopes, sums[1:], strict=True))) / n
    return value, np.sqrt(np.sum(residual**2) * n_users / (n_users - 1 - len(controls))) / n


def test_the_value_is_a_regression_over_users():
    slots, _ = some_slots(quality=0.4)
    found = estimates_of([slots.rows(slice(0, 300)), slots.rows(slice(300, None))], ("beta_ips", "beta_dr"))
    modelled = slots.weight * slots.predicted - slots.expected
    for name, controls in (("beta_ips", [slots.weight - 1.0]), ("beta_dr", [slots.weight - 1.0, modelled])):
        value, error = by_regression(slots, controls)
        assert found[name].value == pytest.approx(value, rel=1e-10)
        assert found[name].standard_error == pytest.approx(error, rel=1e-10)


def test_it_is_no_noisier_than_what_it_mixes_whatever_the_model():
    for quality in (0.0, 0.5, 1.0):  # in long logs; the slopes cost a share of 1 / users of the variance
        slots, truth = some_slots(1, 3000, quality)
        found = estimates_of([slots], ("ips", "snips", "dr", "beta_ips", "beta_dr"))
        error = {name: e.standard_error for name, e in found.items()}
        assert error["beta_ips"] <= 1.001 * min(error["ips"], error["snips"])
        assert error["beta_dr"] <= 1.001 * min(error["beta_ips"], error["dr"])
        assert abs(found["beta_dr"].value - truth) < 5 * error["beta_dr"]  # one seeded log a model: 1 in 10^6


def test_controls_that_say_the_same_or_nothing_change_nothing():
    slots, _ = some_slots(2)
    flat = Slots(slots.user, slots.reward, slots.propensity, slots.target, *2 * [np.full(len(slots), 0.3)])
    found = estimates_of([flat], ("beta_ips", "beta_dr"))  # a constant model: both controls are the excess weight
    assert found["beta_dr"].value == pytest.approx(found["beta_ips"].value, rel=1e-9)
    same = Slots(slots.user, slots.reward, slots.propensity, slots.propensity, *2 * [np.full(len(slots), 0.3)])
    found = estimates_of([same], ("ips", "beta_ips", "beta_dr"))  # all weights are 1: nothing to go by
    assert found["beta_dr"].value == found["beta_ips"].value == found["ips"].value


@pytest.mark.slow
def test_its_interval_covers():
    hits = 0
    for seed in range(400):
        slots, truth = some_slots(seed + 10, 60, 0.5)
        found = estimates_of([slots], ("beta_dr",))["beta_dr"]
        hits += found.low <= truth <= found.high
    assert hits >= 400 * 0.92  # at 95% fewer come up in 1 of 200 such tests
