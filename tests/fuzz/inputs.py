"""The inputs: a share of each kind, every one decided by the seed and its number."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from judge import all_rows_of, of_call, of_verb, values_that_can_be
from mutators import TOKENS, pick, spoil

from serendip.agents import registry
from serendip.experiments.benchmark.data import Events, read_events
from serendip.experiments.online.results import read_results
from serendip.simulator.calibration.reading import read_dated
from serendip.simulator.reading.titles import read_titles
from serendip.simulator.world import make_world

Rng = np.random.Generator
Judged = tuple[str, str]


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        name: what is spoiled, and who reads it.
        share: how often, against the others.
        source: the file or folder of the material that is copied and spoiled; "" for none.
        read: reads the copy at a path and returns what became of it.
    """

    name: str
    share: float
    source: str
    read: Callable[[Path, Rng], Judged]


def events_that_can_be(events: Events) -> str:
    """Return what is wrong with events that were read."""
    if not len(events.users) == len(events.items) == len(events.times):
        return "columns of different lengths"
    if not np.isfinite(events.times).all() or min(events.users.min(), events.items.min()) < 0:
        return "times or ids that cannot be"
    return ""


def interactions_that_can_be(found: Any) -> str:
    """Return what is wrong with ratings that were read for a calibration."""
    if found.day.min() < 0 or found.day.max() > 400 * 366:
        return f"days from {found.day.min()} to {found.day.max()}"
    return ""


def _evaluate_table(path: Path, rng: Rng) -> Judged:
    return of_verb(["evaluate", str(path), "--target-column", "target"], all_rows_of(path))


def _evaluate(path: Path, rng: Rng) -> Judged:
    return of_verb(["evaluate", str(path), "--target-column", "target"], values_that_can_be)


def _evaluate_log(path: Path, rng: Rng) -> Judged:
    return of_verb(["evaluate", str(path), "--target", "uniform"], values_that_can_be)


def _audit(path: Path, rng: Rng) -> Judged:
    return of_verb(["audit", str(path)], lambda report: "")


def _calibrate(path: Path, rng: Rng) -> Judged:
    return of_verb(["calibrate", str(path), "--out", str(path.parent / "fitted")])


def _events(path: Path, rng: Rng) -> Judged:
    given = path.suffix == ".npz" or path.is_dir()
    return of_call(lambda: read_events(path, given=given), events_that_can_be)


def _interactions(path: Path, rng: Rng) -> Judged:
    return of_call(lambda: read_dated(path), interactions_that_can_be)


def _agent(path: Path, rng: Rng) -> Judged:
    return of_call(lambda: registry.load(path))


def _agent_as_target(path: Path, rng: Rng) -> Judged:
    return of_verb(["evaluate", str(path.parent / "log"), "--target", str(path)], values_that_can_be)


def _world(path: Path, rng: Rng) -> Judged:
    return of_call(lambda: make_world(path, 0))


def _results(path: Path, rng: Rng) -> Judged:
    return of_call(lambda: read_results(path))


def _titles(path: Path, rng: Rng) -> Judged:
    return of_call(lambda: read_titles(path))


def _look(path: Path, rng: Rng) -> Judged:
    return of_verb(["look", str(path)])


def _fit_to_log(path: Path, rng: Rng) -> Judged:
    return of_verb(["calibrate", str(path), "--out", str(path.parent / "fitted"), "--force"])


def _compare(path: Path, rng: Rng) -> Judged:
    return of_verb(["compare", str(path), str(path.parent / "other")])


def _export(path: Path, rng: Rng) -> Judged:
    return of_verb(["export", str(path), "--out", str(path.parent / "sent"), "--logs"])


def _flags(path: Path, rng: Rng) -> Judged:
    return of_verb(["evaluate", str(path.parent / "log"), "--config", str(path)])


def _words(path: Path, rng: Rng) -> Judged:
    return of_verb(words(rng, path))


