"""Drift: 0 for a log that stays as it was, 1 for one that changes altogether."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.judging.drift import Drift
from serendip.experiments.offline.valuation import Method


def drift_of(item, n_items=10, batch=37):
    drift = Drift(n_items, len(item))
    for start in range(0, len(item), batch):
        drift.update(item[start : start + batch])
    return drift.finish()


def test_a_policy_that_stays_the_same_does_not_drift():
    # The square of the figure is chi^2 noise of mean 0 and standard deviation sqrt(2 * 9) / 2000: 6 of them.
    assert drift_of(np.random.default_rng(0).integers(0, 10, 2000)) < np.sqrt(6 * np.sqrt(18) / 2000)


def test_a_policy_that_shows_other_items_in_the_second_half_drifts_by_one():
    assert drift_of(np.repeat([0, 1], 500)) == pytest.approx(1.0)


def test_it_is_cramers_v_less_chance():
    rng = np.random.default_rng(1)
    item = np.concatenate([rng.integers(0, 4, 300), rng.integers(1, 6, 300)])
    table = np.stack([np.bincount(half, minlength=6) for half in (item[:300], item[300:])]).astype(float)
    expected = table.sum(1)[:, None] * table.sum(0) / 600
    phi = ((table - expected) ** 2 / expected).sum() / 600
    by_hand = np.sqrt(max(0.0, phi - 5 / 599) / min(1 - 1 / 599, 5 - 25 / 599))
    assert drift_of(item) == pytest.approx(by_hand, rel=1e-12)


def test_one_item_cannot_drift():
    assert drift_of(np.zeros(10, dtype=np.int64)) is None


def test_it_is_among_the_diagnostics(static_log):
    found = evaluate(static_log.path, "uniform", method=Method(("snips",), n_replicates=0)).diagnostics["drift"]
    assert 0.0 <= found < 0.2
