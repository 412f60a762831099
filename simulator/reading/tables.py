"""Columns of a file of any format, as Arrow tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.json as pajson
import pyarrow.parquet as pq

from serendip.simulator.errors import DataError
from serendip.simulator.reading.form import Format
from serendip.simulator.reading.lines import rows_of
from serendip.simulator.reading.quotes import refuse_open_quotes

_ONE = "\x1f"  # stands for a separator of several characters
_BATCH = 1 << 16  # rows of a file that is read in parts


def read_columns(form: Format, names: Sequence[str]) -> Any:
    """Return an Arrow table of the named columns; a text's cells as they are written, repeated ones held once.

    Args:
        form: the file, recognised.
        names: its columns that are read.

    Raises:
        DataError: the file cannot be read; it names the line where there is one.
    """
    kinds = dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string()))
    parts = list(batches(form, names, kinds))
    if not parts:
        raise DataError(f"{form.path}: no rows below the header; there is nothing to learn from")
    return pa.concat_tables(parts)


def batches(form: Format, names: Sequence[str], kinds: dict[str, Any], *, missing: bool = False) -> Iterator[Any]:
    """Yield Arrow tables of the named columns, one after another; none has no rows.

    Args:
        form: the file, recognised.
        names: its columns that are read.
        kinds: the Arrow types of columns of a text; the others' are guessed.
        missing: whether an empty cell of a text is no value, rather than an empty word.

    Raises:
        DataError: the file cannot be read; it names the line where there is one.
    """
    names = list(dict.fromkeys(names))
    try:
        if form.kind == "text":
            yield from _text(form, names, kinds, missing)
        elif form.kind == "parquet":
            with _opened(form.path, form.gzipped) as stream:
                for batch in pq.ParquetFile(stream).iter_batches(_BATCH, columns=names):
                    yield pa.Table.from_batches([batch])
        else:
            table = _whole(form.path, form.kind, form.gzipped).select(names)
            yield from (pa.Table.from_batches([batch]) for batch in table.to_batches() if batch.num_rows)
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        if form.kind == "text":
            for _ in rows_of(form):
                pass  # names the line that has too many cells, or too few
        raise DataError(f"{form.path}: cannot be read ({str(error).splitlines()[0]})") from error


def preview(path: Path, kind: str, gzipped: bool, n_rows: int) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the names of a Parquet, Arrow or JSON file's columns, and its first rows as words.

    Args:
        path: the file.
        kind: format of the file: `parquet`, `arrow` or `json`.
        gzipped: whether the file is compressed by gzip.
        n_rows: rows that are shown.

    Raises:
        DataError: it cannot be read.
    """
    try:
        if kind == "parquet":
            with _opened(path, gzipped) as stream:
                table: Any = next(iter(pq.ParquetFile(stream).iter_batches(n_rows)), None)
                names = pq.ParquetFile(stream).schema_arrow.names
        else:
            table = _whole(path, kind, gzipped)
            names, table = table.column_names, table.slice(0, n_rows)
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    columns = [] if table is None else [[str(cell) for cell in table[name].to_pylist()] for name in names]
    return tuple(names), tuple(zip(*columns, strict=True))


def _text(form: Format, names: list[str], kinds: dict[str, Any], missing: bool) -> Iterator[Any]:
    """Yield the columns of a delimited text."""
    if form.quoted:
        refuse_open_quotes(form.path, gzipped=form.gzipped)
    parse: Any = pacsv.ParseOptions(
        delimiter=_ONE if len(form.separator) > 1 else form.separator,
        quote_char='"' if form.quoted else False,
    )
    read = pacsv.ReadOptions(column_names=list(form.names), skip_rows=int(form.header), block_size=1 << 24)
    convert = pacsv.ConvertOptions(include_columns=names, column_types=kinds, strings_can_be_null=missing)
    with _one_separator(form) as stream, pacsv.open_csv(stream, read, parse, convert) as reader:
        for batch in reader:
            if batch.num_rows:
                yield pa.Table.from_batches([batch])


def _opened(path: Path, gzipped: bool) -> Any:
    """Return a file as a stream of Arrow's, unpacked."""
    if not gzipped:
        return pa.memory_map(str(path)) if path.stat().st_size else pa.OSFile(str(path))
    with closing(pa.CompressedInputStream(pa.OSFile(str(path)), "gzip")) as packed:
        return pa.BufferReader(packed.read())


def _one_separator(form: Format) -> Any:
    """Return a text as a stream in which one character separates cells."""
    if form.separator not in ("::", " "):
        return pa.input_stream(str(form.path), compression="gzip" if form.gzipped else None)
    with _opened(form.path, form.gzipped) as file:
        text: bytes = file.read()
    if form.separator == "::":
        return pa.BufferReader(text.replace(b"::", _ONE.encode()))
    return pa.BufferReader(re.sub(rb"[ \t]+", b" ", re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", text)))


def _whole(path: Path, kind: str, gzipped: bool) -> Any:
    """Return a JSON or Arrow file as a table."""
    with _opened(path, gzipped) as file:
        if kind == "json":
            return pajson.read_json(file, read_options=pajson.ReadOptions(block_size=1 << 24))
        try:
            return pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            return pa.ipc.open_stream(file).read_all()
