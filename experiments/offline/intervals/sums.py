"""Sufficient statistics of a log, in bounded memory: sums for each user, then sums of them for each replicate.

`update` takes a batch, `merge` another shard, `finish` the sums over users.  Memory grows with the number of users,
not of rows; where each row is a user of its own, with neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from serendip.experiments.offline.intervals import bootstrap
from serendip.experiments.offline.slots import Slots, Terms
from serendip.simulator.interface import Floats, Ints

_SHORT = 1 << 14  # ids that wait to be sorted in among the others
COUNT, WEIGHT = 0, 1  # the columns that every log has; those of the estimators follow


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold the parts of each estimate, N / D + B / count, or (N - b K) / count with controls K.

    Attributes:
        numerator: (E,) column of N.
        denominator: (E,) column of D.
        baseline: (E,) column of B, or None for an estimate without.
        controls: (E,) columns of K; none for most.
    """

    numerator: tuple[int, ...]
    denominator: tuple[int, ...]
    baseline: tuple[int | None, ...]
    controls: tuple[tuple[int, ...], ...]

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return max(column for e in range(len(self.numerator)) for column in (*self.parts(e), WEIGHT)) + 1

    def parts(self, e: int) -> tuple[int, ...]:
        """Return the columns that estimate `e` is made of: N, D and, with a baseline, B and the count; or K."""
        base = self.baseline[e]
        ratio = self.numerator[e], self.denominator[e], *self.controls[e]
        return ratio if base is None else (*ratio, base, COUNT)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of columns whose products standard errors are made of, each once."""
        wanted = {
            (min(i, j), max(i, j)) for e in range(len(self.numerator)) for i in self.parts(e) for j in self.parts(e)
        }
        return sorted(wanted)


def columns_of(slots: Slots, terms: Sequence[Terms]) -> Columns:
    """Return the columns that `terms` of `slots` need; what several terms share is kept once."""
    places: dict[int, int] = {id(slots.weight): WEIGHT}
    n_columns = 2

    def place(values: Floats) -> int:
        nonlocal n_columns
        if id(values) not in places:
            places[id(values)] = n_columns
            n_columns += 1
        return places[id(values)]

    numerator, denominator, baseline = list[int](), list[int](), list[int | None]()
    controls = list[tuple[int, ...]]()
    for term in terms:
        numerator.append(place(term.numerator))
        denominator.append(COUNT if term.denominator is None else place(term.denominator))
        baseline.append(None if term.baseline is None else place(term.baseline))
        controls.append(tuple(place(control) for control in term.controls))
    return Columns(tuple(numerator), tuple(denominator), tuple(baseline), tuple(controls))


def values_of(columns: Columns, slots: Slots, terms: Sequence[Terms]) -> Floats:
    """Return (C, n) the value of each column for each slot."""
    values = np.empty((columns.n_columns, len(slots)))
    values[COUNT] = 1.0
    values[WEIGHT] = slots.weight
    for e, term in enumerate(terms):
        values[columns.numerator[e]] = term.numerator
        if term.denominator is not None:
            values[columns.denominator[e]] = term.denominator
        if term.baseline is not None:
            values[columns.baseline[e]] = term.baseline
        for column, control in zip(columns.controls[e], term.controls, strict=True):
            values[column] = control
    return values


class _Places:
    """Where each id is kept: a long sorted part, and a short one that new ids go to until they are many."""

    def __init__(self) -> None:
        self._long: tuple[Ints, Ints] = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)  # ids, their rows
        self._short = self._long

    def __len__(self) -> int:
        return len(self._long[0]) + len(self._short[0])

    def of(self, ids: Ints) -> Ints:
        """Return the row of each of `ids` (distinct, in order); new ones get the rows that follow."""
        rows = np.full(len(ids), -1, dtype=np.int64)
        for known, places in (self._long, self._short):
            at = np.searchsorted(known, ids)
            at[at == len(known)] = 0
            if len(known):
                found = known[at] == ids
                rows[found] = places[at[found]]
        new = np.flatnonzero(rows < 0)
        if len(new):
            rows[new] = len(self) + np.arange(len(new))
            self._short = _joined(self._short, (ids[new], rows[new]))
            if len(self._short[0]) > max(_SHORT, len(self._long[0]) // 8):
                self._long, self._short = _joined(self._long, self._short), _Places()._short
        return rows

    def in_order(self) -> tuple[Ints, Ints]:
        """Return the ids in order, and their rows."""
        return _joined(self._long, self._short)


def _joined(one: tuple[Ints, Ints], other: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return the (ids, rows) of both, in the order of the ids."""
    at = np.searchsorted(one[0], other[0])
    return np.insert(one[0], at, other[0]), np.insert(one[1], at, other[1])


