"""Interactions in order of user and time, by days."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Ints
from serendip.simulator.reading import Wanted, read_interactions


@dataclass(frozen=True, slots=True)
class Dated:
    """n interactions in order of user and time, and the names that the file has for users and items.

    Attributes:
        user: (n,) user, from 0.
        item: (n,) item, from 0.
        day: (n,) day, from the first of the file.
        liked: (n,) whether it counts as a positive.
        user_names: (N,) what the file calls each user, sorted as words.
        item_names: (M,) what the file calls each item, likewise.
        threshold: smallest rating that counts as a positive, or None where the file has no ratings.
        period: how the times were read, such as "1997-09-20 to 1998-04-23, seconds".
        rule: what makes a positive, in words.
        said: what was read and guessed, in sentences.
    """

    user: Ints
    item: Ints
    day: Ints
    liked: Any
    user_names: Any
    item_names: Any
    threshold: float | None
    period: str
    rule: str
    said: tuple[str, ...]


def read_dated(path: Path, wanted: Wanted | None = None) -> Dated:
    """Return the interactions in a file that has times.

    Raises:
        DataError: the file cannot be read, or has no times.
    """
    found = read_interactions(path, wanted)
    if found.times is None:
        raise DataError(
            f"{path}: no column for the time among {', '.join(found.form.names)}; it may be called timestamp, time or "
            "date, or say which it is with --columns time=COLUMN"
        )
    user_names, user = _sorted(found.user_names, found.user)
    item_names, item = _sorted(found.item_names, found.item)
    order = np.lexsort((item, found.times.seconds, user))
    return Dated(
        user=user[order],
        item=item[order],
        day=found.times.day[order],
        liked=found.liked[order],
        user_names=user_names,
        item_names=item_names,
        threshold=found.threshold,
        period=found.times.said,
        rule=found.rule,
        said=tuple(found.said()),
    )


def _sorted(names: Any, codes: Ints) -> tuple[Any, Ints]:
    """Return the names sorted, and the codes that go with them."""
    order = np.argsort(names)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return names[order], rank[codes]
