"""Frozen dataclasses as rows of comma-separated values, and back: tables that pages are made from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def as_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a line of names, then one for each row: numbers to six digits, None as nothing, tuples with blanks."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_shown(value) for value in row])
    return text.getvalue()


def values_of(row: Any, names: Sequence[str]) -> list[object]:
    """Return the attributes of `row` that are called `names`."""
    return [getattr(row, name) for name in names]


def from_csv(kind: type[T], values: Mapping[str, str]) -> T:
    """Return the dataclass `kind` that a row of `as_csv` holds.

    Raises:
        KeyError: a column is missing.
        ValueError: a value is no number.
    """
    return kind(**{name: _read(hint, values[name]) for name, hint in get_type_hints(kind).items()})


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(_shown(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _read(hint: Any, text: str) -> object:
    if hint is str:
        return text
    if hint is int:
        return int(text)
    if hint == tuple[float, ...]:
        return tuple(float(part) for part in text.split())
    return None if not text and hint is not float else float(text)
