"""Differences between targets: paired over users, far narrower than apart, and with the sign of the truth."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import SettingsError

RATES = np.array([0.2, 0.5, 0.8])
ONE, OTHER = np.array([0.1, 0.3, 0.6]), np.array([0.12, 0.3, 0.58])


def table(path, seed=0, n_users=400):
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(n_users), 5)
    item = rng.integers(0, 3, len(user))
    columns = {"user_id": user, "item": item, "reward": (rng.random(len(user)) < RATES[item]) * 1.0}
    columns |= {"propensity": np.full(len(user), 1 / 3), "pi": ONE[item], "pj": OTHER[item]}
    pq.write_table(pa.table(columns), path)
    return path


def test_a_difference_is_far_less_noisy_than_two_values(tmp_path):
    found = evaluate(table(tmp_path / "log.parquet"), target_column="pi", against="pj", method=Method(("snips",)))
    d, truth = found.difference, float((ONE - OTHER) @ RATES)
    assert d.low <= truth <= d.high  # one seeded log, as 95 of 100
    assert d.low < d.value < d.high
    assert d.standard_error < 0.1 * found.estimates["snips"].standard_error
    same = evaluate(tmp_path / "log.parquet", target_column="pi", against="pi", method=Method(("snips",))).difference
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    back = evaluate(tmp_path / "log.parquet", target_column="pj", against="pi", method=Method(("snips",))).difference
    assert back.value == pytest.approx(-d.value)


def test_agents_are_compared_with_the_reward_models_help(static_log):
    found = evaluate(static_log.path, "popularity", against="uniform", method=Method(n_replicates=50))
    assert found.difference.against == "uniform"
    alone = evaluate(static_log.path, "uniform", method=Method(n_replicates=50)).estimates["beta_dr"].value
    assert found.difference.value == pytest.approx(found.estimates["beta_dr"].value - alone, abs=0.02)
    assert found.estimates == evaluate(static_log.path, "popularity", method=Method(n_replicates=50)).estimates


def test_without_users_nothing_is_paired(tmp_path):
    file = table(tmp_path / "log.parquet")
    pq.write_table(pq.read_table(file).drop_columns(["user_id"]), file)
    with pytest.raises(SettingsError, match="paired over users, and the log has no user column"):
        evaluate(file, target_column="pi", against="pj", method=Method(("snips",)))


def test_a_pipeline_can_require_a_verdict(tmp_path, capsys):
    command = ["evaluate", str(table(tmp_path / "log.parquet", n_users=3)), "--target-column", "pi"]
    assert main([*command, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "weak"
    assert main([*command, "--require", "weak"]) == 0
    capsys.readouterr()
    assert main([*command, "--require", "reliable"]) == 3
    assert "the verdict is weak; reliable was required" in capsys.readouterr().err


@pytest.mark.slow
def test_the_interval_of_a_difference_covers(tmp_path):
    truth, hits = float((ONE - OTHER) @ RATES), 0
    for seed in range(200):
        file = table(tmp_path / "log.parquet", seed, 80)
        d = evaluate(file, target_column="pi", against="pj", method=Method(("snips",), n_replicates=200)).difference
        hits += d.low <= truth <= d.high
    assert hits >= 180  # at 95% fewer come up in 1 of 250 such tests
