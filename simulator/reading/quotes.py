"""Quotes in a CSV file: one that is opened and not closed swallows the rows after it, without a word."""

from __future__ import annotations

import gzip
from pathlib import Path

from serendip.simulator.errors import DataError

_CHUNK = 1 << 24


def refuse_open_quotes(file: Path, *, gzipped: bool = False) -> None:
    """Raise a DataError that names the first line on which a quote is opened and not closed.

    A file without quotes is only looked through for them, 16 MiB at a time.
    """
    line, rest = 1, b""
    with gzip.open(file) if gzipped else file.open("rb") as lines:
        while chunk := lines.read(_CHUNK):
            if b'"' not in chunk and b'"' not in rest:
                line, rest = line + (rest + chunk).count(b"\n"), chunk.rpartition(b"\n")[2]
                continue
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            for text in whole.split(b"\n") if newline else ():
                _refuse(file, line, text)
                line += 1
    _refuse(file, line, rest)


def _refuse(file: Path, line: int, text: bytes) -> None:
    if text.count(b'"') % 2:
        raise DataError(
            f"{file}: line {line}: a quote is opened and not closed on the line; close it, or take it out, for a cell"
            " may not run over lines"
        )
