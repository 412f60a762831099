"""A results folder that can be sent: tables as CSV that agree with the results, and a page that names every column."""

from __future__ import annotations

import csv
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from serendip.experiments.cli.parsing import parse
from serendip.experiments.cli.run import Run
from serendip.experiments.online.results import read_results
from serendip.experiments.online.run import Forms, report, run
from serendip.experiments.online.studies import find_study
from serendip.experiments.online.study import read_study
from serendip.experiments.report.again import flags_of
from serendip.experiments.report.exporting import export
from serendip.simulator.errors import SettingsError
from serendip.simulator.world import make_world


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "out"
    study = replace(
        find_study("discovery"), world="tiny", agents=("uniform", "popularity"), reference="uniform", seeds=3, days=4,
        logged_seeds=0,
    )  # fmt: skip
    run(study, folder, Console(quiet=True), jobs=1)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_daily_counts_are_those_of_the_results(out: Path) -> None:
    table, results = rows(out / "daily.csv"), read_results(out)
    assert len(table) == 3 * 2 * 4 * 3
    for agent in results.agents:
        found = sum(float(row["visitors"]) for row in table if row["agent"] == agent and row["day"] == "2")
        assert found == results.daily(agent, "visitors")[:, 2].sum()


def test_the_summary_has_a_row_for_each_agent_and_three_columns_for_an_interval(out: Path) -> None:
    table = rows(out / "summary.csv")
    assert [row["agent"] for row in table] == ["uniform", "popularity"]
    results = read_results(out)
    for row in table:
        closing = results.daily(row["agent"], "visitors")[:, -results.last :].mean()
        assert float(row["visitors"]) == pytest.approx(closing)
        assert float(row["visitors_low"]) <= closing <= float(row["visitors_high"])


def test_the_page_names_what_was_asked_and_every_column(out: Path) -> None:
    words = (out / "README.txt").read_text()
    assert "2 agents over 4 days, seeds 0, 1, 2." in words
    assert "Lifts are over uniform." in words
    assert "from Python" in words
    for name in ("daily.csv", "summary.csv"):
        for column in rows(out / name)[0]:
            bare = column.removesuffix("_low").removesuffix("_high")
            assert f"{bare}:" in words or f"{bare}," in words, column


def width(png: bytes) -> int:
    return int.from_bytes(png[16:20], "big")


def test_figures_and_tables_come_in_the_forms_asked_and_twice_the_same(out: Path) -> None:
    usual = width((out / "figures" / "activity.png").read_bytes())
    forms = Forms(("svg", "pdf", "png"), dpi=60, tables=("csv", "parquet"))
    report(out, Console(quiet=True), forms=forms)
    first = {path.name: path.read_bytes() for path in (out / "figures").iterdir()}
    assert {name.rpartition(".")[2] for name in first} == {"svg", "pdf", "png"}
    assert first["activity.svg"].startswith(b"<?xml")
    assert first["activity.pdf"].startswith(b"%PDF")
    assert width(first["activity.png"]) == pytest.approx(usual * 60 / 150, abs=2)
    for name in ("daily", "summary"):
        there = pq.read_table(out / f"{name}.parquet").to_pylist()
        for kept, written in zip(there, rows(out / f"{name}.csv"), strict=True):
            assert {column: in_csv(value) for column, value in kept.items()} == written
    report(out, Console(quiet=True), forms=forms)
    assert first == {path.name: path.read_bytes() for path in (out / "figures").iterdir()}


def in_csv(value: Any) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("wrong", [{"figures": ("gif",)}, {"tables": ("xls",)}, {"dpi": 5}])
def test_a_form_that_is_not_known_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="allowed is"):
        Forms(**wrong)


def test_the_flags_beside_the_results_ask_for_them_again(out: Path) -> None:
    command = parse(["run", "--config", str(out / "study.toml")])
    assert isinstance(command, Run)
    asked = read_study(out)
    for name in ("study", "agents", "seeds", "first_seed", "days", "logged_seeds", "world", "save_agents"):
        assert getattr(command, name) == getattr(asked, "name" if name == "study" else name)


def test_code_of_ones_own_is_named_but_not_asked_for_by_the_flags_in_a_folder() -> None:
    study = replace(find_study("discovery"), agents=("uniform", "mine.py:Mine"))
    flags = flags_of(study)
    assert '--agents "uniform" "mine.py:Mine"' in flags
    assert "agents" not in tomllib.loads(flags)


def test_an_export_is_small_whole_and_twice_the_same_bytes(out: Path, tmp_path: Path) -> None:
    names = export(out, tmp_path / "a.zip", Forms(tables=("parquet",)))
    export(out, tmp_path / "again" / "a", Forms(tables=("parquet",)))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        inside = {name.removeprefix("a/"): archive.read(name) for name in archive.namelist()}
    assert {name for name in names if not name.endswith("/")} <= set(inside)
    assert not any(name.startswith("seeds") for name in inside)
    assert "    seeds " not in inside["README.txt"].decode()
    lying = {p.relative_to(tmp_path / "again" / "a").as_posix(): p.read_bytes() for p in (tmp_path / "again").rglob("*")
             if p.is_file()}  # fmt: skip
    assert lying == inside


def test_what_cannot_be_exported_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("kept")
    with pytest.raises(SettingsError, match="is there already"):
        export(out, tmp_path / "there.zip")
    with pytest.raises(SettingsError, match="keeps no log"):
        export(out, tmp_path / "new.zip", logs=True)
    assert not (tmp_path / "new.zip").exists()


def test_an_export_that_fails_leaves_nothing_in_its_way(out: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keeps no log"):
        export(out, tmp_path / "sent", logs=True)
    (tmp_path / ".sent.0123.part").mkdir()  # of one that was killed
    assert not (tmp_path / "sent").exists()
    (tmp_path / "sent").mkdir()
    export(out, tmp_path / "sent")
    assert (tmp_path / "sent" / "summary.csv").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["sent"]


def test_logs_go_along_with_the_ids_of_the_data(tmp_path: Path) -> None:
    world = make_world("tiny", 0)
    world.save(tmp_path / "mine")
    ids = "".join(f"{row},film {row}\n" for row in range(world.n_items))
    (tmp_path / "mine" / "items.csv").write_text(f"row,item\n{ids}")
    study = replace(
        find_study("discovery"), world=str(tmp_path / "mine"), agents=("uniform",), seeds=1, days=2, logged_seeds=1
    )
    run(study, tmp_path / "out", Console(quiet=True), jobs=1)
    assert "logs/uniform-seed-000.parquet" in export(tmp_path / "out", tmp_path / "sent", logs=True)
    log = pq.read_table(tmp_path / "sent" / "logs" / "uniform-seed-000.parquet").to_pylist()
    assert log
    assert all(row["item"] == f"film {row['item_id']}" for row in log)
    assert not (tmp_path / "out" / "seeds" / "seed-000" / "uniform" / "agent").exists()
