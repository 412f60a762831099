"""The list of contradictions, each put to those who must refuse it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from contradictions import (
    OF_A_LOG,
    OF_A_TABLE,
    OF_A_TARGET,
    OF_AN_AGENT,
    OF_GOING_ON,
    OF_JSON_LINES,
    OF_RATINGS,
    OF_RESULTS,
    OF_TIMES,
    OF_TITLES,
    Spoil,
)
from judge import of_call, of_verb

from serendip.agents import registry
from serendip.experiments.benchmark.data import read_events
from serendip.experiments.online.results import read_results
from serendip.simulator.reading.titles import read_titles

AGAIN = ["run", "discovery", "--world", "tiny", "--agents", "uniform", "popularity", "--seeds", "1", "--days", "2"]
Read = Callable[[Path], tuple[str, str]]
READERS: tuple[tuple[str, str, dict[str, Spoil], Read], ...] = (
    ("evaluate", "log", OF_A_LOG, lambda path: of_verb(["evaluate", str(path / "log"), "--target", "ease-greedy"])),
    ("audit", "log", OF_A_LOG, lambda path: of_verb(["audit", str(path / "log")])),
    ("evaluate", "table.csv", OF_A_TABLE | OF_A_TARGET,
     lambda path: of_verb(["evaluate", str(path / "table.csv"), "--target-column", "target"])),
    ("audit", "table.csv", OF_A_TABLE, lambda path: of_verb(["audit", str(path / "table.csv")])),
    ("benchmark", "ratings.csv", OF_RATINGS, lambda path: of_call(lambda: read_events(path / "ratings.csv"))),
    ("evaluate", "table.jsonl", OF_JSON_LINES,
     lambda path: of_verb(["evaluate", str(path / "table.jsonl"), "--target-column", "target"])),
    ("read", "movies.csv", OF_TITLES, lambda path: of_call(lambda: read_titles(path / "movies.csv"))),
    ("calibrate", "ratings.csv", OF_RATINGS | OF_TIMES,
     lambda path: of_verb(["calibrate", str(path / "ratings.csv"), "--out", str(path / "fitted")])),
    ("load", "agent-logistic-greedy", OF_AN_AGENT,
     lambda path: of_call(lambda: registry.load(path / "agent-logistic-greedy"))),
    ("run", "results", OF_GOING_ON,
     lambda path: of_verb([*AGAIN, "--out", str(path / "results")])),
    ("read", "results", OF_RESULTS, lambda path: of_call(lambda: read_results(path / "results"))),
)  # fmt: skip


def contradicted(material: Path, work: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each contradiction and its reader, what became of it (see `judge`) and what was said."""
    for verb, source, listed, read in READERS:
        for name, spoil in listed.items():
            copied(material, source, work)
            spoil(work / source if (work / source).is_dir() else work)
            became, text = read(work)
            yield f"{verb} {source}: {name}", became, text


def refused_though_sound(material: Path, work: Path) -> list[str]:
    """Return who refuses what nobody spoiled, and in which words: there, refusing what is spoiled says nothing."""
    found = list[str]()
    for verb, source, _, read in READERS:
        copied(material, source, work)
        became, text = read(work)
        if became != "answer":
            found.append(f"{verb} {source}: {text}")
    return found


def copied(material: Path, source: str, work: Path) -> None:
    """Empty the folder `work` and put a copy of the file or folder `source` there."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (shutil.copytree if (material / source).is_dir() else shutil.copy2)(material / source, work / source)