class UserSums:
    """Sums of C columns for each user, users in any order and any number of times."""

    def __init__(self, n_columns: int) -> None:
        self._places = _Places()
        self._sums: Floats = np.zeros((0, n_columns))

    @property
    def n_columns(self) -> int:
        """Number of columns C."""
        return self._sums.shape[1]

    def add(self, users: Ints, values: Floats) -> None:
        """Add `values` (C, n) to the sums of `users` (n,)."""
        if len(users) == 0:
            return
        users, values = _sum_runs(users, values)
        ids, inverse = np.unique(users, return_inverse=True)
        if len(ids) < len(users):
            pick = sparse.csc_array((np.ones(len(users)), inverse, np.arange(len(users) + 1)), (len(ids), len(users)))
            values = pick @ values
        else:
            values = values[np.argsort(inverse)]
        rows = self._places.of(ids)
        self._grow(len(self._places))
        self._sums[rows] += values

    def merge(self, other: UserSums) -> None:
        """Add the sums of another shard."""
        ids, sums = other.in_order()
        self.add(ids, sums.T)

    def in_order(self) -> tuple[Ints, Floats]:
        """Return (U,) ids in order and (U, C) their sums."""
        ids, rows = self._places.in_order()
        return ids, self._sums[rows]

    def _grow(self, n_rows: int) -> None:
        if n_rows > len(self._sums):
            larger = np.zeros((max(n_rows, len(self._sums) * 3 // 2), self._sums.shape[1]))
            larger[: len(self._sums)] = self._sums
            self._sums = larger


def _sum_runs(users: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Return users and their (n, C) values, with rows that stand one after another summed, such as those of a slate."""
    starts = np.flatnonzero(np.concatenate([[True], users[1:] != users[:-1]]))
    if len(starts) == len(users):
        return users, np.ascontiguousarray(values.T)
    return users[starts], np.ascontiguousarray(np.add.reduceat(values, starts, axis=1).T)


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over users, as they are (row 0) and in each of R bootstrap replicates.

    Attributes:
        n_users: users summed over.
        most: slots of the user with the most.
        sums: (1 + R, C) sums of the columns.
        products: (1 + R, P) sums over users of the products of two columns, in the order of `Columns.pairs`.
    """

    n_users: int
    most: float
    sums: Floats
    products: Floats

    def plus(self, other: Moments) -> Moments:
        """Return the sums over the users of both; no user may be in both."""
        most = max(self.most, other.most)
        return Moments(self.n_users + other.n_users, most, self.sums + other.sums, self.products + other.products)


def moments(columns: Columns, seed: int, users: Ints, sums: Floats, n_replicates: int, n_threads: int = 1) -> Moments:
    """Return the sums over U users of their `sums` (U, C), and of the products that standard errors are made of.

    Args:
        columns: which sums belong to which estimate.
        seed: number that all draws follow from.
        users: (U,) ids of the users, which the weights of the bootstrap follow from.
        sums: (U, C) sums of each user.
        n_replicates: replicates of the bootstrap.
        n_threads: threads that share out the replicates; they change no result.
    """
    pairs = np.array(columns.pairs)

    def values(rows: slice) -> Floats:
        block = sums[rows]
        return np.concatenate([block, block[:, pairs[:, 0]] * block[:, pairs[:, 1]]], axis=1)

    totals = bootstrap.weighted_sums(seed, users, values, n_replicates, n_threads)
    n_columns = sums.shape[1]
    most = float(sums[:, COUNT].max(initial=0.0))
    return Moments(len(users), most, totals[:, :n_columns], totals[:, n_columns:])
