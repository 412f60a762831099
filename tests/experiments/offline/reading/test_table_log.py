"""One's own table as a log: the same slots, or a sentence that says what is missing."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

import serendip
from serendip.experiments.__main__ import main
from serendip.experiments.offline.reading.table_log import as_log
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.logs import open_log

NAMES = {"user": "who", "day": "when", "visit": "slate", "item": "what", "reward": "click", "propensity": "p"}
WORDS = [f"{name}={column}" for name, column in NAMES.items()]


def table_of(log):
    """Return a log's slots as anybody's table: items are words, days are dates, the rows are shuffled."""
    slots = open_log(log).decisions()
    first = datetime.date(2024, 2, 27)
    columns = {
        "who": slots.user_id,
        "when": [first + datetime.timedelta(days=int(day)) for day in slots.day],
        "slate": slots.visit,
        "position": slots.position + 1,
        "what": [f"a{item}" for item in slots.item_id],
        "click": slots.reward,
        "p": slots.propensity,
        "slate_propensity": slots.slate_propensity,
    }
    return pa.table(columns).take(np.random.default_rng(0).permutation(len(slots)))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_table_holds_the_slots_of_its_log(static_log, tmp_path, kind):
    table, file = table_of(static_log.path), tmp_path / f"table.{kind}"
    pq.write_table(table, file) if kind == "parquet" else csv.write_csv(table, file)
    with as_log(file, NAMES) as folder:
        found, meta = open_log(folder).decisions(), open_log(folder).meta
        assert open_log(folder).users().num_rows == len(np.unique(table["who"]))
    wanted = open_log(static_log.path).decisions()
    assert (meta.slate_size, meta.n_days) == (2, 4)
    columns = ("user_id", "day", "position", "item_id", "propensity", "slate_propensity", "clicked")
    got, given = ([getattr(each, name) for name in columns] for each in (found, wanted))
    given[0] = np.unique(given[0], return_inverse=True)[1]  # users are numbered
    orders = [np.lexsort(each) for each in (got, given)]
    for one, other in zip(got, given, strict=True):
        assert np.allclose(one[orders[0]].astype(float), other[orders[1]].astype(float), rtol=1e-12)


def test_amounts_stay_amounts_and_days_may_be_numbers(tmp_path):
    columns = {
        "user": [1, 1, 2],
        "day": [7, 9, 7],
        "item": [5, 6, 5],
        "reward": [2.5, 0.0, -1.0],
        "propensity": [0.5] * 3,
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    with as_log(tmp_path / "t.parquet") as folder:
        found, meta = open_log(folder).decisions(), open_log(folder).meta
    assert found.reward.tolist() == [2.5, -1.0, 0.0]
    assert (found.clicked.tolist(), found.day.tolist()) == ([True, False, False], [0, 0, 2])
    assert (meta.slate_size, meta.reward_range) == (1, (-1.0, 2.5))


@pytest.mark.parametrize("name", ["user", "day", "item", "reward", "propensity"])
def test_what_is_missing_is_said_in_a_sentence(static_log, tmp_path, name, capsys):
    pq.write_table(table_of(static_log.path).drop_columns([NAMES[name]]), tmp_path / "t.parquet")
    words = [word for word in WORDS if not word.startswith(name)]
    for verb in (["learn", "--out", str(tmp_path / "a")], ["evaluate", "--target", "uniform", "--outcome", "activity"]):
        assert main([verb[0], str(tmp_path / "t.parquet"), *verb[1:], "--columns", *words]) == 2
        said = " ".join(capsys.readouterr().err.split())
        assert f"no column with the {name}" in said
        assert f"{name}=COLUMN" in said


def test_a_slate_that_is_not_whole_is_named(static_log, tmp_path):
    table = table_of(static_log.path)
    pq.write_table(table.slice(1), tmp_path / "t.parquet")
    with (
        pytest.raises(DataError, match=r"t.parquet: row \d+: a slate without all its 2 positions"),
        as_log(tmp_path / "t.parquet", NAMES),
    ):
        pass
    twice = table.set_column(table.schema.get_field_index("what"), "what", pa.array(["a0"] * len(table)))
    pq.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="an item stands twice in its slate"), as_log(tmp_path / "t.parquet", NAMES):
        pass
    odd = table.set_column(table.schema.get_field_index("when"), "when", pa.array(["soon"] * len(table)))
    pq.write_table(odd, tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"row 0: when \(day\): allowed is"), as_log(tmp_path / "t.parquet", NAMES):
        pass


def test_activity_and_learning_from_a_table_are_those_from_its_log(write_log, tmp_path, capsys):
    log = write_log(tmp_path / "log", n_users=120, n_days=8)
    file = tmp_path / "t.parquet"
    pq.write_table(table_of(log.path), file)
    words = ["--columns", *WORDS]
    assert (
        main(["evaluate", str(file), "--target", "popularity", "--outcome", "activity", "--horizon", "8", *words]) == 0
    )
    said = " ".join(capsys.readouterr().out.split())
    assert "popularity, from " + str(file)[:20] in said
    assert "Days with a visit per user; what they mean" in said
    assert main(["learn", str(file), "--out", str(tmp_path / "agent"), *words, "--epochs", "2"]) == 0
    assert "take " in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "agent" / "agent.json").exists()


def test_a_frame_is_a_table_too(write_log, tmp_path):
    frame = table_of(write_log(tmp_path / "log", n_users=300, n_days=8).path)
    who = pa.array(1000 - 3 * frame["who"].to_numpy())
    frame = frame.set_column(
        frame.schema.get_field_index("who"), "who", who
    )  # users have any ids; below hundreds of users nothing would be said
    found = serendip.evaluate(frame, "uniform", outcome="activity", horizon=8, last=4, **NAMES)
    low, high = found.interval
    assert 0.0 <= low <= found.value <= high <= 4.0
    assert {"fitted_q", "mis"} <= set(found.table["estimator"])
    learned = serendip.learn(frame, columns=NAMES, epochs=1)
    assert 0.0 <= learned.learned.value <= 1.0
    with pytest.raises(SettingsError, match="allowed are reward and activity"):
        serendip.evaluate(frame, "uniform", outcome="visits")
