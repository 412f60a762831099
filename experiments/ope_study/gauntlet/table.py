"""The gauntlet's scores as a table for people, and as a file of rows."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from serendip.experiments import tables
from serendip.experiments.ope_study.gauntlet.scores import Beside, Row, Summary
from serendip.simulator.files import write_whole

_HEAD = ("situation", "half", "reliable", "weak", "invalid", "coverage where reliable", "where weak", "width")


def markdown(found: Sequence[Summary]) -> str:
    """Return a table: a row a situation."""
    lines = list[list[str]]()
    for s in found:
        shares = [f"{k / s.logs:.0%}" for k in (s.reliable, s.weak, s.invalid)]
        rest = [_percent(value) for value in (s.coverage, s.weak_coverage, s.width, s.snips_coverage)]
        lines.append([s.situation, s.half, *shares, *rest])
    return tables.markdown([*_HEAD, "SNIPS covers"], lines, left=2)


def in_words(halves: Mapping[str | None, Mapping[str, float]]) -> str:
    """Return a sentence on each half of the situations, and on all of them."""
    return "".join(f"{_sentence('all' if half is None else half, found)}\n" for half, found in halves.items())


def _sentence(half: str, found: Mapping[str, float]) -> str:
    return (
        f"{half}: {found['situations']:.0f} situations, {found['logs']:.0f} logs; {found['reliable']:.0f} reliable,"
        f" their recommended intervals cover {found['coverage']:.1%}, and less than promised in {found['broken']:.0f}"
        f" situations; of {found['fine']:.0f} logs on which SNIPS is within 10% with right coverage,"
        f" {found['fine_reliable']:.0%} are called reliable and {found['fine_invalid']:.1%} invalid; of the reliable,"
        f" {found['wrong_sign']:.1%} were said to be clearly better or worse than the log and are not"
    )


def write_csv(found: Sequence[Row] | Sequence[Beside], file: Path) -> None:
    """Write a row for each situation, verdict and recommended estimate, or for each situation and estimate."""
    names = [field.name for field in dataclasses.fields(found[0])] if found else []
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(names)
    for row in found:
        values = [getattr(row, name) for name in names]
        writer.writerow([f"{value:.4g}" if isinstance(value, float) else value for value in values])
    write_whole(file, lines.getvalue())


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
