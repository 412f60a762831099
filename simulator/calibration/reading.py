"""Interactions read from a CSV file, strictly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.text_table import TextTable
from serendip.simulator.calibration.times import read_times
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints

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
        period: how the times were read, such as "1997-09-20 to 1998-04-23, seconds".
    """

    user: Ints
    item: Ints
    day: Ints
    liked: Any
    user_names: Any
    item_names: Any
    threshold: float | None
    period: str


def read_interactions(path: Path, columns: Columns, positive_from: float | None = None) -> Interactions:
    """Return the interactions in a CSV file with a header.

    Names of users and items are text: 07 and 7 are two.  Times are seconds since 1970 or thousandths, millionths or
    billionths of them, told from the whole column, or seconds from some start.

    Args:
        path: the file.
        columns: what its columns are called.
        positive_from: smallest rating that counts as a positive; None: 4/5 of the largest, or every row where there is
            no rating.

    Raises:
        DataError: the file is missing or empty, a column is missing, a row is torn, or a value is not what it should
            be; the message names the file and the row.
    """
    table = TextTable(path)
    names = _resolve(table.names, columns, path)
    user_names, user = table.codes(names["user"])
    item_names, item = table.codes(names["item"])
    times = read_times(table.numbers(names["time"]), names["time"], str(path))
    threshold, liked = None, np.ones(len(user), dtype=bool)
    if names["rating"] is not None:
        rating = table.numbers(names["rating"])
        threshold = _threshold(rating, positive_from, names["rating"], path)
        liked = rating >= threshold
    order = np.lexsort((item, times.seconds, user))
    return Interactions(
        user=user[order],
        item=item[order],
        day=times.day[order],
        liked=liked[order],
        user_names=user_names,
        item_names=item_names,
        threshold=threshold,
        period=times.said,
    )


def _threshold(rating: Floats, given: float | None, name: str, path: Path) -> float:
    """Return the smallest rating that counts as a positive."""
    if given is not None:
        return given
    most = float(rating.max())
    if most <= 0.0:
        raise DataError(
            f"{path}: no {name} is above 0 (the largest is {most:g}), so none is a positive; leave the column out if "
            "every row is one, or say from where with --positive-from"
        )
    return POSITIVE_SHARE * most


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
