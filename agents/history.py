"""What an agent remembers: the site's own log, kept so that a visitor's row can be read at once.

Single events in the order they came, and what they add up to: two sparse tables of counts, clicks and exposures, users
by items.  A table is a sorted part and a short tail of what came since; a read joins the two, and the tail is sorted in
when it grows long, so that remembering costs little and reading the rows of B visitors does not grow with the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sparse

from serendip.agents.event_log import EventLog, Shown
from serendip.agents.models.model import Arrays, Interactions, Sparse
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Bools, Feedback, Ints, Singles, Slates, Visits
from serendip.simulator.logs import Log

_SHORTEST_TAIL = 1 << 14


class CountTable:
    """Counts by row and item, for adding often and reading a few rows often."""

    def __init__(self, n_items: int) -> None:
        self.n_items = n_items
        self.item_totals: Ints = np.zeros(n_items, dtype=np.int64)
        self._keys: Ints = np.zeros(0, dtype=np.int64)  # row * n_items + item, sorted, each once
        self._counts: Singles = np.zeros(0, dtype=np.float32)
        self._indptr: Ints = np.zeros(1, dtype=np.int64)
        self._tail_rows: list[Ints] = []
        self._tail_items: list[Ints] = []
        self._tail_length = 0
        self._tail: tuple[Ints, Ints] | None = None

    def add(self, rows: Ints, items: Ints) -> None:
        """Count each pair (rows[j], items[j]) once more."""
        if len(rows) == 0:
            return
        self.item_totals += np.bincount(items, minlength=self.n_items)
        self._tail_rows.append(rows)
        self._tail_items.append(items)
        self._tail_length += len(rows)
        self._tail = None

    def rows(self, rows: Ints) -> Sparse:
        """Return (B, n_items) CSR of the counts in `rows` (B,), each row once at most; items in order."""
        if self._tail_length > max(_SHORTEST_TAIL, len(self._keys) // 16):
            self.consolidate()
        settled = self._settled_rows(rows)
        tail_rows, tail_items = self._read_tail()
        if len(tail_rows) == 0:
            return settled
        place = np.full(max(int(rows.max(initial=0)), int(tail_rows.max())) + 1, -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        at = place[tail_rows]
        wanted = at >= 0
        fresh = _sum_of_ones(at[wanted], tail_items[wanted], (len(rows), self.n_items))
        return settled + fresh if fresh.nnz else settled

    def matrix(self, n_rows: int) -> Sparse:
        """Return (n_rows, n_items) CSR of all counts."""
        self.consolidate()
        return self._settled_rows(np.arange(n_rows))

    def consolidate(self) -> None:
        """Sort the tail in."""
        rows, items = self._read_tail()
        if len(rows) == 0:
            return
        fresh, times = np.unique(rows * self.n_items + items, return_counts=True)
        at = np.searchsorted(self._keys, fresh)
        known = at < len(self._keys)
        known[known] = self._keys[at[known]] == fresh[known]
        self._counts[at[known]] += times[known].astype(np.float32)
        new = ~known
        self._keys = np.insert(self._keys, at[new], fresh[new])
        self._counts = np.insert(self._counts, at[new], times[new].astype(np.float32))
        self._index()
        self._tail_rows, self._tail_items, self._tail_length, self._tail = [], [], 0, None

    def arrays(self) -> Arrays:
        """Return all counts as two arrays."""
        self.consolidate()
        return {"keys": self._keys.copy(), "counts": self._counts.copy()}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._keys, self._counts = arrays["keys"].copy(), arrays["counts"].copy()
        self._tail_rows, self._tail_items, self._tail_length, self._tail = [], [], 0, None
        totals = np.bincount(self._keys % self.n_items, weights=self._counts, minlength=self.n_items)
        self.item_totals = totals.astype(np.int64)
        self._index()

    def _index(self) -> None:
        n_rows = int(self._keys[-1]) // self.n_items + 1 if len(self._keys) else 0
        self._indptr = np.searchsorted(self._keys, np.arange(n_rows + 1) * self.n_items)

    def _read_tail(self) -> tuple[Ints, Ints]:
        if self._tail is None:
            empty = [np.zeros(0, dtype=np.int64)]
            self._tail = (np.concatenate(self._tail_rows or empty), np.concatenate(self._tail_items or empty))
            self._tail_rows, self._tail_items = [self._tail[0]], [self._tail[1]]
        return self._tail

    def _settled_rows(self, rows: Ints) -> Sparse:
        """Return the counts of `rows` without the tail."""
        last = len(self._indptr) - 1
        start = self._indptr[np.minimum(rows, last)]
        length = self._indptr[np.minimum(rows + 1, last)] - start
        indptr = np.concatenate([[0], np.cumsum(length)])
        at = np.repeat(start - indptr[:-1], length) + np.arange(indptr[-1])
        shape = (len(rows), self.n_items)
        matrix: Any = sparse.csr_array((self._counts[at], self._keys[at] % self.n_items, indptr), shape=shape)
        matrix.has_canonical_format = True
        return matrix


def _sum_of_ones(rows: Ints, items: Ints, shape: tuple[int, int]) -> Sparse:
    """Return a CSR array that counts each (row, item)."""
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.coo_array((ones, (rows, items)), shape=shape).tocsr()


class History:
    """What an agent has seen: who was shown what, and who clicked what.

    Attributes:
        n_items: items of the catalogue.
        clicks: counts of clicks; a row per user, in order of first appearance.
        exposures: counts of slots shown, likewise.
        events: the single slots, the latest of each user at least, which the counts add up with those dropped.
    """

    def __init__(self, n_items: int) -> None:
        self.n_items = n_items
        self.events = EventLog()
        self.clicks = CountTable(n_items)
        self.exposures = CountTable(n_items)
        self._ids: Ints = np.zeros(0, dtype=np.int64)  # by row
        self._sorted: Ints = np.zeros(0, dtype=np.int64)
        self._row_of_sorted: Ints = np.zeros(0, dtype=np.int64)

    @property
    def n_users(self) -> int:
        """Number of users seen."""
        return len(self._ids)

    @property
    def user_ids(self) -> Ints:
        """(n_users,) ids in increasing order: the rows of `interactions`."""
        return self._sorted

    def append(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Remember the slates of B visits and what was clicked."""
        n_slots = slates.items.shape[1]
        when = (np.full(slates.items.size, visits.day), np.repeat(visits.visit, n_slots))
        position = np.tile(np.arange(n_slots), len(visits))
        columns = np.repeat(visits.user_ids, n_slots), slates.items.ravel(), feedback.clicked.ravel()
        self.append_slots(*columns, *when, position)

    def append_slots(
        self,
        user_ids: Ints,
        items: Ints,
        clicked: Bools,
        day: Any = 0,
        visit: Any = 0,
        position: Any = 0,
    ) -> None:
        """Remember n slots, one a row, in the order they came.

        Args:
            user_ids: (n,) who.
            items: (n,) what was shown.
            clicked: (n,) whether it was clicked.
            day: (n,) on which day, or one for all.
            visit: (n,) number of the slate within the user's day, or one for all.
            position: (n,) position in the slate, or one for all: then each slot is a slate of its own.

        Raises:
            DataError: an item is not of this catalogue.
        """
        if len(items) and not 0 <= int(items.min()) <= int(items.max()) < self.n_items:
            raise DataError(f"item {int(items.max())} is not of this catalogue; items are 0 to {self.n_items - 1}")
        rows = self._add_users(user_ids)
        when = [np.broadcast_to(np.asarray(part, dtype=np.int32), rows.shape) for part in (day, visit, position)]
        self.events.append(Shown(rows.astype(np.int32), when[0], when[1], when[2], items.astype(np.int32), clicked))
        self.exposures.add(rows, items)
        self.clicks.add(rows[clicked], items[clicked])

    def clicks_of(self, user_ids: Ints) -> Sparse:
        """Return (B, n_items) CSR of how often each user clicked each item; an unknown user has an empty row."""
        return self.clicks.rows(self.rows_of(user_ids))

    def exposures_of(self, user_ids: Ints) -> Sparse:
        """Return (B, n_items) CSR of how often each user was shown each item."""
        return self.exposures.rows(self.rows_of(user_ids))

    def n_exposures_of(self, user_ids: Ints) -> Ints:
        """Return (B,) number of slots shown to each user."""
        return self.exposures_of(user_ids).sum(axis=1).astype(np.int64)

    def interactions(self) -> Interactions:
        """Return what a model learns from: 1 for each distinct pair clicked, and shown; users in order of their ids.

        The order in which users and events came in changes nothing, to the last bit.
        """
        order = self._row_of_sorted
        clicks, exposures = self.clicks.matrix(self.n_users)[order], self.exposures.matrix(self.n_users)[order]
        return Interactions(as_ones(clicks), as_ones(exposures))

    def arrays(self) -> Arrays:
        """Return all that is remembered, as named arrays."""
        tables = {"clicks": self.clicks.arrays(), "exposures": self.exposures.arrays()}
        named = {f"{table}.{name}": array for table, arrays in tables.items() for name, array in arrays.items()}
        return named | {"user_ids": self._ids.copy()} | with_prefix("events", self.events.arrays())

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._ids = arrays["user_ids"].copy()
        self._sort_users()
        for name, table in (("clicks", self.clicks), ("exposures", self.exposures)):
            table.restore({part: arrays[f"{name}.{part}"] for part in ("keys", "counts")})
        self.events.restore(without_prefix("events", arrays))

    @classmethod
    def from_log(cls, log: Log, n_items: int, users: Ints | None = None) -> History:
        """Return the memory of an agent that lived through `log`, also what is known from before it began.

        Args:
            n_items: items of the catalogue.
            users: ids of the users to keep, or None for all.
        """
        history = cls(n_items)
        for columns in _slots_of(log):
            kept: Any = slice(None) if users is None else np.isin(columns[0], users)
            history.append_slots(*(column[kept] for column in columns))
        return history

    def rows_of(self, user_ids: Ints) -> Ints:
        """Return (B,) the row of each user; one past the last, which is empty, for the unknown."""
        if self.n_users == 0:
            return np.arange(len(user_ids))
        at = np.minimum(np.searchsorted(self._sorted, user_ids), self.n_users - 1)
        known = self._sorted[at] == user_ids
        unknown = self.n_users + np.cumsum(~known) - 1  # rows of their own, so that each row stands once
        return np.where(known, self._row_of_sorted[at], unknown)

    def _add_users(self, user_ids: Ints) -> Ints:
        """Return (n,) the row of each user, with rows for the new ones."""
        new = _distinct(user_ids)
        if self.n_users:
            at = np.minimum(np.searchsorted(self._sorted, new), self.n_users - 1)
            new = new[self._sorted[at] != new]
        if len(new):
            self._ids = np.concatenate([self._ids, new])
            self._sort_users()
        return self._row_of_sorted[np.searchsorted(self._sorted, user_ids)]

    def _sort_users(self) -> None:
        self._row_of_sorted = np.argsort(self._ids, kind="stable")
        self._sorted = self._ids[self._row_of_sorted]


