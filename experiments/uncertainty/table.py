"""The rows as a small file of comma-separated values, which is all that pages and figures are made from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from serendip.experiments.uncertainty.cells import NAMES, TUPLES, Row
from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole

DECLARED = "# declaration "
_TEXT, _WHOLE = ("world", "arm", "phase", "world_checksum"), ("seed", "users", "days")


def write_rows(path: Path, rows: Iterable[Row], declaration: str) -> None:
    """Write `rows` to `path`, below the checksum of the declaration that they were made under."""
    text = io.StringIO()
    text.write(f"{DECLARED}{declaration}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NAMES)
    for row in rows:
        writer.writerow([_shown(getattr(row, name)) for name in NAMES])
    write_whole(path, text.getvalue())


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
        return [_row(values) for values in csv.DictReader(lines[1:])]
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a table of cells ({error})") from error


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(f"{part:.6g}" for part in value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _row(values: dict[str, str]) -> Row:
    found = dict[str, object]()
    for name in NAMES:
        text = values[name] if name != "world_checksum" else values.get(name, "")
        if name in _TEXT:
            found[name] = text
        elif name in _WHOLE:
            found[name] = int(text)
        elif name in TUPLES:
            found[name] = tuple(float(part) for part in text.split())
        else:
            found[name] = float(text) if text else None
    return Row(**found)  # type: ignore[arg-type]
