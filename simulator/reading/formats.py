"""What kind of table a file is: its container, separator, header and the names of its columns."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from serendip.simulator.errors import DataError
from serendip.simulator.reading.delimited import guess_layout
from serendip.simulator.reading.form import Format
from serendip.simulator.reading.tables import preview

HEAD = 1 << 18  # bytes looked at
PREVIEWED = 100  # rows looked at
_TYPED = re.compile(r"^(.+):(token|float|token_seq|float_seq)$")  # the header of a RecBole file


def recognise(path: Path, said: Collection[str] = ()) -> Format:
    """Return the format of a file, found by what is in it, whatever its name ends with.

    Args:
        path: the file.
        said: names of columns that a person gave; a first line with one of them is a header.

    Raises:
        DataError: it is missing, empty, or of no format that is known.
    """
    head, gzipped = _head(path)
    if head[:4] == b"PAR1" or head[:6] == b"ARROW1" or head[:4] == b"\xff\xff\xff\xff":
        kind = "parquet" if head[:4] == b"PAR1" else "arrow"
        return _columnar(path, kind, gzipped)
    if head[:4] == b"PK\x03\x04":
        raise DataError(f"{path}: a ZIP archive; unpack it and name the file in it")
    text = _decoded(path, head)
    if not text.strip():
        raise DataError(f"{path}: the file is empty; it needs one row for each interaction, with user and item")
    if text.lstrip()[0] == "[":
        raise DataError(f"{path}: one JSON array; write JSON lines instead, one object a line")
    if text.lstrip()[0] == "{":
        return _columnar(path, "json", gzipped)
    return _text(path, text, gzipped, said)


def _head(path: Path) -> tuple[bytes, bool]:
    """Return the first bytes of a file, unpacked, and whether it was packed."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        if head[:2] != b"\x1f\x8b":
            return head, False
        with gzip.open(path) as unpacked:
            return unpacked.read(HEAD), True
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: is a folder; name a file in it") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error


def _decoded(path: Path, head: bytes) -> str:
    """Return the first bytes as text, without a mark of byte order and without a last line that was cut."""
    if len(head) >= HEAD:
        head = head[: head.rfind(b"\n") + 1] or head[:-4]
    wrong, kind = head.find(b"\x00"), "UTF-16"
    try:
        if wrong < 0:
            return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong, kind = error.start, "Latin-1"
    line = head.count(b"\n", 0, wrong) + 1
    raise DataError(f"{path}, line {line}: not text in UTF-8 (it may be {kind}); save the file as UTF-8")


def _text(path: Path, text: str, gzipped: bool, said: Collection[str]) -> Format:
    layout = guess_layout(text, PREVIEWED, said)
    names, rows = layout.rows[0], layout.rows
    if layout.header:
        rows = rows[1:]
        typed = [_TYPED.match(name) for name in names]
        names = tuple(match.group(1) for match in typed if match) if all(typed) else names
        twice = [name for name in names if name and names.count(name) > 1]
        if twice:
            raise DataError(f"{path}, line 1: column {twice[0]!r} stands twice; give each column a name of its own")
    else:
        names = tuple(str(number + 1) for number in range(len(names)))
    return Format(path, "text", names, rows, gzipped, layout.separator, layout.header, layout.quoted)


def _columnar(path: Path, kind: Any, gzipped: bool) -> Format:
    """Return the format of a file that names its columns itself."""
    names, rows = preview(path, kind, gzipped, PREVIEWED)
    return Format(path, kind, names, rows, gzipped)
