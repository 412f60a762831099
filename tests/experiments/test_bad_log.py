"""Logs that cannot be valued: one line that names file and row, exit code 2, nothing written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter, seal

PART = "decisions/part-00000.parquet"
N_USERS, N_ITEMS, N_SLOTS, N_DAYS = 12, 6, 2, 5


@pytest.fixture(scope="module")
def whole_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small log of the uniform policy, with nothing wrong in it."""
    rng = np.random.default_rng(7)
    writer = LogWriter(tmp_path_factory.mktemp("whole") / "log")
    users = np.arange(N_USERS, dtype=np.int64)
    for day in range(N_DAYS):
        visits = Visits(users, day, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, bool))
        items = rng.permuted(np.tile(np.arange(N_ITEMS), (N_USERS, 1)), axis=1)[:, :N_SLOTS]
        propensities = np.full(items.shape, 1 / N_ITEMS)
        slates = Slates(items, propensities, None, np.ones(N_USERS, bool))
        writer.append(visits, slates, Feedback(rng.random(items.shape) < 0.3))
    columns: dict[str, Any] = {
        "user_id": users,
        "cohort": ["all"] * N_USERS,
        "first_day": np.zeros(N_USERS, np.int32),
        "last_day": np.full(N_USERS, N_DAYS - 1, np.int32),
        "censored": [True] * N_USERS,
    }
    catalogue = Items(np.arange(N_ITEMS, dtype=np.int32) % 2, np.zeros(N_ITEMS, np.int32))
    meta = LogMeta("test", ("uniform",), N_SLOTS, N_DAYS, propensity_floor=1 / N_ITEMS)
    writer.close(meta, pa.table(columns), catalogue)
    return writer.path


@pytest.fixture
def log(whole_log: Path, tmp_path: Path) -> Path:
    """A copy of the whole log, to be spoiled."""
    return shutil.copytree(whole_log, tmp_path / "log")


def spoil(log: Path, column: str, row: int, value: object) -> None:
    """Write `value` into one place of the log's decisions."""
    table = pq.read_table(log / PART)
    values = table[column].to_pylist()
    values[row] = value
    field = table.schema.field(column)
    field = field.with_nullable(True)
    spoiled = table.set_column(table.schema.get_field_index(column), field, pa.array(values, type=field.type))
    pq.write_table(spoiled, log / PART)


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("propensity", 0.0, "above 0 and at most 1"),
        ("propensity", float("nan"), "above 0 and at most 1"),
        ("propensity", 1.5, "above 0 and at most 1"),
        ("propensity", -0.1, "above 0 and at most 1"),
        ("reward", float("inf"), "0 to 1"),
        ("item_id", -3, "0 or more"),
        ("policy", 4, "meta.json"),
        ("day", None, "is empty"),
        ("visit", None, "is empty"),
    ],
)
def test_a_value_that_cannot_be_is_named_by_file_and_row(
    refused: Callable[..., str], log: Path, column: str, value: object, allowed: str
) -> None:
    spoil(log, column, 7, value)
    line = refused("evaluate", log, "--target", "uniform", "--json", log.parent / "out.json")
    assert all(part in line for part in (PART, "row 7", column, allowed))


def test_a_slot_that_stands_twice(refused: Callable[..., str], log: Path) -> None:
    table = pq.read_table(log / PART)
    pq.write_table(pa.concat_tables([table, table.slice(3, 1)]), log / PART)
    seal(log)
    line = refused("evaluate", log, "--target", "uniform")
    assert PART in line
    assert f"row {len(table)}" in line
    assert "twice" in line


@pytest.mark.parametrize("verb", [("evaluate", "--target", "uniform"), ("audit",)])
def test_rows_that_were_cut_are_missed_by_every_verb(
    refused: Callable[..., str], log: Path, verb: tuple[str, ...]
) -> None:
    table = pq.read_table(log / PART)
    pq.write_table(table.slice(0, len(table) // 2), log / PART)
    assert f"rows of decisions; meta.json says {len(table)}" in refused(verb[0], log, *verb[1:])


def test_a_truncated_part(refused: Callable[..., str], log: Path) -> None:
    data = (log / PART).read_bytes()
    (log / PART).write_bytes(data[: len(data) // 2])
    line = refused("evaluate", log, "--target", "uniform")
    assert PART in line
    assert "truncated" in line


def test_a_missing_column(refused: Callable[..., str], log: Path) -> None:
    pq.write_table(pq.read_table(log / PART).drop_columns(["propensity"]), log / PART)
    line = refused("evaluate", log, "--target", "uniform")
    assert PART in line
    assert "propensity" in line


@pytest.mark.parametrize("version", [99, None, "one"])
def test_an_unknown_schema_version(refused: Callable[..., str], log: Path, version: object) -> None:
    meta = json.loads((log / "meta.json").read_text())
    (log / "meta.json").write_text(json.dumps(meta | {"schema_version": version}))
    line = refused("evaluate", log, "--target", "uniform")
    assert "meta.json" in line
    assert "schema version" in line
    assert repr(version) in line


def test_a_log_whose_writing_was_cut_off(refused: Callable[..., str], log: Path) -> None:
    (log / "meta.json").unlink()
    assert "meta.json" in refused("evaluate", log, "--target", "uniform")


def test_a_log_without_decisions(refused: Callable[..., str], log: Path) -> None:
    (log / PART).unlink()
    assert "part-*.parquet" in refused("evaluate", log, "--target", "uniform")


def test_a_log_that_is_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "nowhere" in refused("evaluate", tmp_path / "nowhere", "--target", "uniform")


def test_an_unknown_target(refused: Callable[..., str], log: Path) -> None:
    line = refused("evaluate", log, "--target", "unicorn")
    assert "unicorn" in line
    assert "popularity" in line


def test_no_target(refused: Callable[..., str], log: Path) -> None:
    assert "--target" in refused("evaluate", log)


def test_a_folder_that_is_no_saved_agent(refused: Callable[..., str], log: Path, tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    line = refused("evaluate", log, "--target", tmp_path / "agent")
    assert "agent" in line


def test_truth_of_a_log_without_a_world(refused: Callable[..., str], log: Path) -> None:
    line = refused("evaluate", log, "--target", "uniform", "--truth")
    assert "--truth" in line
    assert "world" in line


def test_a_file_that_cannot_be_written(refused: Callable[..., str], log: Path, tmp_path: Path) -> None:
    path = tmp_path / "no" / "such" / "folder" / "out.json"
    assert str(path) in refused("evaluate", log, "--target", "uniform", "--json", path)


def test_a_propensity_below_the_floor_that_the_log_claims(refused: Callable[..., str], log: Path) -> None:
    meta = json.loads((log / "meta.json").read_text())
    (log / "meta.json").write_text(json.dumps(meta | {"propensity_floor": 0.2}))
    line = refused("evaluate", log, "--target", "uniform")
    assert "row 0" in line
    assert "propensity_floor is 0.2" in line
