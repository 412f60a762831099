"""Values of parts of a log: they are those of the parts alone, and together they are the whole."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import SettingsError


def by(kind):
    return Method(("snips",), n_replicates=20, by=kind)


def test_the_value_of_a_position_is_that_of_its_slots(tmp_path):
    rng = np.random.default_rng(0)
    columns = {
        "user_id": np.repeat(np.arange(100), 4),
        "position": np.tile([0, 1], 200),
        "propensity": np.full(400, 0.5),
    }
    columns |= {"reward": (rng.random(400) < 0.4) * 1.0, "pi": rng.choice([0.2, 0.8], 400)}
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    parts = evaluate(tmp_path / "log.parquet", target_column="pi", method=by("position")).parts
    assert list(parts) == ["position 0", "position 1"]
    for k, part in enumerate(parts.values()):
        rows = columns["position"] == k
        weight, reward = columns["pi"][rows], columns["reward"][rows]
        assert part.value == pytest.approx(weight @ reward / weight.sum())
    with pytest.raises(SettingsError, match="needs the days"):
        evaluate(tmp_path / "log.parquet", target_column="pi", method=by("week"))
    with pytest.raises(SettingsError, match="says nothing of cohorts"):
        evaluate(tmp_path / "log.parquet", target_column="pi", method=by("cohort"))


@pytest.mark.parametrize(
    ("kind", "names"), [("week", ["week 0"]), ("cohort", ["all"]), ("position", ["position 0", "position 1"])]
)
def test_a_log_of_one_week_and_cohort_is_the_whole(static_log, kind, names):
    found = evaluate(static_log.path, "uniform", method=by(kind))
    assert list(found.parts) == names
    if len(names) == 1:
        assert found.parts[names[0]].value == pytest.approx(found.estimates["snips"].value)
    assert list(found.to_json()["parts"]) == names


def test_an_unknown_part_is_named(static_log):
    with pytest.raises(SettingsError, match="a value by 'hour'; known are position, week, cohort"):
        evaluate(static_log.path, "uniform", method=by("hour"))
