"""A log that cannot be right is refused in one sentence that names the file, the row and what is allowed."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter, open_log

ITEMS = Items(np.zeros(4, np.int32), np.zeros(4, np.int32))


@pytest.fixture
def path(tmp_path):
    """Return the folder of a log of 3 parts with 20 rows each, slates of 2."""
    writer = LogWriter(tmp_path / "log", rows_per_part=20)
    users = np.arange(10)
    for day in range(3):
        visits = Visits(users, day, np.zeros(10, np.int32), np.ones(4, bool))
        shown = np.tile([1, 3], (10, 1))
        writer.append(visits, Slates(shown, np.full((10, 2), 0.5), None, users > 4), Feedback(shown == 1))
    days = {"first_day": users * 0, "last_day": users * 0 + 2, "censored": [True] * 10}
    table = pa.table({"user_id": users, "cohort": ["all"] * 10, **days})
    writer.close(LogMeta("run", ("one",), 2, 3), table, ITEMS)
    return tmp_path / "log"


def part(path, index=1):
    return path / "decisions" / f"part-{index:05d}.parquet"


def spoil(file, name, row, value):
    """Set one value of a Parquet file."""
    table = pq.read_table(file)
    values = table[name].to_pylist()
    values[row] = value
    spec = table.schema.field(name).with_nullable(True)
    pq.write_table(table.set_column(table.schema.get_field_index(name), spec, pa.array(values, spec.type)), file)


def complaint(path):
    with pytest.raises(DataError) as error:
        for _ in open_log(path).batches(n_rows=7):
            pass
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("propensity", 0.0, "propensity is 0.0; allowed is above 0 and at most 1"),
        ("propensity", -0.1, "propensity is -0.1; allowed"),
        ("propensity", 1.2, "propensity is 1.2; allowed"),
        ("propensity", float("nan"), "propensity is nan; allowed"),
        ("propensity", float("inf"), "propensity is inf; allowed"),
        ("reward", float("nan"), "reward is nan; allowed is 0 to 1"),
        ("reward", float("inf"), "reward is inf; allowed is 0 to 1"),
        ("reward", 1.5, "reward is 1.5; allowed is 0 to 1"),
        ("item_id", -1, "item_id is -1; allowed is 0 or more"),
        ("position", -1, "position is -1; allowed is 0 or more"),
        ("policy", -1, "policy is -1; it is an index into meta.json's policies"),
        ("policy", 1, "policy is 1; it is an index into meta.json's policies"),
    ],
)
def test_a_value_out_of_range_is_named_by_file_and_row(path, name, value, said):
    spoil(part(path), name, 13, value)  # in the second batch of its part
    message = complaint(path)
    assert message.startswith(f"{part(path)}: row 13: ")
    assert said in message


@pytest.mark.parametrize("name", ["user_id", "propensity", "clicked", "reward", "explored"])
def test_a_missing_value_is_named(path, name):
    spoil(part(path), name, 13, None)
    assert complaint(path) == f"{part(path)}: row 13: {name} is empty; every slot needs one"


def test_a_missing_column_is_named(path):
    pq.write_table(pq.read_table(part(path)).drop_columns(["propensity"]), part(path))
    assert complaint(path) == f"{part(path)}: column 'propensity' is missing"


@pytest.mark.parametrize(
    ("name", "kind"), [("propensity", pa.float32()), ("user_id", pa.string()), ("day", pa.int64())]
)
def test_a_column_of_another_type_is_named(path, name, kind):
    table = pq.read_table(part(path))
    index = table.schema.get_field_index(name)
    pq.write_table(table.set_column(index, name, table[name].cast(kind)), part(path))
    message = complaint(path)
    assert message.startswith(f"{part(path)}: column {name!r} is {kind}, not ")


@pytest.mark.parametrize("keep", [0, 3, 500, -1])
def test_a_truncated_part_is_named(path, keep):
    part(path).write_bytes(part(path).read_bytes()[:keep])
    message = complaint(path)
    assert message.startswith(f"{part(path)}: truncated or not Parquet")


def test_something_else_in_the_place_of_a_part_is_named(path):
    part(path).write_text("user_id,day\n1,2\n")
    assert complaint(path).startswith(f"{part(path)}: truncated or not Parquet")


def test_a_slot_that_stands_twice_in_a_part_is_named(path):
    table = pq.read_table(part(path))
    pq.write_table(pa.concat_tables([table, table.slice(4, 1)]), part(path))
    message = complaint(path)
    assert message.startswith(f"{part(path)}: row 20: a slot that stands twice")
    assert "user_id 2, day 1, visit 0, position 0" in message
    assert message.endswith("keep one of the two")


def test_a_slot_that_stands_twice_over_parts_is_named(path):
    first = pq.read_table(part(path, 0))
    pq.write_table(pa.concat_tables([pq.read_table(part(path, 2)), first.slice(7, 1)]), part(path, 2))
    message = complaint(path)
    assert message.startswith(f"{part(path, 2)}: row 20: a slot that stands twice")


def test_slots_in_any_order_are_read(path):
    table = pq.read_table(part(path))
    pq.write_table(table.take(pa.array(np.random.default_rng(0).permutation(20))), part(path))
    assert len(open_log(path).decisions()) == 60


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_an_unknown_schema_version_is_named(path, version):
    meta = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps(meta | {"schema_version": version}))
    with pytest.raises(DataError, match=rf"meta.json: schema version {version!r}; this version reads 1"):
        open_log(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ('{"schema_version": 1', "not valid JSON"),
        ("[]", "schema version None"),
        ('{"schema_version": 1}', "missing"),
        ('{"schema_version": 1, "colour": "red"}', "unknown setting 'colour'; known settings: run_id"),
        ('{"schema_version": 1, "run_id": 3}', "run_id: expected str, got 3"),
    ],
)
def test_meta_data_are_read_strictly(path, text, said):
    (path / "meta.json").write_text(text)
    with pytest.raises(DataError, match=said) as error:
        open_log(path)
    assert str(path / "meta.json") in str(error.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        open_log(tmp_path / "nowhere")


def test_a_folder_without_parts_is_an_empty_log(path):
    for file in (path / "decisions").iterdir():
        file.unlink()
    with pytest.raises(DataError, match=r"no part-\*.parquet; the log is empty"):
        open_log(path)


@pytest.mark.parametrize("name", ["users", "items"])
def test_a_table_beside_the_decisions_is_read_strictly(path, name):
    log, file = open_log(path), path / f"{name}.parquet"
    read = getattr(log, name)
    pq.write_table(pa.table({"other": [1]}), file)
    with pytest.raises(DataError, match=rf"{name}.parquet: not a table with the columns"):
        read()
    file.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=rf"{name}.parquet: not a table with the columns"):
        read()
    file.unlink()
    with pytest.raises(DataError, match=rf"{name}.parquet: no such file"):
        read()
