"""Single events in the order they came: who was shown what, when, at which position, and whether it was clicked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Bools, Ints, SmallInts

_FIRST_ROOM = 1 << 10  # slots
_SHORTEST_TAIL = 1 << 14


@dataclass(frozen=True, slots=True)
class Shown:
    """n slots that were shown, in the order they came.

    Attributes:
        rows: (n,) int32 row of the user in the history.
        day: (n,) int32.
        visit: (n,) int32 number of the slate within the user's day.
        position: (n,) int32 from 0.
        items: (n,) int32.
        clicked: (n,).
    """

    rows: SmallInts
    day: SmallInts
    visit: SmallInts
    position: SmallInts
    items: SmallInts
    clicked: Bools

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, index: Any) -> Shown:
        """Return the slots at `index` (a slice, a mask or indices)."""
        return Shown(*(getattr(self, field.name)[index] for field in fields(self)))

    def slate_starts(self) -> Ints:
        """Return (n_slates + 1,) where each slate begins, and the end.

        A slate is a run of slots of one user's visit whose positions rise.
        """
        if not len(self):
            return np.zeros(1, dtype=np.int64)
        new = np.ones(len(self), dtype=bool)
        new[1:] = self.position[1:] <= self.position[:-1]
        for column in (self.rows, self.day, self.visit):
            new[1:] |= column[1:] != column[:-1]
        return np.append(np.flatnonzero(new), len(self))


class EventLog:
    """Slots by order of arrival, with an index by user; the oldest of a user are dropped where `trim` finds too many.

    Attributes:
        most: slots of one user that `trim` leaves.
    """

    def __init__(self, most: int = 4096) -> None:
        self.most = most
        self._columns = _empty(_FIRST_ROOM)
        self._numbers: Ints = np.zeros(_FIRST_ROOM, dtype=np.int64)
        self._length = 0
        self._next = 0  # number of the next slot; those held have rising numbers
        self._order: Ints = np.zeros(0, dtype=np.int64)  # places of the indexed slots, by row, then as they came
        self._indptr: Ints = np.zeros(1, dtype=np.int64)

    def __len__(self) -> int:
        return self._length

    @property
    def n_ever(self) -> int:
        """Number of slots that ever came: what `since` counts from."""
        return self._next

    def append(self, shown: Shown) -> None:
        """Remember n more slots."""
        n = len(shown)
        self._make_room(self._length + n)
        place = slice(self._length, self._length + n)
        for field in fields(Shown):
            getattr(self._columns, field.name)[place] = getattr(shown, field.name)
        self._numbers[place] = np.arange(self._next, self._next + n)
        self._length += n
        self._next += n

    def all(self) -> Shown:
        """Return all slots that are held, in the order they came; views, to be read at once."""
        return self._columns.at(slice(0, self._length))

    def since(self, number: int) -> Shown:
        """Return the slots that came after the first `number` ones ever."""
        first = int(np.searchsorted(self._numbers[: self._length], number))
        return self._columns.at(slice(first, self._length))

    def of(self, rows: Ints) -> tuple[Shown, Ints]:
        """Return the slots of `rows` (B,), each row once at most, user after user; and (B + 1,) where each begins."""
        if self._length - len(self._order) > max(_SHORTEST_TAIL, len(self._order) // 16):
            self._index()
        last = len(self._indptr) - 1
        start = self._indptr[np.minimum(rows, last)]
        length = self._indptr[np.minimum(rows + 1, last)] - start
        owner = np.repeat(np.arange(len(rows)), length)
        ends = np.cumsum(length)
        places = self._order[np.arange(len(owner)) + np.repeat(start - ends + length, length)]
        tail = self._columns.rows[len(self._order) : self._length]
        if len(tail):
            at = np.full(max(int(rows.max(initial=0)), int(tail.max())) + 1, -1, dtype=np.int64)
            at[rows] = np.arange(len(rows))
            fresh = np.flatnonzero(at[tail] >= 0)
            owner = np.concatenate([owner, at[tail[fresh]]])
            order = np.argsort(owner, kind="stable")
            owner, places = owner[order], np.concatenate([places, fresh + len(self._order)])[order]
        return self._columns.at(places), np.searchsorted(owner, np.arange(len(rows) + 1))

    def trim(self) -> None:
        """Drop the oldest slots of each user who has more than `most`."""
        rows = self._columns.rows[: self._length]
        counts = np.bincount(rows)
        if not (counts > self.most).any():
            return
        order = np.argsort(rows, kind="stable")
        rank = np.arange(self._length) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = np.sort(order[rank >= np.repeat(counts - self.most, counts)])
        self._columns, self._numbers = self._columns.at(kept), self._numbers[kept]
        self._length = len(kept)
        self._index()

    def arrays(self) -> Arrays:
        """Return all that is held."""
        held = self.all()
        columns = {field.name: getattr(held, field.name).copy() for field in fields(Shown)}
        return columns | {"numbers": self._numbers[: self._length].copy(), "next": np.asarray([self._next])}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._columns = Shown(*(arrays[field.name].copy() for field in fields(Shown)))
        self._numbers = arrays["numbers"].copy()
        self._length, self._next = len(self._numbers), int(arrays["next"][0])
        self._index()

    def _index(self) -> None:
        rows = self._columns.rows[: self._length]
        self._order = np.argsort(rows, kind="stable")
        self._indptr = np.concatenate([[0], np.cumsum(np.bincount(rows))]).astype(np.int64)

    def _make_room(self, length: int) -> None:
        room = len(self._numbers)
        if length <= room:
            return
        larger = _empty(max(length, 2 * room))
        numbers = np.zeros(len(larger), dtype=np.int64)
        for field in fields(Shown):
            getattr(larger, field.name)[: self._length] = getattr(self._columns, field.name)[: self._length]
        numbers[: self._length] = self._numbers[: self._length]
        self._columns, self._numbers = larger, numbers


def _empty(n: int) -> Shown:
    rows, day, visit, position, items = np.zeros((5, n), dtype=np.int32)
    return Shown(rows, day, visit, position, items, np.zeros(n, dtype=bool))
