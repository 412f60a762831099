"""Which line of a text is wrong, and how: asked once reading has failed."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Iterator
from typing import TextIO

from serendip.simulator.errors import DataError
from serendip.simulator.reading.delimited import cut
from serendip.simulator.reading.form import Format

SHOWN = 120


def place_of(form: Format, row: int) -> str:
    """Return where row `row`, from 0, stands in the file: its line in a text, else its number, from 1."""
    if form.kind != "text":
        return f"row {row + 1}"
    lines = (number for number, _ in rows_of(form))
    return f"line {next(itertools.islice(lines, row, None), row + 1)}"


def rows_of(form: Format) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the number and the cells of each line that is not blank, without the header, by the `csv` module.

    Raises:
        DataError: a line has more or fewer cells than the first, or it is not UTF-8; it names the line.
    """
    n_cells, first = len(form.names), form.header
    with _open(form) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            where = f"{form.path}, line {number}"
            if any("\udc80" <= letter <= "\udcff" for letter in line):
                raise DataError(f"{where}: not text in UTF-8 (it may be Latin-1); save the file as UTF-8")
            try:
                cells = cut(line, form.separator, form.quoted)
            except csv.Error as error:
                raise DataError(f"{where}: not a table ({error}); is a quote not closed?") from error
            if len(cells) != n_cells:
                shown = line.strip()[:SHOWN]
                raise DataError(f"{where}: {len(cells)} cells, the first line has {n_cells}: {shown!r}")
            if not first:
                yield number, cells
            first = False


def _open(form: Format) -> TextIO:
    """Open a text; bytes that are not UTF-8 come as lone surrogates."""
    if form.gzipped:
        return gzip.open(form.path, "rt", encoding="utf-8-sig", errors="surrogateescape")
    return form.path.open(encoding="utf-8-sig", errors="surrogateescape")
