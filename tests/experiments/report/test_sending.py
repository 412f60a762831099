"""A results folder that can be sent: tables as CSV that agree with the results, and a page that names every column."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from serendip.experiments.online.results import read_results
from serendip.experiments.online.run import report, run
from serendip.experiments.online.studies import find_study


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


def test_figures_come_in_the_formats_asked_and_twice_the_same(out: Path) -> None:
    formats = ("svg", "pdf", "png")
    report(out, Console(quiet=True), formats=formats)
    first = {path.name: path.read_bytes() for path in (out / "figures").iterdir()}
    assert {name.rpartition(".")[2] for name in first} == {"svg", "pdf", "png"}
    assert first["activity.svg"].startswith(b"<?xml")
    assert first["activity.pdf"].startswith(b"%PDF")
    report(out, Console(quiet=True), formats=formats)
    assert first == {path.name: path.read_bytes() for path in (out / "figures").iterdir()}
