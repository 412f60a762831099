"""Slots of times with large weights count less, by what is known before them alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.estimators.stabilising import N_BLOCKS, Stabiliser
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.parallel import Workers
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import SettingsError

N = 4000  # a block is a hundred slots


def weights(seed=0):
    rng = np.random.default_rng(seed)
    return rng.exponential(1.0, N) * np.linspace(1.0, 4.0, N)


def stability(weight, sizes):
    found, at = list[np.ndarray](), 0
    timed = Stabiliser(len(weight))
    for size in sizes:
        part = weight[at : at + size]
        some = np.full(len(part), 0.5)
        found.append(timed.with_stability(slots(np.arange(len(part)), some, some, some * part)).column("stability"))
        at += size
    return np.concatenate(found)


def test_a_block_counts_by_the_three_before_it():
    weight = weights()
    h = stability(weight, [N])
    size = N // N_BLOCKS
    for block in range(1, N_BLOCKS):
        before = weight[max(block - 3, 0) * size : block * size]
        assert h[block * size : (block + 1) * size] == pytest.approx(1.0 / np.sqrt((before**2).mean()))
    assert h[:size] == pytest.approx(1.0 / np.sqrt((weight[:size] ** 2).mean()))


def test_how_a_log_is_cut_into_batches_changes_nothing():
    weight = weights()
    assert stability(weight, [130, 1870, 2000]) == pytest.approx(stability(weight, [N]), rel=1e-12)


def test_nothing_that_comes_later_is_known():
    weight, other = weights(), weights()
    other[2000:] *= 7.0
    assert np.array_equal(stability(weight, [N])[:2100], stability(other, [N])[:2100])


def test_a_log_whose_policy_learned_is_valued_with_less_noise(tmp_path):
    names, off = ("snips", "adaptive_snips"), list[list[float]]()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        chance = np.linspace(0.5, 0.02, N)  # of item 1, which is explored less and less
        item = (rng.random(N) < chance).astype(int)
        reward = (rng.random(N) < np.array([0.3, 0.5])[item]).astype(float)
        columns = {"user": np.arange(N), "reward": reward, "pi": np.full(N, 0.5), "item": item}
        columns["propensity"] = np.where(item == 1, chance, 1.0 - chance)
        pq.write_table(pa.table(columns), tmp_path / "log.parquet")
        found = evaluate(tmp_path / "log.parquet", target_column="pi", method=Method(names, n_replicates=0)).estimates
        off.append([found[name].value - 0.4 for name in names])
    plain, adaptive = np.square(off).mean(axis=0)
    # the variances are as 1 to .77; of 40 logs each the ratio is above 1.2 once in a thousand times
    assert adaptive < 1.2 * plain
    assert abs(np.mean(off, axis=0)[1]) < 4.0 * np.sqrt(adaptive / 40)
    with pytest.raises(SettingsError, match="leave --jobs out"):
        evaluate(tmp_path / "log.parquet", target_column="pi", method=Method(names), workers=Workers(1))
