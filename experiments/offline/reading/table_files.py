"""Parquet and CSV files as batches of columns, and columns as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from serendip.experiments.offline.reading.column_map import COLUMNS, IDS
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Ints

_ROWS = 1 << 16


def files_of(path: Path) -> list[Path]:
    """Return the files of a log, in order; a DataError says where there are none."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    files = sorted(path.glob("*.parquet")) or sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path}: no log is there: neither meta.json, nor Parquet or CSV files")
    return files


def header_of(file: Path) -> list[str]:
    """Return the names of the file's columns."""
    try:
        if file.suffix == ".parquet":
            names = list(pq.read_schema(file).names)
        else:
            with pacsv.open_csv(file) as reader:
                names = list(reader.schema.names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file}: not a Parquet or CSV table ({str(error).splitlines()[0]})") from error
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{file}: two columns are called {twice[0]!r}; rename or leave out one")
    return names


def read_batches(file: Path, columns: Mapping[str, str]) -> Iterator[Any]:
    """Yield the file in batches, as tables of the mapped columns."""
    names = list(dict.fromkeys(columns.values()))
    lacking = [name for name in names if name not in header_of(file)]
    if lacking:
        raise DataError(f"{file}: no column {lacking[0]!r}, which other files of the log have")
    try:
        if file.suffix == ".parquet":
            for batch in pq.ParquetFile(file).iter_batches(_ROWS, columns=names):
                yield pa.Table.from_batches([batch])
            return
        numeric = [name for name, column in COLUMNS.items() if column.is_number and column.values != "reward"]
        kinds = {columns[name]: pa.float64() for name in numeric if name in columns}
        kinds |= {columns[name]: pa.string() for name in IDS if name in columns}  # 07 is not 7
        if not pa.types.is_boolean(_csv_schema(file).field(columns["reward"]).type):
            kinds[columns["reward"]] = pa.float64()
        options = pacsv.ConvertOptions(include_columns=names, column_types=kinds, strings_can_be_null=True)
        with pacsv.open_csv(file, convert_options=options) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read ({str(error).splitlines()[0]})") from error


def _csv_schema(file: Path) -> Any:
    with pacsv.open_csv(file) as reader:
        return reader.schema


def occurrence(users: Ints) -> Ints:
    """Return (n,) how many rows of the same user stand before each row."""
    order = np.argsort(users, kind="stable")
    ranked = users[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(users) else np.zeros(0, int)
    before = np.arange(len(users)) - np.repeat(starts, np.diff(np.append(starts, len(users))))
    turn = np.empty(len(users), dtype=np.int64)
    turn[order] = before
    return turn


def listed(header: list[str]) -> str:
    """Return the columns' names as a sentence has them, the first dozen of them."""
    shown = ", ".join(header[:12])
    return f"{shown}, ... ({len(header)} columns)" if len(header) > 12 else shown
