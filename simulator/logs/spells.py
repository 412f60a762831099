"""From when to when an item was hidden from a user: a row for each such time, however many slates it lasts.

A list at every slate would grow with the square of a log's length.  Each row here begins or ends with something that
happened, such as a click, so that the rows are no more than such happenings.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from serendip.simulator.interface import Bools, Ints, Visits


@dataclass(frozen=True, slots=True)
class Spells:
    """n spells, by user, then item: the item is hidden from the user in all slates of the user from first to last.

    Attributes:
        user: (n,) who.
        item: (n,) what.
        first: (n,) the first of the slates, as `moment` has it.
        last: (n,) the last of them.
    """

    user: Ints
    item: Ints
    first: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.user)

    def at(self, index: Any) -> Spells:
        """Return the spells at `index` (a slice, a mask or indices)."""
        return Spells(*(getattr(self, column.name)[index] for column in fields(self)))

    def repeated(self) -> Bools:
        """Return (n,) which spells begin while another one of the same user and item lasts, in any order."""
        order = np.lexsort((self.first, self.item, self.user))
        one, next_one = self.at(order[:-1]), self.at(order[1:])
        found = np.zeros(len(self), dtype=bool)
        same = (one.user == next_one.user) & (one.item == next_one.item)
        found[order[1:]] = same & (next_one.first <= one.last)
        return found

    def ranges(self, users: Ints) -> tuple[Ints, Ints]:
        """Return for each of `users` (B,) where its spells begin, and how many they are."""
        low, high = np.searchsorted(self.user, users), np.searchsorted(self.user, users, side="right")
        return low, high - low

    def left_to(self, visits: Visits) -> Visits:
        """Return the visits without what is hidden from each."""
        place, owner = spread(*self.ranges(visits.user_ids))
        now = moment(visits.day, visits.visit)[owner]
        held = (self.first[place] <= now) & (now <= self.last[place])
        return visits.without(visits.user_ids[owner[held]], self.item[place[held]])


def moment(day: Any, visit: Any) -> Ints:
    """Return the number of a day and visit, which grows with time."""
    return np.asarray(day, np.int64) * (1 << 32) + np.asarray(visit, np.int64)


def day_and_visit(when: Ints) -> tuple[Ints, Ints]:
    """Return the day and the visit of a moment."""
    return when >> 32, when & ((1 << 32) - 1)


def joined(parts: list[Spells]) -> Spells:
    """Return all spells together, by user, item and time."""
    whole = Spells(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Spells)))
    return whole.at(np.lexsort((whole.first, whole.item, whole.user)))


def spread(low: Ints, length: Ints) -> tuple[Ints, Ints]:
    """Return the places in all ranges that begin at `low` (B,) with `length` (B,), and the range each is of."""
    owner = np.repeat(np.arange(len(low)), length)
    return np.arange(len(owner)) - (np.cumsum(length) - length)[owner] + low[owner], owner


def _nothing() -> Spells:
    return Spells(*np.zeros((4, 0), dtype=np.int64))


@dataclass
class HidingRecorder:
    """Makes spells of the visits of a log, which come in order of time for each user."""

    _open: Spells = field(default_factory=_nothing)  # that go on; one of a user and item
    _over: list[Spells] = field(default_factory=list[Spells])

    def note(self, visits: Visits) -> None:
        """Note what the visitors of B slates must not be shown."""
        if visits.available.ndim == 1 and not len(self._open):
            return
        order = np.argsort(visits.user_ids)
        users, now = visits.user_ids[order], moment(visits.day, visits.visit)[order]
        row, item = np.nonzero(~visits.available[order]) if visits.available.ndim == 2 else np.zeros((2, 0), np.int64)
        low, length = self._open.ranges(users)
        place, owner = spread(low, length)
        n_items = visits.available.shape[-1]
        before, today = owner * n_items + self._open.item[place], row * n_items + item  # rising, both
        at = np.minimum(np.searchsorted(today, before), max(len(today) - 1, 0))
        goes_on = today[at] == before if len(today) else np.zeros(len(before), dtype=bool)
        self._open.last[place[goes_on]] = now[owner[goes_on]]
        new = np.ones(len(today), dtype=bool)
        new[at[goes_on]] = False
        begun = Spells(users[row[new]], item[new], now[row[new]], now[row[new]])
        within = np.searchsorted(before, today[new]) - (np.cumsum(length) - length)[row[new]]
        self._change(place[~goes_on], low[row[new]] + within, begun)

    def _change(self, ended: Ints, where: Ints, begun: Spells) -> None:
        """Put spells that have begun at the places `where` of the open ones, and those that have ended away."""
        if len(ended):
            self._over.append(self._open.at(ended))
        if len(ended) or len(begun):
            kept: Bools = np.ones(len(self._open), dtype=bool)
            kept[ended] = False
            columns = list[Ints]()
            for column in fields(Spells):
                old, more = getattr(self._open, column.name), getattr(begun, column.name)
                columns.append(np.insert(old, where, more)[np.insert(kept, where, True)])
            self._open = Spells(*columns)

    def spells(self) -> Spells | None:
        """Return all spells so far; None where nothing was ever hidden."""
        parts = [*self._over, self._open]
        return joined(parts) if sum(map(len, parts)) else None
