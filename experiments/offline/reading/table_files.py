"""Files of a log as batches of columns, and columns as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.offline.reading.column_map import COLUMNS, IDS
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Ints
from serendip.simulator.reading.form import Format
from serendip.simulator.reading.formats import recognise
from serendip.simulator.reading.tables import batches

_ROWS = 1 << 16
_PARTS = (
    "*.parquet",
    "*.csv",
    "*.jsonl",
    "*.arrow",
    "*.csv.gz",
    "*.tsv",
    "*.feather",
    "*.json",
    "*.tsv.gz",
    "*.jsonl.gz",
)


def files_of(path: Path) -> list[Path]:
    """Return the files of a log, in order; a DataError says where there are none."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    found = [sorted(path.glob(pattern)) for pattern in _PARTS] if path.is_dir() else [[path]]
    files = next((some for some in found if some), [])
    if not files:
        raise DataError(f"{path}: no log is there: neither meta.json, nor tables such as {', '.join(_PARTS[:4])}")
    return files


def header_of(file: Path, said: Iterable[str] = ()) -> list[str]:
    """Return the names of the file's columns; where a text has no header, their numbers from 1.

    Args:
        file: the file.
        said: names of columns that a person gave, by which a header is known.
    """
    try:
        names = (
            list(pq.read_schema(file.absolute()).names) if file.suffix == ".parquet" else list(_form(file, said).names)
        )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: not a Parquet or CSV table ({str(error).splitlines()[0]})") from error
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{file}: two columns are called {twice[0]!r}; rename or leave out one")
    return names


def read_batches(file: Path, columns: Mapping[str, str]) -> Iterator[Any]:
    """Yield the file in batches, as tables of the mapped columns."""
    names = list(dict.fromkeys(columns.values()))
    lacking = [name for name in names if name not in header_of(file, names)]
    if lacking:
        raise DataError(f"{file}: no column {lacking[0]!r}, which other files of the log have")
    if file.suffix != ".parquet":
        form = _form(file, names)
        yield from batches(form, names, _kinds(form, columns), missing=True)
        return
    try:
        for batch in pq.ParquetFile(file.absolute()).iter_batches(_ROWS, columns=names):
            yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read ({str(error).splitlines()[0]})") from error


def _form(file: Path, said: Iterable[str]) -> Format:
    return recognise(file, {*said, *(name for column in COLUMNS.values() for name in column.usual)})


_TRUTHS = ("true", "false")


def _kinds(form: Format, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the Arrow types that columns of a text are read as; the others' are told from what is in them."""
    numeric = [name for name, column in COLUMNS.items() if column.is_number and name in columns]
    kinds = {columns[name]: pa.float64() for name in numeric}
    kinds |= {columns[name]: pa.string() for name in IDS if name in columns}  # 07 is not 7
    reward = form.names.index(columns["reward"]) if "reward" in columns else None
    if reward is not None and all(dict(enumerate(row)).get(reward, "").lower() in _TRUTHS for row in form.rows):
        del kinds[columns["reward"]]
    return kinds


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
