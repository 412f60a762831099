"""Logs from elsewhere: column maps, checks that name the row, the Open Bandit folders."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.reading.opening import TableOptions
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError

QUICK = Method(n_replicates=50)
MAP = ("reward=click", "propensity=pscore")


def columns(n=400, seed=0):
    rng = np.random.default_rng(seed)
    pscore = rng.uniform(0.2, 0.8, n)
    return {
        "click": rng.integers(0, 2, n),
        "pscore": pscore,
        "arm": np.array(["a", "b", "c"])[rng.integers(0, 3, n)],
        "who": np.array([f"user {k}" for k in rng.integers(0, 50, n)]),
        "pi": np.clip(pscore + rng.uniform(-0.1, 0.1, n), 0, 1),
    }


def write(path, table):
    table = pa.table(table)
    pacsv.write_csv(table, path) if path.suffix == ".csv" else pq.write_table(table, path)
    return path


def as_tabs(path, table):
    pacsv.write_csv(table, path, pacsv.WriteOptions(delimiter="\t"))


def as_packed(path, table):
    with pa.CompressedOutputStream(str(path), "gzip") as file:
        pacsv.write_csv(table, file)


def as_lines(path, table):
    path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


def as_arrow(path, table):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def without_header(path, table):
    pacsv.write_csv(table, path, pacsv.WriteOptions(include_header=False))


@pytest.mark.parametrize("write_it", [as_tabs, as_packed, as_lines, as_arrow, without_header])
def test_a_log_of_any_layout_has_the_same_value(tmp_path, write_it):
    table = pa.table(columns())
    names = {"reward": "click", "propensity": "pscore", "item": "arm", "user": "who"}
    expected = evaluate(write(tmp_path / "log.csv", table), columns=names, target_column="pi", method=QUICK)
    write_it(tmp_path / "other", table)
    target = "pi"
    if write_it is without_header:
        names, target = {"reward": "1", "propensity": "2", "item": "3", "user": "4"}, "5"
    found = evaluate(tmp_path / "other", columns=names, target_column=target, method=QUICK)
    assert {n: e.value for n, e in found.estimates.items()} == {n: e.value for n, e in expected.estimates.items()}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_column_can_be_the_target(tmp_path, suffix):
    table = columns()
    file = write(tmp_path / f"log{suffix}", table)
    evaluation = evaluate(file, columns=(*MAP, "user=who"), target_column="pi", method=QUICK)
    weight = table["pi"] / table["pscore"]
    assert evaluation.estimates["ips"].value == pytest.approx((weight * table["click"]).mean(), rel=1e-12)
    assert evaluation.estimates["snips"].value == pytest.approx((weight @ table["click"]) / weight.sum(), rel=1e-12)
    assert "dm" not in evaluation.estimates
    assert "slate_ips" not in evaluation.estimates
    assert evaluation.diagnostics["n_users"] == 50
    assert any("dm, dr, sndr, switch_dr, dr_os and beta_dr are left out" in note for note in evaluation.notes)


@pytest.mark.parametrize("user", [True, False])
def test_an_agent_can_be_the_target(tmp_path, user):
    file = write(tmp_path / "log.csv", columns())
    words = (*MAP, "item_id=arm", *(["user_id=who"] if user else []))
    evaluation = evaluate(file, "uniform", columns=words, method=QUICK)
    table = columns()
    expected = np.mean(table["click"] / 3 / table["pscore"])
    assert evaluation.estimates["ips"].value == pytest.approx(expected, rel=1e-12)
    assert any("no user column" in note for note in evaluation.notes) is not user
    assert evaluation.diagnostics["n_users"] == (50 if user else 400)


def test_a_log_against_itself_has_a_mean_weight_of_one(tmp_path):
    file = write(tmp_path / "log.csv", columns())
    evaluation = evaluate(file, columns=MAP, target_column="pscore", method=QUICK)
    assert evaluation.diagnostics["mean_weight"] == 1.0


def spoilt(name, row, value):
    table = columns(20)
    column = table[name].astype(object)
    column[row] = value
    return table | {name: column.tolist()}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (spoilt("pscore", 7, 0.0), r"row 7: pscore \(propensity\) is 0; allowed is above 0 and at most 1"),
        (spoilt("pscore", 7, 1.2), r"row 7: pscore \(propensity\) is 1.2; allowed"),
        (spoilt("pscore", 7, float("nan")), r"row 7: pscore \(propensity\) is"),
        (spoilt("click", 3, -1e200), r"row 3: click \(reward\) is -1e\+200; allowed is -1e\+15 to 1e\+15"),
        (spoilt("pscore", 7, 1e-320), r"row 7: pscore \(propensity\) is 9.99989e-321; allowed is 1e-60 or more"),
        (spoilt("click", 3, float("inf")), r"row 3: click \(reward\) is inf; allowed is a finite number"),
        (spoilt("pi", 3, -0.5), r"row 3: pi \(target\) is -0.5; allowed is 0 to 1"),
        (
            {k: v for k, v in columns(20).items() if k != "pscore"},
            r"no column 'pscore' \(propensity\); it has",
        ),
        ({k: v[:0] for k, v in columns(20).items()}, "holds no rows"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_bad_value_is_named_by_file_and_row(tmp_path, table, message, suffix):
    file = write(tmp_path / f"log{suffix}", table)
    with pytest.raises(DataError, match=message) as error:
        evaluate(file, columns=MAP, target_column="pi", method=QUICK)
    assert str(file) in str(error.value)


def test_text_where_numbers_belong_is_named(tmp_path):
    (tmp_path / "log.csv").write_text("click,pscore,pi\n1,0.5,0.5\n0,much,0.5\n")
    with pytest.raises(DataError, match=r"log.csv: cannot be read .*(?:row|Row) #?\d.*much"):
        evaluate(tmp_path / "log.csv", columns=MAP, target_column="pi")


@pytest.mark.parametrize("content", ["", "click,pscore\n"])
def test_an_empty_file_is_said_in_one_sentence(tmp_path, content):
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(DataError, match=r"log.csv: (the file is empty|holds no rows)"):
        evaluate(tmp_path / "log.csv", columns=MAP, target_column="pscore")


def test_a_truncated_file_is_said_in_one_sentence(tmp_path):
    file = write(tmp_path / "log.parquet", columns())
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"log.parquet: not a Parquet or CSV table"):
        evaluate(file, columns=MAP, target_column="pi")


@pytest.mark.parametrize(
    ("words", "message"),
    [(("reward",), "'reward' is not NAME=COLUMN"), (("price=x",), "unknown name 'price'; known names: reward")],
)
def test_a_column_map_is_read_strictly(tmp_path, words, message):
    file = write(tmp_path / "log.csv", columns())
    with pytest.raises(SettingsError, match=message):
        evaluate(file, columns=words, target_column="pi")


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("position", [1.0, np.nan], r"row 1: position \(position\) is nan; allowed is a whole number"),
        ("position", [1.0, 1.5], r"row 1: position \(position\) is 1\.5; allowed is a whole number"),
        ("position", [1, 10**9], "positions go from 1 to 1e\\+09; allowed are 1000 of them"),
        ("user", [[1], [2]], "an id is list<.*>; ids are numbers or words"),
    ],
)
def test_what_is_no_position_and_no_user_is_said(tmp_path, column, values, message):
    file = write(
        tmp_path / "log.parquet", {"reward": [0, 1], "propensity": [0.5, 0.5], "pi": [0.5, 0.5], column: values}
    )
    with pytest.raises(DataError, match=message):
        evaluate(file, target_column="pi", method=QUICK)


def test_a_range_that_is_none_is_refused(tmp_path):
    file = write(tmp_path / "log.parquet", columns())
    with pytest.raises(SettingsError, match="the reward range is 1 to 0"):
        evaluate(file, columns=MAP, target_column="pi", table=TableOptions(reward_range=(1.0, 0.0)))


def test_one_row_of_one_user_is_invalid_and_no_error(tmp_path):
    table = {"reward": [1.0], "propensity": [0.5], "pi": [0.0]}
    method = Method(n_replicates=20, tune=True, distribution=True)
    evaluation = evaluate(write(tmp_path / "log.parquet", table), target_column="pi", method=method)
    assert evaluation.verdict == "invalid"
    assert evaluation.recommended is None


def test_two_targets_are_one_too_many(tmp_path):
    file = write(tmp_path / "log.csv", columns())
    with pytest.raises(SettingsError, match="two targets"):
        evaluate(file, "uniform", columns=(*MAP, "item=arm"), target_column="pi")


def test_open_bandit_folders_can_be_valued(data_folder):
    folder = data_folder / "open-bandit" / "random" / "all"
    evaluation = evaluate(folder, "uniform", method=QUICK)
    assert evaluation.estimates["ips"].value == pytest.approx(0.0038, abs=1e-15)  # 38 clicks in 10,000
    assert evaluation.diagnostics["mean_weight"] == 1.0
    assert evaluation.verdict == "weak"
    assert any("There is no user column" in reason for reason in evaluation.reasons)
    assert any("no user column" in note for note in evaluation.notes)
