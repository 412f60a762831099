"""Scores of A/B tests as a small file of comma-separated values, from which the page and its figure are made."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from serendip.experiments.ab.scores import Score
from serendip.experiments.online.statistics import Interval
from serendip.experiments.rows import as_csv
from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole

_INTERVALS, _ENDS = ("truth", "estimate", "bias"), ("value", "low", "high")
_NAMES = (
    "design",
    "a",
    "b",
    "worlds",
    *(f"{i}_{e}" for i in _INTERVALS for e in _ENDS),
    "wrong",
    "chance",
    "right_after",
)


def write_scores(path: Path, found: Sequence[Score]) -> None:
    """Write a row for each comparison and design."""
    write_whole(path, as_csv(_NAMES, (_row(score) for score in found)))


def _row(s: Score) -> list[object]:
    ends = [getattr(getattr(s, name), end) for name in _INTERVALS for end in _ENDS]
    return [s.design, s.a, s.b, s.worlds, *ends, s.wrong, s.chance, s.right_after]


def read_scores(path: Path) -> list[Score]:
    """Return the scores in `path`.

    Raises:
        DataError: it is no such file.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [_score(row) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: not a table of A/B tests ({error}); `serendip ab` writes it") from error


def _score(row: dict[str, str]) -> Score:
    truth, estimate, bias = (
        Interval(float(row[f"{name}_value"]), _number(row[f"{name}_low"]), _number(row[f"{name}_high"]))
        for name in _INTERVALS
    )
    days = int(row["right_after"]) if row["right_after"] else None
    shares = float(row["wrong"]), float(row["chance"])
    return Score(row["design"], row["a"], row["b"], int(row["worlds"]), truth, estimate, bias, *shares, days)


def _number(text: str) -> float | None:
    return float(text) if text else None
