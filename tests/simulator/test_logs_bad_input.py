"""A log that cannot be right is refused in one sentence that names the file, the row and what is allowed."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter, open_log, seal

ITEMS = Items(np.zeros(4, np.int32), np.zeros(4, np.int32))


@pytest.fixture
def whole(tmp_path):
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


@pytest.fixture
def path(whole):
    """Return the folder of the same log as an earlier version would have written it, without its size."""
    meta = json.loads((whole / "meta.json").read_text())
    (whole / "meta.json").write_text(json.dumps(meta | {"contents": None}))
    return whole


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
        ("reward", 1.0, "reward is 1.0; a click pays something and what is not clicked pays 0"),
        ("slate_propensity", -3.0, "slate_propensity is -3.0; allowed is above 0 and at most the propensity of each"),
        ("slate_propensity", 0.6, "slate_propensity is 0.6; allowed"),
        ("day", 3, "day is 3; the log has 3 days (meta.json), so 0 to 2"),
        ("day", -1, "day is -1; the log has 3 days"),
        ("user_id", 10, "user_id is 10; it is not in users.parquet"),
        ("user_id", -1, "user_id is -1; it is not in users.parquet"),
        ("position", 2, "position is 2; slates have 2 (meta.json), so 0 to 1"),
        ("item_id", 4, "item_id is 4; it is not in items.parquet, which has 0 to 3"),
        ("item_id", 1, "item_id 1 stands twice in its slate"),
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


def test_an_item_in_two_slots_is_named_whatever_the_order_and_the_batches(path):
    spoil(part(path), "item_id", 13, 1)
    for n_rows in (1, 2, 5, 20):
        with pytest.raises(DataError, match="row 13: item_id 1 stands twice in its slate"):
            list(open_log(path).batches(n_rows))
    table = pq.read_table(part(path))
    pq.write_table(table.take(pa.array(np.random.default_rng(0).permutation(20))), part(path))
    assert "an item that stands twice in its slate (user_id 6, day 1, visit 0, item_id 1)" in complaint(path)


def test_a_visit_outside_the_days_of_a_user_and_an_item_before_its_release_are_named(path):
    spoil(path / "users.parquet", "first_day", 4, 2)
    assert complaint(path).endswith("row 8: day is 0; users.parquet says that user 4 was not observed then")
    spoil(path / "users.parquet", "first_day", 4, 0)
    spoil(path / "items.parquet", "released", 3, 1)
    assert complaint(path).endswith("row 1: item_id is 3; it is released on a later day (items.parquet)")


@pytest.mark.parametrize(
    ("table", "name", "row", "value", "said"),
    [
        ("items", "topic", 0, -1, "row 0: topic is -1; allowed is 0 or more"),
        ("items", "topic", 2, 2**31 - 1, "row 2: topic is 2147483647; allowed is 0 to 999,999"),
        ("items", "item_id", 1, 3, "row 1: item_id is 3; items stand in the order 0, 1, 2 ..., each once"),
        ("items", "released", 1, None, "row 1: released is empty; every row needs one"),
        ("users", "user_id", 5, 2, "row 5: user_id 2 stands twice; every user has one row"),
        ("users", "first_day", 3, 9, "row 3: first_day is 9; it is after last_day"),
        ("users", "last_day", 3, 3, "row 3: last_day is 3; the log has 3 days (meta.json)"),
    ],
)
def test_a_table_that_contradicts_itself_is_named(path, table, name, row, value, said):
    spoil(path / f"{table}.parquet", name, row, value)
    assert complaint(path) == f"{path / f'{table}.parquet'}: {said}" or said in complaint(path)


def test_a_log_says_how_much_it_holds(whole):
    contents = open_log(whole).meta.contents
    assert (contents.n_rows, contents.n_parts, contents.n_users) == (60, 3, 10)
    assert sorted(contents.checksums) == [
        *(f"decisions/part-0000{i}.parquet" for i in range(3)),
        "items.parquet",
        "users.parquet",
    ]
    assert len(open_log(whole).decisions()) == 60


def test_rows_that_were_cut_are_missed(whole):
    pq.write_table(pq.read_table(part(whole)).slice(0, 10), part(whole))
    assert "50 rows of decisions; meta.json says 60" in complaint(whole)
    seal(whole)
    assert len(open_log(whole).decisions()) == 50


def test_a_part_that_is_gone_is_missed_and_one_too_many_is_seen(whole):
    copy = part(whole).read_bytes()
    part(whole).unlink()
    assert "part-00001.parquet: no such file, but meta.json lists it" in complaint(whole)
    part(whole).write_bytes(copy)
    part(whole, 3).write_bytes(copy)
    assert "4 parts of decisions; meta.json says 3" in complaint(whole)


@pytest.mark.parametrize("file", ["decisions/part-00001.parquet", "users.parquet", "items.parquet"])
def test_a_file_that_was_changed_is_seen_by_its_checksum(whole, file):
    table = pq.read_table(whole / file)
    pq.write_table(table.replace_schema_metadata({"changed": "yes"}), whole / file)
    assert complaint(whole).startswith(f"{whole / file}: changed since it was written")
    seal(whole)
    assert len(open_log(whole).decisions()) == 60


def test_a_log_of_an_earlier_version_is_read_and_says_that_a_cut_could_not_be_seen(path, whole):
    assert not open_log(path).counted
    pq.write_table(pq.read_table(part(path)).slice(0, 10), part(path))
    assert len(open_log(path).decisions()) == 50


def test_what_a_writer_that_was_cut_off_left_is_not_taken_into_the_next_log(tmp_path, whole):
    (tmp_path / "next" / "decisions").mkdir(parents=True)
    part(tmp_path / "next", 7).write_bytes(part(whole).read_bytes())
    LogWriter(tmp_path / "next")
    assert not part(tmp_path / "next", 7).exists()


@pytest.mark.parametrize(
    "columns",
    [
        (np.zeros(3), np.zeros(3, int)),
        (np.zeros(3, int), np.zeros(2, int)),
        (np.zeros((3, 1), int), np.zeros(3, int)),
        (np.array([0, -1]), np.zeros(2, int)),
        (np.array([0, 2**31 - 1]), np.zeros(2, int)),  # tables of users by topics would hold no end of columns
    ],
)
def test_items_that_cannot_be_are_refused_where_they_are_made(columns):
    with pytest.raises(DataError, match="items: topic"):
        Items(*columns)


@pytest.mark.parametrize("most", [1e16, 1e300])
def test_rewards_of_no_end_are_refused_where_the_log_says_so(path, most):
    meta = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps(meta | {"reward_range": [0.0, most]}))
    with pytest.raises(DataError, match=r"reward_range is .*allowed is -1e\+15 to 1e\+15"):
        open_log(path).decisions()
