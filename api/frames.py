"""Data frames of any library as files that are read like one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from serendip.simulator.errors import DataError, SerendipError, SettingsError


@contextmanager
def as_path(data: Any) -> Generator[Path]:
    """Yield where `data` lies: a path as it is; a frame as a Parquet file that is gone afterwards.

    Args:
        data: a path, or a data frame of pandas, polars, DuckDB, PyArrow or whatever else speaks the Arrow PyCapsule
            interface; or a dictionary of columns.

    Raises:
        DataError: it is none of these.
    """
    if isinstance(data, str | Path):
        yield Path(data)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="serendip-") as folder:
        path = Path(folder) / "frame.parquet"
        try:
            pq.write_table(_arrow(data), path.absolute(), compression="zstd")
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise DataError(f"{named(data)} that was given is no table: {error}") from error
        try:
            yield path
        except SerendipError as error:
            raise type(error)(str(error).replace(str(path), named(data))) from error


def named(data: Any) -> str:
    """Return what data are called in words: a path as it is, else their type."""
    if isinstance(data, str | Path):
        return str(data)
    return f"the {type(data).__module__.partition('.')[0]} {type(data).__name__}".replace("builtins ", "")


def file_to_write(file: str | Path) -> Path:
    """Return where a file is to be written.

    Raises:
        SettingsError: it is a folder, or its folder is not there.
    """
    path = Path(file)
    if path.is_dir() or not path.parent.is_dir():
        raise SettingsError(f"{path}: name a file in a folder that is there")
    return path


def _arrow(data: Any) -> Any:
    """Return `data` as an Arrow table, without the index of pandas."""
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if type(data).__module__.partition(".")[0] == "pandas":
        return pa.Table.from_pandas(data, preserve_index=False)
    if isinstance(data, dict) or hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if hasattr(data, "__dataframe__"):
        from pyarrow.interchange import from_dataframe

        return from_dataframe(data)
    raise TypeError("give a path, a data frame of pandas, polars, DuckDB or PyArrow, or a dictionary of columns")
