"""Every estimator against a slow, obvious reference, and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serendip.experiments.offline import estimators
from serendip.experiments.offline.slots import Slots
from serendip.simulator.interface import SettingsError


def value_of(name, slots, **tuning):
    terms = estimators.make(name, tuning)(slots)
    denominator = np.ones(len(slots)) if terms.denominator is None else terms.denominator
    return terms.numerator.sum() / denominator.sum()


def slow_ips(rows, clip):
    return sum(r * t / p for r, p, t, q, e in rows) / len(rows)


def slow_clipped_ips(rows, clip):
    return sum(r * min(t / p, clip) for r, p, t, q, e in rows) / len(rows)


def slow_snips(rows, clip):
    return sum(r * t / p for r, p, t, q, e in rows) / sum(t / p for r, p, t, q, e in rows)


def slow_dm(rows, clip):
    return sum(e for r, p, t, q, e in rows) / len(rows)


def slow_dr(rows, clip):
    return sum(e + t / p * (r - q) for r, p, t, q, e in rows) / len(rows)


SLOW = {"ips": slow_ips, "clipped_ips": slow_clipped_ips, "snips": slow_snips, "dm": slow_dm, "dr": slow_dr}


@st.composite
def logs(draw):
    n = draw(st.integers(1, 30))
    share, positive = st.floats(0.0, 1.0), st.floats(0.01, 1.0)
    return [(draw(share), draw(positive), draw(positive), draw(share), draw(share)) for _ in range(n)]


def slots_of(rows):
    reward, propensity, target, predicted, expected = np.array(rows, dtype=float).T
    return Slots(np.arange(len(rows)), reward, propensity, target, predicted, expected)


def test_every_registered_estimator_has_a_slow_reference():
    assert set(SLOW) >= set(estimators.ESTIMATORS)


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
@settings(max_examples=60, deadline=None)
@given(rows=logs(), clip=st.floats(0.5, 20.0))
def test_it_equals_the_slow_reference(name, rows, clip):
    assert value_of(name, slots_of(rows), clip=clip) == pytest.approx(SLOW[name](rows, clip), rel=1e-12, abs=1e-12)


# Four slots: reward, propensity, target, predicted, expected; weights 2, 1/2, 1, 4.
BY_HAND = [
    (1.0, 0.25, 0.5, 0.5, 0.25),
    (0.0, 0.5, 0.25, 0.5, 0.5),
    (1.0, 0.5, 0.5, 0.75, 0.5),
    (0.0, 0.125, 0.5, 0.0, 0.75),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ips", 3.0 / 4.0),
        ("clipped_ips", 2.5 / 4.0),  # weights cut at 1.5: 1.5 + 1
        ("snips", 3.0 / 7.5),
        ("dm", 2.0 / 4.0),
        ("dr", (2.0 + 2 * 0.5 - 0.5 * 0.5 + 1 * 0.25 + 0.0) / 4.0),
    ],
)
def test_it_equals_the_numbers_by_hand(name, value):
    assert value_of(name, slots_of(BY_HAND), clip=1.5) == pytest.approx(value, abs=1e-15)


def test_an_unknown_estimator_is_named_with_the_known_ones():
    with pytest.raises(SettingsError, match="unknown estimator 'magic'; known estimators: ips, clipped_ips"):
        estimators.make("magic")
