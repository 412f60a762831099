"""Logs in which all rewards are alike, propensities are tiny, or a further weight is off: numbers, not tracebacks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.intervals.distribution import levels_from
from serendip.experiments.offline.reading.opening import TableOptions
from serendip.experiments.offline.valuation import Method


def table(path, **columns):
    n = len(columns["reward"])
    pq.write_table(pa.table({"user_id": np.arange(n), "propensity": np.full(n, 0.5)} | columns), path)
    return path


@pytest.mark.parametrize("reward", [0.1, 0.99, 1.0, 2.5, 3.0, 0.0])
def test_a_constant_reward_is_its_own_value(tmp_path, reward):
    weights = np.tile([0.3, 0.7, 0.1], 100)
    file = table(tmp_path / "log.parquet", reward=np.full(300, reward), target=weights)
    found = evaluate(file, columns=("target=target",), method=Method(("ips", "snips", "beta_ips")))
    assert found.estimates["snips"].value == pytest.approx(reward, rel=1e-12)
    assert found.estimates["ips"].value == pytest.approx(reward * weights.mean() / 0.5, rel=1e-12)


def test_all_rewarded_mirrors_none_rewarded(tmp_path):
    rng = np.random.default_rng(0)
    target = np.where(rng.random(200) < 0.5, 0.7, 0.3)
    ends = []
    for reward in (np.zeros(200), np.ones(200)):
        file = table(tmp_path / "log.parquet", reward=reward, target=target)
        options = TableOptions(reward_range=(0.0, 1.0))
        found = evaluate(file, columns=("target=target",), table=options, method=Method(("snips",)))
        ends.append((found.estimates["snips"].low, found.estimates["snips"].high))
    (none_low, none_high), (all_low, all_high) = ends
    assert none_low == 0.0
    assert 0.0 < none_high < 0.05
    assert (all_low, all_high) == pytest.approx((1.0 - none_high, 1.0))


@pytest.mark.parametrize("tiny", [1e-5, 1e-10, 1e-50])
def test_a_tiny_propensity_makes_a_log_invalid_and_breaks_nothing(tmp_path, tiny):
    propensity = np.full(60, 0.5)
    propensity[7] = tiny
    file = table(
        tmp_path / "log.parquet", reward=np.tile([0.0, 1.0], 30), target=np.full(60, 0.5), propensity=propensity
    )
    found = evaluate(file, columns=("target=target",))
    assert found.verdict == "invalid"
    assert found.estimates["ips"].value == pytest.approx(((0.5 / propensity) * np.tile([0.0, 1.0], 30)).mean())


def test_balanced_weights_are_checked_like_all_others(tmp_path):
    shown = {"reward": np.tile([0.0, 1.0], 200), "target": np.full(400, 0.5)}
    for balanced, known in ((0.5, True), (0.9, False)):
        file = table(tmp_path / "log.parquet", **shown, balanced_propensity=np.full(400, balanced))
        found = evaluate(file, columns=("target=target",), method=Method(("ips", "balanced_ips"), n_replicates=0))
        assert (found.estimates["balanced_ips"].value is not None) == known
        said = "balanced IPS (balanced_ips) is left out: the mean weight under the mixture of all loggers is 0.56"
        assert any(said in note for note in found.notes) != known


def test_the_tail_of_continuous_rewards_is_kept(tmp_path):
    rng = np.random.default_rng(4)
    bought = rng.random(8000) < 0.1
    revenue = np.where(bought, rng.lognormal(1.0, 1.0, 8000), 0.0)
    levels, _ = levels_from(revenue)
    assert levels[0] == 0.0
    assert len(levels) > 60
    assert (
        np.searchsorted(levels, np.quantile(revenue[bought], 0.99)) < len(levels) - 2
    )  # the tail has levels of its own
    file = table(tmp_path / "log.parquet", reward=revenue, target=np.full(8000, 0.5))
    found = evaluate(file, columns=("target=target",), method=Method(("snips",), distribution=True)).distribution
    value, low, high = found.quantiles["0.95"]
    assert low < value < high
    assert low <= np.quantile(revenue, 0.95) <= high
