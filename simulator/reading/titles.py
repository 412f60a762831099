"""What items are called: titles and genres beside ids, and the ids that a fitted world's rows stand for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole
from serendip.simulator.reading.delimited import guess_layout
from serendip.simulator.reading.names import usual_column


@dataclass(frozen=True, slots=True)
class Title:
    """What an item is called, and what it is about; "" where that is not known."""

    title: str
    genres: str = ""


def read_titles(path: Path) -> dict[str, Title]:
    """Return the title and the genres of each item by its id.

    The file is text with any separator; without a header, the first column is the id, the second the title and the last
    the genres (MovieLens' `movies.dat`).  Text that is not UTF-8 is read as Latin-1 (its `u.item`).

    Raises:
        DataError: there is no such file, or nothing says which columns hold ids and titles.
    """
    text = _text_of(path)
    if not text.strip():
        raise DataError(f"{path}: the file is empty; it needs a row for each item, with its id and its title")
    layout = guess_layout(text, 1 << 40)
    rows, names = layout.rows[1:] if layout.header else layout.rows, layout.rows[0]
    if layout.header:
        id_at, title_at, genres_at = (_place(names, role) for role in ("item", "title", "genres"))
        id_at = names.index("id") if id_at is None and "id" in names else id_at
    else:
        id_at, title_at, genres_at = 0, 1, 2 if len(names) == 3 else None
    if id_at is None or title_at is None or len(names) < 2:
        raise DataError(f"{path}: needs a column with ids (movieId, item_id, id) and one with titles (title, name)")
    least = max(id_at, title_at, genres_at or 0)
    return {
        row[id_at]: Title(row[title_at], row[genres_at] if genres_at is not None else "")
        for row in rows
        if len(row) > least
    }


def write_names(path: Path, kind: str, ids: Iterable[str], titles: Mapping[str, Title] | None = None) -> None:
    """Write which id each row of a world has, as CSV with the columns `row`, `kind`, and what items are called.

    Args:
        path: the file.
        kind: the name of the column with the ids, such as `item`.
        ids: ids in the order of their rows.
        titles: titles and genres of items; what is not known stays empty.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["row", kind, *(["title", "genres"] if titles is not None else [])])
    for row, name in enumerate(ids):
        known = titles.get(str(name), Title("")) if titles is not None else None
        table.writerow([row, name, *([known.title, known.genres] if known else [])])
    write_whole(path, text.getvalue())


def read_names(path: Path, kind: str) -> list[str]:
    """Return the ids that `write_names` wrote, in the order of their rows.

    Raises:
        DataError: the file is not what it wrote.
    """
    try:
        table = list(csv.DictReader(io.StringIO(_text_of(path)), strict=True))
        found = {row["row"]: row[kind] or "" for row in table}
    except (KeyError, csv.Error) as error:
        raise DataError(
            f"{path}: not the names of a world's rows, row and {kind}; calibrate the world again"
        ) from error
    if list(found) != [str(number) for number in range(len(table))]:
        raise DataError(f"{path}: its column row does not count from 0; calibrate the world again")
    return list(found.values())


def _text_of(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _place(names: tuple[str, ...], role: str) -> int | None:
    """Return the place of the column with a role, or None."""
    name = usual_column(role, names)
    return None if name is None else names.index(name)
