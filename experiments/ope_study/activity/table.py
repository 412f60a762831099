"""The activity study as tables for people, in words, and as a file of rows."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serendip.experiments import tables
from serendip.experiments.ope_study.activity import ranking
from serendip.experiments.ope_study.activity.scores import Case, Estimated, Words, estimated, words
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import write_json

_HEAD = ("reliable", "weak", "invalid", "coverage where reliable", "where not invalid", "width", "clear", "wrong sign")
_COLUMNS = (
    "world", "logger", "seed", "half", "target", "horizon", "logged", "truth", "verdict", "recommended", "value", "low",
    "high",
)  # fmt: skip


def halves(cases: Sequence[Case]) -> list[Words]:
    """Return what the words were worth in each half, and in all."""
    each = [(half, [case for case in cases if case.place.half == half]) for half in ("learned", "shown")]
    return [words(name, some) for name, some in [*each, ("all", list(cases))] if some]


def by_log(cases: Sequence[Case]) -> list[Words]:
    """Return the same of each world and logger."""
    names = dict.fromkeys(_of_log(case) for case in cases)
    found = list[Words]()
    for half, world, logger in sorted(names):
        some = [case for case in cases if _of_log(case) == (half, world, logger)]
        found.append(words(f"{world}, {logger} ({half})", some))
    return found


def _of_log(case: Case) -> tuple[str, str, str]:
    return case.place.half, case.place.world, case.place.logger


def markdown(cases: Sequence[Case]) -> str:
    """Return the tables: words by world and logger, estimators by distance, and how they order targets."""
    lines = [_line(found) for found in (*by_log(cases), *halves(cases))]
    first = tables.markdown(["log", *_HEAD], lines)
    rows = [_row(found) for found in estimated(cases)]
    names = ["estimator", "target is", "cases", "error", "sign right", "coverage", "rank correlation"]
    third = ranking.markdown(ranking.valued(cases))
    return first + "\n" + tables.markdown(names, rows, left=2) + "\n" + third


def in_words(cases: Sequence[Case]) -> str:
    """Return a sentence on each half of the worlds, and on all of them."""
    return "".join(f"{_sentence(found)}\n" for found in halves(cases))


def _sentence(found: Words) -> str:
    return (
        f"{found.name}: {found.cases} values asked for, {found.invalid / found.cases:.0%} invalid; {found.reliable}"
        f" reliable, whose intervals cover {_percent(found.reliable_coverage) or 'nothing'}; those of all that are not"
        f" invalid {_percent(found.coverage) or 'nothing'}; of {found.clear} differences said to be clear"
        f" {found.wrong / max(found.clear, 1):.1%} have the wrong sign"
    )


def _line(found: Words) -> list[str]:
    shares = [f"{n / found.cases:.0%}" for n in (found.reliable, found.weak, found.invalid)]
    rest = [_percent(value) for value in (found.reliable_coverage, found.coverage, found.width)]
    return [found.name, *shares, *rest, str(found.clear), str(found.wrong)]


def _row(found: Estimated) -> list[str]:
    rank = "" if found.rank_correlation is None else f"{found.rank_correlation:.2f}"
    shares = [f"{found.rmse:.0%}", _percent(found.sign), _percent(found.coverage)]
    return [found.estimator, found.distance, str(found.cases), *shares, rank]


def write_csv(cases: Sequence[Case], file: Path) -> None:
    """Write a row for each target and horizon of each log."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for case in cases:
        place, told, e = case.place, case.told, case.go_by
        ends = ("", "", "") if e is None else (e.value, e.low, e.high)
        numbers = told.logged, told.truth, case.word, case.said.recommended or "none", *ends
        shown = [f"{value:.4g}" if isinstance(value, float) else value for value in numbers]
        writer.writerow([place.world, place.logger, place.seed, place.half, told.target, told.horizon, *shown])
    write_whole(file, lines.getvalue())


def write_all(cases: Sequence[Case], out: Path) -> dict[str, Any]:
    """Return all scores as plain JSON values; write them, the tables and the rows into the folder `out`."""
    each = [dataclasses.asdict(found) for found in (*halves(cases), *by_log(cases))]
    values = {"words": each, "estimators": [dataclasses.asdict(found) for found in estimated(cases)]}
    write_json(out / "scores.json", values)
    write_csv(cases, out / "activity.csv")
    ranking.write_rows(out / "ranking.csv", ranking.valued(cases))
    write_whole(out / "table.md", markdown(cases) + "\n" + in_words(cases))
    return values


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
