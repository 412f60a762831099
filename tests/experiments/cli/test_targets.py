"""A target is named as an agent to run is: with settings, if it has any."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.online.on_policy import on_policy_truth
from serendip.experiments.online.unit import Schedule, Unit
from serendip.simulator.settings import read_world
from serendip.simulator.world import World


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    World(read_world("tiny")[0], 0).save(folder / "world")
    Unit(folder / "unit", folder / "world", "uniform", 0, Schedule(days=10), logged=True).run()
    return folder / "unit" / "log"


def told(log, target, tmp_path, *more):
    out = tmp_path / "out.json"
    assert main(["evaluate", str(log), "--target", target, "--json", str(out), *more]) == 0
    return json.loads(out.read_text())


def test_a_target_may_have_settings(log, tmp_path):
    plain, always = (
        told(log, "popularity:epsilon=0.3", tmp_path, "--truth"),
        told(log, "popularity:epsilon=1", tmp_path),
    )
    uniform = told(log, "uniform", tmp_path)
    assert plain["target"] == "popularity:epsilon=0.3"
    assert plain["truth"] == on_policy_truth(log, "popularity:epsilon=0.3", 0).value
    assert always["estimates"]["ips"] == uniform["estimates"]["ips"]  # any item is what the uniform agent shows
    assert plain["estimates"]["ips"] != uniform["estimates"]["ips"]
    against = told(log, "popularity:epsilon=1", tmp_path, "--against", "uniform")
    assert against["difference"]["value"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("popularity:epsilon", "'epsilon' has no value; write SETTING=VALUE"),
        ("popularity:epsilon=2", "epsilon"),
        ("popularity:colour=2", "unknown setting"),
        ("nobody:epsilon=2", "unknown agent 'nobody'"),
    ],
)
def test_what_no_target_can_be_is_said(log, capsys, target, said):
    assert main(["evaluate", str(log), "--target", target]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_person_can_say_that_a_target_is_of_other_users(tmp_path):
    rng = np.random.default_rng(0)
    item = rng.integers(0, 12, 2000)
    reward = (rng.random(2000) < 0.2).astype(float)
    lucky = (np.bincount(item, reward) / np.bincount(item)).argmax()
    columns = {"user": np.arange(2000) // 2, "item": item, "reward": reward, "propensity": np.full(2000, 1 / 12)}
    table = pa.table(columns | {"pi": np.where(item == lucky, 0.89, 0.01)})
    import pyarrow.parquet as pq

    pq.write_table(table, tmp_path / "log.parquet")
    words = ["evaluate", str(tmp_path / "log.parquet"), "--target-column", "pi", "--require", "reliable"]
    assert main(words) == 3
    assert main([*words, "--trained-apart"]) == 0
