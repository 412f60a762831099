"""Propensities that a log lacks: estimated, marked, and refused where they are there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.reading.opening import TableOptions
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError

QUICK = Method(("ips", "snips"), n_replicates=0)


def write(path, n=6000, with_propensity=False):
    rng = np.random.default_rng(0)
    taste, place = rng.normal(size=n), rng.integers(1, 3, n)
    pull = np.stack([0.0 * taste, taste, -taste + 0.5 * place], axis=1)
    chance = np.exp(pull) / np.exp(pull).sum(axis=1, keepdims=True)
    item = (rng.random(n)[:, None] > np.cumsum(chance, axis=1)).sum(axis=1)
    columns = {"item": item, "position": place, "taste": taste, "who": rng.integers(0, 500, n)}
    columns |= {"reward": (rng.random(n) < 0.2 + 0.2 * item).astype(float), "pi": np.full(n, 1 / 3)}
    if with_propensity:
        columns["propensity"] = chance[np.arange(n), item]
    pq.write_table(pa.table(columns), path)
    return path, columns, chance[np.arange(n), item]


def test_frequency_is_how_often_an_item_stands_at_a_position(tmp_path):
    path, columns, _ = write(tmp_path / "log.parquet")
    source = TableSource(path, {"target": "pi"}, propensity_model="frequency")
    (logged,) = source.batches()
    for row in (0, 17, 4000):
        same = columns["position"] == columns["position"][row]
        share = np.mean(columns["item"][same] == columns["item"][row])
        assert logged.propensity[row] == pytest.approx(share, rel=1e-12)


def test_a_regression_finds_what_the_context_does(tmp_path):
    pytest.importorskip("sklearn")
    path, _, truth = write(tmp_path / "log.parquet")
    source = TableSource(path, {"target": "pi"}, propensity_model="logistic", context=("taste",))
    (logged,) = source.batches()
    # the model is the true one: 6 coefficients from 6,000 rows leave an error of 1-3% each
    assert np.mean(np.abs(logged.propensity - truth)) < 0.02


def test_estimated_propensities_are_marked_and_weak_at_most(tmp_path):
    pytest.importorskip("sklearn")
    path, _, _ = write(tmp_path / "log.parquet")
    table = TableOptions(propensity_model="logistic", context=("taste",))
    evaluation = evaluate(path, columns=("user=who",), target_column="pi", method=QUICK, table=table)
    estimate = evaluation.estimates["snips"]
    assert abs(estimate.value - 0.4) < 5 * estimate.standard_error
    assert evaluation.verdict == "weak"
    assert "Propensities are estimated, not logged." in evaluation.reasons
    assert evaluation.diagnostics["propensities_estimated"] == 1.0
    assert any("estimated by the model `logistic`" in note for note in evaluation.notes)


def test_propensities_that_are_there_are_not_estimated(tmp_path):
    path, _, _ = write(tmp_path / "log.parquet", with_propensity=True)
    with pytest.raises(SettingsError, match=r"has a column with the propensity \(propensity\)"):
        evaluate(path, target_column="pi", method=QUICK, table=TableOptions(propensity_model="frequency"))


def test_without_a_model_the_way_out_is_said(tmp_path):
    path, _, _ = write(tmp_path / "log.parquet")
    with pytest.raises(DataError, match=r"no column with the propensity; say which it is, .* or let it be estimated"):
        evaluate(path, target_column="pi", method=QUICK)
    options = TableOptions(propensity_model="logistic", context=("price",))
    with pytest.raises(DataError, match=r"no column 'price' \(context\)"):
        evaluate(path, target_column="pi", method=QUICK, table=options)


def test_a_declared_range_gives_intervals_with_a_guarantee(tmp_path):
    path, _, _ = write(tmp_path / "log.parquet", with_propensity=True)
    method = Method(("ips", "clipped_ips"), n_replicates=0)
    options = TableOptions(reward_range=(0.0, 1.0))
    evaluation = evaluate(path, columns=("user=who",), target_column="pi", method=method, table=options)
    assert {"hoeffding", "empirical_bernstein"} <= set(evaluation.estimates["clipped_ips"].others)
    with pytest.raises(DataError, match=r"allowed is 0 to 0\.5"):
        evaluate(path, target_column="pi", method=method, table=TableOptions(reward_range=(0.0, 0.5)))


def test_a_log_of_our_own_needs_no_declaration(static_log):
    with pytest.raises(SettingsError, match="nothing is to be declared"):
        evaluate(static_log.path, "uniform", table=TableOptions(reward_range=(0.0, 1.0)))
