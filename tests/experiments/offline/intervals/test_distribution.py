"""The distribution of reward: slow references, a known truth, and levels that group what is continuous."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.intervals.distribution import RewardDistribution, cvar, levels_of
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method

LEVELS = np.array([0.0, 1.0, 2.0, 5.0])
CUTS = (LEVELS[1:] + LEVELS[:-1]) / 2.0


def ratings(rng, n=600, n_users=80):
    """Return a log of ratings, two actions, and the target's true distribution of them."""
    action = rng.integers(0, 2, n)
    chance = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    reward = LEVELS[(rng.random(n)[:, None] > np.cumsum(chance, axis=1)[action]).sum(axis=1)]
    target = np.array([0.2, 0.8])
    return slots(rng.integers(0, n_users, n), reward, np.full(n, 0.5), target[action]), target @ chance


def found_in(parts, method):
    distribution = RewardDistribution(LEVELS, CUTS, method)
    for part in parts:
        distribution.update(part)
    return distribution.finish()


def test_it_equals_a_slow_reference():
    log, _ = ratings(np.random.default_rng(0))
    found = found_in([log], Method(n_replicates=20))
    for level, cdf in zip(LEVELS, found.cdf, strict=True):
        assert cdf == pytest.approx(log.weight[log.reward <= level].sum() / log.weight.sum(), rel=1e-12)
    order = np.argsort(log.reward, kind="stable")
    reward, share = log.reward[order], np.cumsum(log.weight[order]) / log.weight.sum()
    for p, (value, low, high) in found.quantiles.items():
        assert value == reward[np.searchsorted(share, float(p) - 1e-12)]
        assert low <= value <= high
    for a, (value, low, high) in found.cvar.items():
        inside = np.diff(np.minimum(share, float(a)), prepend=0.0)
        assert value == pytest.approx((inside * reward).sum() / float(a), rel=1e-10)
        assert low <= value <= high


def test_the_mean_of_the_worst_by_hand():
    assert cvar(np.array([0.0, 1.0]), np.array([0.3, 1.0]), 0.5) == pytest.approx(0.4)  # .3 of 0 and .2 of 1, over .5
    assert cvar(np.array([0.0, 1.0]), np.array([0.3, 1.0]), 1.0) == pytest.approx(0.7)


@pytest.mark.parametrize("rows_are_users", [False, True])
def test_batches_and_shards_change_nothing(rows_are_users):
    log, _ = ratings(np.random.default_rng(1))
    method = Method(n_replicates=30, rows_are_users=rows_are_users)
    if rows_are_users:
        log = slots(np.arange(len(log)), log.reward, log.propensity, log.target)
    whole = found_in([log], method)
    one, other = (RewardDistribution(LEVELS, CUTS, method) for _ in range(2))
    for k, rows in enumerate(np.array_split(np.random.default_rng(2).permutation(len(log)), 5)):
        (one, other)[k % 2].update(log.rows(rows))
    one.merge(other)
    merged = one.finish()
    np.testing.assert_allclose(merged.cdf, whole.cdf, rtol=1e-12)
    np.testing.assert_allclose(merged.low, whole.low, rtol=1e-9, atol=1e-12)
    assert merged.quantiles == whole.quantiles


def test_bands_and_intervals_hold_the_truth():
    # 150 logs, seeded.  A band that holds in 95% of logs holds in fewer than 133 of 150 for 0.3% of all seeds.
    rng, held = np.random.default_rng(3), np.zeros(3)
    for seed in range(150):
        log, chance = ratings(rng)
        found = found_in([log], Method(n_replicates=200, seed=seed))
        truth = np.cumsum(chance)
        inside = (np.array(found.low) <= truth + 1e-12) & (truth <= np.array(found.high) + 1e-12)
        (_, low, high), (_, least, most) = found.cvar["0.25"], found.quantiles["0.5"]
        median = LEVELS[np.searchsorted(truth, 0.5)]
        held += inside.all(), low <= cvar(LEVELS, truth, 0.25) <= high, least <= median <= most
    assert (held >= 133).all(), held


def test_many_rewards_are_grouped(tmp_path):
    rng = np.random.default_rng(4)
    reward = rng.exponential(2.0, 5000)
    table = {"reward": reward, "propensity": np.full(5000, 0.5), "pi": np.full(5000, 0.5)}
    pq.write_table(pa.table(table), tmp_path / "log.parquet")
    levels, cuts = levels_of(TableSource(tmp_path / "log.parquet", {"target": "pi"}))
    assert len(levels) == len(cuts) + 1
    assert 64 <= len(levels) < 100
    method = Method(("snips",), n_replicates=50, distribution=True)
    evaluation = evaluate(tmp_path / "log.parquet", target_column="pi", method=method)
    found = evaluation.distribution
    assert found.quantiles["0.5"][0] == pytest.approx(np.median(reward), abs=0.15)  # to within a group
    assert np.diff(found.cdf, prepend=0.0) @ found.levels == pytest.approx(reward.mean(), rel=0.01)
    assert evaluation.to_json()["distribution"]["cvar"]["0.05"][0] == pytest.approx(
        np.sort(reward)[:250].mean(), abs=0.03
    )


def test_clicks_have_two_levels(static_log):
    method = Method(("snips",), n_replicates=50, distribution=True)
    evaluation = evaluate(static_log.path, "uniform", method=method)
    assert evaluation.distribution.levels == [0.0, 1.0]
    assert 1.0 - evaluation.distribution.cdf[0] == pytest.approx(evaluation.estimates["snips"].value, rel=1e-12)
