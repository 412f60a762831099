"""The layout of a delimited text: what separates its cells, and whether its first line is a header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from serendip.simulator.reading.names import is_known

LOOKED_AT = 100  # lines by which the separator is told
SEPARATORS = ("\t", "::", ";", "|", ",", " ")  # of those that serve alike, the first
_NUMBER = re.compile(r"^\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*$")
_END = re.compile(r"\r\n|\r|\n")
_DATE = re.compile(r"^\s*\d{4}-\d{2}-\d{2}([T ].*)?$")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is cut into cells.

    Attributes:
        separator: what stands between cells.
        header: whether the first line names the columns.
        quoted: whether quotes hold cells together.
        rows: the first lines, cut; the first of them is the header where there is one.
    """

    separator: str
    header: bool
    quoted: bool
    rows: tuple[tuple[str, ...], ...]


def guess_layout(text: str, n_rows: int, said: Collection[str] = ()) -> Layout:
    """Return the layout of a text by its first lines.

    The separator is the one that cuts most of the lines into as many cells as the first, at least two; of those, the
    one that cuts them into most.  The first line is a header where it holds a name that columns usually have or that
    was `said`, or only words above a line with a number or above nothing.
    """
    lines = [line for line in _END.split(text) if line.strip()][:n_rows]
    best = max(SEPARATORS, key=lambda separator: _fit(lines[:LOOKED_AT], separator))
    quoted = _is_quoted(lines, best)
    rows = tuple(cut(line, best, quoted) for line in lines)
    return Layout(best, _has_header(rows, said), quoted, rows)


def cut(line: str, separator: str, quoted: bool) -> tuple[str, ...]:
    """Return the cells of a line."""
    if separator == " ":
        return tuple(line.split())
    if separator == "::" or not quoted:
        return tuple(line.rstrip("\r\n").split(separator))
    return tuple(next(csv.reader([line], delimiter=separator), []))


def is_number(word: str) -> bool:
    """Return whether a word is a number as people write it."""
    return bool(_NUMBER.match(word))


def is_date(word: str) -> bool:
    """Return whether a word begins like a date of ISO 8601."""
    return bool(_DATE.match(word))


def _fit(lines: list[str], separator: str) -> tuple[bool, bool, float, int]:
    """Return how well a separator serves: several cells, no mere space, the share of lines cut alike, the cells."""
    counts = Counter(len(cut(line, separator, separator in ",;|" and '"' in line)) for line in lines)
    first = len(cut(lines[0], separator, separator in ",;|" and '"' in lines[0]))
    alike = counts[first] / len(lines)
    several = first > 1 and (separator != " " or alike == 1.0 or first == 2)
    return several, separator != " ", round(alike, 1), first


def _is_quoted(lines: list[str], separator: str) -> bool:
    """Return whether quotes hold cells together: usual between commas, and between tabs where whole cells have them."""
    if separator in (",", ";", "|"):
        return True
    cells = [cell for line in lines for cell in line.split(separator)] if separator == "\t" else []
    marked = [cell for cell in cells if '"' in cell]
    return bool(marked) and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in marked)


def _has_header(rows: tuple[tuple[str, ...], ...], said: Collection[str]) -> bool:
    first = rows[0]
    if any(is_number(cell) or is_date(cell) for cell in first):
        return False
    if any(cell in said or is_known(cell) for cell in first):
        return True
    return len(rows) == 1 or any(is_number(cell) or is_date(cell) for cell in rows[1])
