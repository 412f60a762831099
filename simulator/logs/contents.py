"""How much a log holds, and a checksum of each of its files: what was cut or changed afterwards is seen."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serendip.simulator.errors import DataError
from serendip.simulator.logs.schema import LogContents, LogMeta
from serendip.simulator.settings_json import read_json, settings_from_json, settings_to_json, write_json

TABLES = ("users.parquet", "items.parquet", "organic.parquet", "hidden.parquet", "truth.parquet")
PIECE = 1 << 22


def parts_of(path: Path) -> list[Path]:
    """Return the Parquet parts of the decisions of the log in the folder `path`, in order."""
    return sorted((path / "decisions").glob("part-*.parquet"))


def contents_of(path: Path) -> LogContents:
    """Return what the log in the folder `path` holds now.

    Raises:
        DataError: a file is not Parquet.
    """
    parts = parts_of(path)
    files = [*parts, *(path / name for name in TABLES if (path / name).exists())]
    return LogContents(
        n_rows=sum(n_rows(part) for part in parts),
        n_parts=len(parts),
        n_users=n_rows(path / "users.parquet"),
        checksums={file.relative_to(path).as_posix(): checksum(file) for file in files},
    )


def seal(path: Path) -> None:
    """Count anew what the log in the folder `path` holds, and write it into its `meta.json`.

    For who changed a log on purpose; without it, the log is refused as one that was cut or damaged.
    """
    meta = settings_from_json(LogMeta, read_json(path / "meta.json"), str(path / "meta.json"))
    write_json(path / "meta.json", settings_to_json(replace(meta, contents=contents_of(path))))


def check_counts(path: Path, contents: LogContents) -> None:
    """Raise a DataError unless the log in the folder `path` has the files and rows that `contents` says."""
    parts, undo = parts_of(path), "; get the log anew, or `seal` it if you changed it on purpose"
    missing = [name for name in contents.checksums if not (path / name).exists()]
    if missing:
        raise DataError(f"{path / missing[0]}: no such file, but meta.json lists it{undo}")
    if len(parts) != contents.n_parts:
        raise DataError(f"{path}: {len(parts)} parts of decisions; meta.json says {contents.n_parts}{undo}")
    rows = sum(n_rows(part) for part in parts)
    if rows != contents.n_rows:
        raise DataError(f"{path}: {rows:,} rows of decisions; meta.json says {contents.n_rows:,}{undo}")
    users = n_rows(path / "users.parquet")
    if users != contents.n_users:
        raise DataError(f"{path / 'users.parquet'}: {users:,} users; meta.json says {contents.n_users:,}{undo}")
    files = [*parts, *(path / name for name in TABLES if (path / name).exists())]
    unknown = [file for file in files if file.relative_to(path).as_posix() not in contents.checksums]
    if unknown:
        raise DataError(f"{unknown[0]}: meta.json has no checksum of it{undo}")


def check_sum(path: Path, file: Path, contents: LogContents | None) -> None:
    """Raise a DataError unless `file` of the log in `path` is as it was written; old logs do not say how that was."""
    known = None if contents is None else contents.checksums.get(file.relative_to(path).as_posix())
    if known is not None and known != checksum(file):
        raise DataError(
            f"{file}: changed since it was written (its checksum is not the one in meta.json); get the log anew, or "
            "`seal` it if you changed it on purpose"
        )


def checksum(file: Path) -> str:
    """Return the CRC-32 of the bytes of `file`, as eight hexadecimal digits."""
    total = 0
    with file.open("rb") as stream:
        while piece := stream.read(PIECE):
            total = zlib.crc32(piece, total)
    return f"{total:08x}"


def n_rows(file: Path) -> int:
    """Return how many rows the Parquet `file` says it has.

    Raises:
        DataError: it is not Parquet.
    """
    try:
        return pq.read_metadata(file.absolute()).num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{file}: truncated or not Parquet ({why}); write it again") from error