VERBS = (
    "run", "plot", "evaluate", "ope-study", "learn", "audit", "calibrate", "benchmark", "bandits", "beliefs", "list",
    "look", "report", "compare", "export", "new", "doctor", "magic",
)  # fmt: skip
LONG = ("bandits", "beliefs", "ope-study", "benchmark", "learn", "calibrate")  # never with sound arguments
FLAGS = (
    "--target", "--target-column", "--columns", "--json", "--out", "--days", "--seeds", "--agents", "--world", "--jobs",
    "--estimators", "--reward-range", "--trials", "--models", "--protocol", "--outcome", "--help", "-h", "--last",
    "--seed", "--config", "--quiet", "--force", "--report", "--min-rating", "--items", "--by", "--require", "--magic",
)  # fmt: skip
WORDS = (
    "log", "table.csv", "ratings.csv", "results", "world", "agent-ease-greedy", "nowhere", ".", "/", "discovery",
    "uniform", "tiny", "ease-epsilon:epsilon=2", "ease-epsilon:epsilon=a/../../x", "bootstrap-thompson:magic=1", "ips",
    "reward=click", "=", "agents", "-1", "0", "1e9", "99999999999999999999", "1.5", "nan", "strong", "activity",
    "popularity", "[red]x[/red]", "a[/b]", "", "é",
)  # fmt: skip
MATERIAL = ("log", "table.csv", "ratings.csv", "results", "world", "agent-ease-greedy")


def words(rng: Rng, material: Path) -> list[str]:
    """Return a command line that hardly means anything; what it may write lies in the folder `material`."""
    line = [pick(rng, VERBS)]
    for _ in range(int(rng.integers(0, 6))):
        word = pick(rng, (FLAGS, WORDS, WORDS))
        text = pick(rng, word)
        if rng.random() < 0.1:
            text = pick(rng, TOKENS).decode("utf-8", "replace").replace("\x00", "")
        line.append(str(material / text) if text in MATERIAL else text)
    return [*line, "--days", "0"] if line[0] == "run" else [*line, "--seed", "x"] if line[0] in LONG else line


KINDS = (
    Kind("evaluate a CSV table", 20, "table.csv", _evaluate_table),
    Kind("evaluate a Parquet table", 8, "table.parquet", _evaluate),
    Kind("evaluate a folder of Parquet parts", 4, "parts", _evaluate),
    Kind("evaluate a log", 15, "log", _evaluate_log),
    Kind("audit a log", 3, "log", _audit),
    Kind("audit a table", 2, "table.csv", _audit),
    Kind("calibrate to ratings", 0.1, "ratings.csv", _calibrate),
    Kind("read ratings for a calibration", 12, "ratings.csv", _interactions),
    Kind("read ratings for a benchmark", 12, "ratings.csv", _events),
    Kind("read clicks in time order", 6, "clicks.txt", _events),
    Kind("read a matrix", 5, "matrix", _events),
    Kind("load an agent", 8, "agent-ease-greedy", _agent),
    Kind("load an agent of features", 5, "agent-logistic-greedy", _agent),
    Kind("evaluate a saved agent", 3, "agent-logistic-greedy", _agent_as_target),
    Kind("make a world", 10, "world", _world),
    Kind("read results", 8, "results", _results),
    Kind("read titles", 4, "movies.csv", _titles),
    Kind("look at ratings", 1, "ratings.csv", _look),
    Kind("evaluate JSON lines", 4, "table.jsonl", _evaluate),
    Kind("evaluate a packed table", 2, "table.csv.gz", _evaluate),
    Kind("flags from a file", 3, "flags.toml", _flags),
    Kind("fit a world to a log", 0.3, "log", _fit_to_log),
    Kind("compare results", 2, "results", _compare),
    Kind("export results", 0.2, "results", _export),
    Kind("a command line", 12, "", _words),
)


def try_one(material: Path, work: Path, seed: int, number: int) -> tuple[str, str, str]:
    """Return the kind of input `number`, what became of it (see `judge`) and what was found.

    Args:
        material: from `make_all`.
        work: a folder that is emptied for it.
        seed: of all inputs.
        number: of this one.
    """
    rng = np.random.default_rng([seed, number])
    shares = np.array([kind.share for kind in KINDS])
    kind = KINDS[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if not kind.source:
        return kind.name, *kind.read(material, rng)
    copy = work / kind.source
    (shutil.copytree if (material / kind.source).is_dir() else shutil.copy2)(material / kind.source, copy)
    if kind.read in (_agent_as_target, _flags):
        (work / "log").symlink_to(material / "log")
    if kind.read is _compare:
        (work / "other").symlink_to(material / "results")
    files = sorted(path for path in copy.rglob("*") if path.is_file()) if copy.is_dir() else [copy]
    way = spoil(pick(rng, files), rng)
    return f"{kind.name} ({way})", *kind.read(copy, rng)
