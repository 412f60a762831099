"""Titles of a fitted world's items."""

from __future__ import annotations

from pathlib import Path

from serendip.simulator.errors import SettingsError
from serendip.simulator.reading.titles import read_names, read_titles


def titles_of(file: Path, world: str, n_items: int) -> dict[int, str]:
    """Return the title of each item by its row in the world's catalogue.

    Args:
        file: ids and titles of items, in any layout that `read_titles` knows.
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
    titles = read_titles(file)
    names = {row: titles[item].title for row, item in enumerate(read_names(ids, "item")) if item in titles}
    return {row: title for row, title in names.items() if title and row < n_items}
