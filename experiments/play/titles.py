"""Titles of a fitted world's items."""

from __future__ import annotations

import csv
from pathlib import Path

from serendip.simulator.errors import DataError, SettingsError

_ITEM, _TITLE = ("movieid", "item_id", "item", "itemid", "id"), ("title", "name")


def read_titles(file: Path, world: str, n_items: int) -> dict[int, str]:
    """Return the title of each item by its row in the world's catalogue.

    Args:
        file: a CSV file with a column of ids (movieId, item_id, item, id) and one of titles (title, name).
        world: the folder of the world, whose `items.csv` says which id each row has.
        n_items: items of the world.

    Raises:
        DataError: a file cannot be read, or lacks a column.
        SettingsError: the world is a preset, whose items are nobody's.
    """
    ids = Path(world) / "items.csv"
    if not ids.is_file():
        raise SettingsError(
            f"--items: the world {world} keeps no ids of its items; titles are for worlds fitted to ratings"
        )
    titles = dict(_column_pairs(file, _ITEM, _TITLE))
    rows = {int(row): titles.get(item, "") for row, item in _column_pairs(ids, ("row",), ("item",))}
    return {row: title for row, title in rows.items() if title and 0 <= row < n_items}


def _column_pairs(file: Path, first: tuple[str, ...], second: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the values of two columns, each known by one of some names."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.reader(text))
    except FileNotFoundError as error:
        raise DataError(f"{file}: no such file") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: not a CSV file in UTF-8 ({error})") from error
    head = [name.strip().lower() for name in rows[0]] if rows else []
    one, other = (next((head.index(name) for name in names if name in head), -1) for names in (first, second))
    if min(one, other) < 0:
        raise DataError(f"{file}: needs one of the columns {', '.join(first)} and one of {', '.join(second)}")
    return [(row[one], row[other]) for row in rows[1:] if len(row) > max(one, other)]
