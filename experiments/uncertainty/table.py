"""The rows as a small file of comma-separated values, which is all that pages and figures are made from."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from serendip.experiments.rows import as_csv, from_csv, values_of
from serendip.experiments.uncertainty.cells import NAMES, Row
from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole

DECLARED = "# declaration "
_UNKNOWN = {"world_checksum": ""}  # columns that older tables lack


def write_rows(path: Path, rows: Iterable[Row], declaration: str) -> None:
    """Write `rows` to `path`, below the checksum of the declaration that they were made under."""
    table = as_csv(NAMES, (values_of(row, NAMES) for row in rows))
    write_whole(path, f"{DECLARED}{declaration}\n{table}")


def declared_in(path: Path) -> str:
    """Return the checksum of the declaration that the rows in `path` were made under; empty: it has none."""
    with path.open(encoding="utf-8") as file:
        first = file.readline().rstrip("\n")
    return first.removeprefix(DECLARED) if first.startswith(DECLARED) else ""


def read_rows(path: Path, declaration: str) -> list[Row]:
    """Return the rows in `path`.

    Args:
        path: a file that `write_rows` wrote.
        declaration: checksum of the declaration that they have to be made under.

    Raises:
        DataError: it is no such file, or was made under another declaration.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); `serendip run uncertainty` writes it") from error
    if not lines or lines[0] != f"{DECLARED}{declaration}":
        raise DataError(
            f"{path}: was not made under this declaration, so that it cannot confirm it; run `serendip run "
            "uncertainty` anew, or take the declaration that it was made under"
        )
    try:
        return [from_csv(Row, _UNKNOWN | values) for values in csv.DictReader(lines[1:])]
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a table of cells ({error})") from error
