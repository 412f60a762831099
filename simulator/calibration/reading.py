"""Interactions read from a CSV file, strictly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints

SECONDS_PER_DAY = 86_400
POSITIVE_SHARE = 0.8  # of the largest rating: 4 of 5, 8 of 10, and 1 where ratings are 0 and 1
KNOWN_NAMES = {  # what columns are usually called; the first of each is MovieLens'
    "user": ("userId", "user_id", "user", "userid"),
    "item": ("movieId", "item_id", "item", "itemId", "itemid"),
    "rating": ("rating",),
    "time": ("timestamp", "time", "unixtime"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a file are called; None: one of the usual names."""

    user: str | None = None
    item: str | None = None
    rating: str | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Interactions:
    """n interactions in order of user and time, and the names that the file has for users and items.

    Attributes:
        user: (n,) user, from 0.
        item: (n,) item, from 0.
        day: (n,) day, from the first of the file.
        liked: (n,) whether it counts as a positive.
        user_names: (N,) what the file calls each user.
        item_names: (M,) what the file calls each item.
        threshold: smallest rating that counts as a positive, or None where the file has no ratings.
    """

    user: Ints
    item: Ints
    day: Ints
    liked: Any
    user_names: Any
    item_names: Any
    threshold: float | None


def read_interactions(path: Path, columns: Columns) -> Interactions:
    """Return the interactions in a CSV file with a header.

    Positives are ratings of at least 4/5 of the largest, or every row where there is no rating.  Times are in seconds
    (or milliseconds) since 1970.

    Raises:
        DataError: the file is missing or empty, a column is missing, or a value is not what it should be; it names
            the file and the row.
    """
    table = _table(path)
    names = _resolve(table.column_names, columns, path)
    user_names, user = _codes(table, names["user"], path)
    item_names, item = _codes(table, names["item"], path)
    seconds = _numbers(table, names["time"], path)
    if float(np.abs(seconds).max()) > 1e11:  # the year 5138: these are milliseconds
        seconds = seconds / 1000.0
    threshold, liked = None, np.ones(len(user), dtype=bool)
    if names["rating"] is not None:
        rating = _numbers(table, names["rating"], path)
        threshold = POSITIVE_SHARE * float(rating.max())
        liked = rating >= threshold
    order = np.lexsort((item, seconds, user))
    days = np.floor(seconds / SECONDS_PER_DAY).astype(np.int64)
    return Interactions(
        user=user[order],
        item=item[order],
        day=(days - days.min())[order],
        liked=liked[order],
        user_names=user_names,
        item_names=item_names,
        threshold=threshold,
    )


def _table(path: Path) -> Any:
    """Return the file as a table of text, at least one row long."""
    try:
        header = csv.open_csv(path).schema.names
        as_text = {name: pa.string() for name in header}
        table = csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=as_text))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except pa.ArrowInvalid as error:
        if path.is_file() and path.stat().st_size == 0:
            raise DataError(f"{path}: the file is empty; it needs a header and one interaction per row") from error
        raise DataError(f"{path}: not a CSV file with a header ({str(error).splitlines()[0]})") from error
    if table.num_rows == 0:
        raise DataError(f"{path}: no rows below the header; nothing to fit a world to")
    return table


def _resolve(present: list[str], columns: Columns, path: Path) -> dict[str, Any]:
    """Return the name of each column in this file; None for a rating that is not there."""
    names = dict[str, Any]()
    for field in fields(columns):
        given = getattr(columns, field.name)
        usual = KNOWN_NAMES[field.name]
        found = [name for name in ((given,) if given else usual) if name in present]
        if found:
            names[field.name] = found[0]
        elif field.name == "rating" and given is None:
            names[field.name] = None
        else:
            wanted = f"{given!r}" if given else f"for the {field.name} ({', '.join(usual)})"
            flag = f"name it with --{field.name}-column"
            raise DataError(f"{path}: row 1: no column {wanted} among {', '.join(present)}; {flag}")
    return names


def _codes(table: Any, name: str, path: Path) -> tuple[Any, Ints]:
    """Return the distinct texts of a column, sorted, and which of them stands in each row."""
    column = table[name]
    values = column.to_numpy(zero_copy_only=False).astype(str)
    empty = np.flatnonzero(values == "")
    if column.null_count or len(empty):
        row = int(np.flatnonzero(column.is_null().to_numpy())[0]) if column.null_count else int(empty[0])
        raise DataError(f"{path}: row {row + 2}: {name} is empty; every interaction needs one")
    distinct, codes = np.unique(values, return_inverse=True)
    return distinct, codes.astype(np.int64)


def _numbers(table: Any, name: str, path: Path) -> Floats:
    """Return a column as finite numbers, or raise a DataError that names the first row where it is none."""
    texts = table[name].to_numpy(zero_copy_only=False)
    try:
        numbers = texts.astype(np.float64)
        wrong = np.flatnonzero(~np.isfinite(numbers))
    except (TypeError, ValueError):
        numbers = np.empty(0)
        wrong = np.array([next(i for i, text in enumerate(texts) if not _is_number(text))])
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"{path}: row {row + 2}: {name} is {texts[row]!r}; allowed is a number")
    return numbers


def _is_number(text: Any) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except (TypeError, ValueError):
        return False
