"""A CSV file as columns of text, line by line: every line is a row, or the file is refused with the row that is not."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints


class TextTable:
    """The columns of a CSV file with a header, as text, so that 07 and 7 are two names.

    Attributes:
        path: the file.
        names: what its columns are called.
        n_rows: rows below the header, at least one.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            DataError: it is missing, empty, not UTF-8, not a table, or a cell runs over lines.
        """
        self.path = path
        data = _lines(path)
        self._table = _parse(data, path)
        self.names: list[str] = self._table.column_names
        self.n_rows: int = self._table.num_rows
        twice = [name for name in self.names if self.names.count(name) > 1]
        if twice:
            raise DataError(f"{path}: row 1: column {twice[0]!r} stands twice; give each column a name of its own")
        n_lines = data.count(b"\n") + (not data.endswith(b"\n")) - 1
        if n_lines != self.n_rows:
            raise _torn_error(data, path) or DataError(f"{path}: {self.n_rows:,} rows in {n_lines:,} lines")
        if self.n_rows == 0:
            raise DataError(f"{path}: no rows below the header; nothing to fit a world to")

    def texts(self, name: str) -> Any:
        """Return (n_rows,) the texts of a column.

        Raises:
            DataError: one is empty; the message names the row.
        """
        values = self._table[name].to_numpy(zero_copy_only=False).astype(str)
        empty = np.flatnonzero(values == "")
        if len(empty):
            raise DataError(f"{self.path}: row {int(empty[0]) + 2}: {name} is empty; every interaction needs one")
        return values

    def codes(self, name: str) -> tuple[Any, Ints]:
        """Return the distinct texts of a column, sorted, and (n_rows,) which of them stands in each row."""
        distinct, codes = np.unique(self.texts(name), return_inverse=True)
        return distinct, codes.astype(np.int64)

    def numbers(self, name: str) -> Floats:
        """Return (n_rows,) a column as finite numbers.

        Raises:
            DataError: one is none; the message names the row.
        """
        texts = self._table[name].to_numpy(zero_copy_only=False)
        try:
            numbers = texts.astype(np.float64)
            wrong = np.flatnonzero(~np.isfinite(numbers))
        except (TypeError, ValueError):
            numbers = np.empty(0)
            wrong = np.array([next(i for i, text in enumerate(texts) if not _is_number(text))])
        if len(wrong):
            row = int(wrong[0])
            raise DataError(f"{self.path}: row {row + 2}: {name} is {str(texts[row])[:40]!r}; allowed is a number")
        return numbers


def _lines(path: Path) -> bytes:
    """Return the bytes of the file with one line end after each line and no empty lines."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not data:
        raise DataError(f"{path}: the file is empty; it needs a header and one interaction per row")
    try:
        data.decode("utf-8")
        wrong = data.find(b"\0")
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong >= 0:
        row = data.count(b"\n", 0, wrong) + 1
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "UTF-16, Latin-1 or not text"
        raise DataError(f"{path}: row {row}: not UTF-8 (it may be {kind}); save the file as UTF-8")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return re.sub(rb"\n\n+", b"\n", data.lstrip(b"\n"))


def _parse(data: bytes, path: Path) -> Any:
    """Return the table of text in `data`."""
    try:
        header = arrow_csv.open_csv(pa.BufferReader(data)).schema.names
        options = arrow_csv.ConvertOptions(column_types={name: pa.string() for name in header})
        return arrow_csv.read_csv(pa.BufferReader(data), convert_options=options)
    except pa.ArrowInvalid as error:
        torn = _torn_error(data, path)
        if torn is not None:
            raise torn from error
        why = str(error).splitlines()[0][:120]
        raise DataError(f"{path}: not a CSV file with a header ({why})") from error


def _torn_error(data: bytes, path: Path) -> DataError | None:
    """Return the error that names the first line on which a cell begins that ends on another, or None."""
    reader, before = csv.reader(io.StringIO(data.decode("utf-8"), newline="")), 0
    csv.field_size_limit(1 << 30)
    for _ in reader:
        if reader.line_num > before + 1:
            return DataError(
                f"{path}: row {before + 1}: a cell runs over lines; close its quote, or take the quote away"
            )
        before = reader.line_num
    return None


def _is_number(text: Any) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except (TypeError, ValueError):
        return False