def _distinct(ids: Ints) -> Ints:
    """Return each of `ids` once, in increasing order; np.unique hashes, which takes ten times as long."""
    ordered = np.sort(ids)
    return ordered[np.concatenate([np.ones(min(len(ids), 1), dtype=bool), ordered[1:] != ordered[:-1]])]


def as_ones(counts: Sparse) -> Sparse:
    """Return a CSR array like `counts` with 1 wherever it holds anything."""
    ones = np.ones(counts.nnz, dtype=np.float32)
    return sparse.csr_array((ones, counts.indices, counts.indptr), shape=counts.shape)


def outcomes(clicks: Sparse, exposures: Sparse) -> Sparse:
    """Return (B, M) CSR float64, the share of showings clicked, an explicit 0 where none was; items in order."""
    n_items = exposures.shape[1]
    places = np.repeat(np.arange(exposures.shape[0]), np.diff(exposures.indptr)) * n_items + exposures.indices
    clicked = np.repeat(np.arange(clicks.shape[0]), np.diff(clicks.indptr)) * n_items + clicks.indices
    share = np.zeros(len(places))
    share[np.searchsorted(places, clicked)] = clicks.data
    share /= exposures.data
    return sparse.csr_array((share, exposures.indices, exposures.indptr), shape=exposures.shape)


def _slots_of(log: Log) -> Iterable[tuple[Any, ...]]:
    """Yield (user_ids, items, clicked, day, visit, position) of the slots before the log began, then of the log."""
    organic = log.organic()
    if organic is not None:
        names = ("user_id", "item_id", "clicked", "day", "visit", "position")
        yield tuple(organic[name].to_numpy(zero_copy_only=False) for name in names)
    for d in log.batches():
        yield d.user_id, d.item_id, d.clicked, d.day, d.visit, d.position
