"""Logs from elsewhere: a Parquet or CSV file (or a folder of Parquet parts), its columns named by a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from serendip.experiments.offline.column_map import RECOGNISED
from serendip.experiments.offline.logged import Logged, Step
from serendip.experiments.offline.table_files import (
    files_of,
    header_of,
    listed,
    occurrence,
    read_batches,
    sortable,
    user_ids,
)
from serendip.simulator.interface import DataError, Floats, Ints, Items, Visits


@dataclass
class TableSource:
    """A file of logged slots, one a row.

    Without a user column each row is a user of its own.  Without a visit column each row is a visit of its own, with
    one slot of the slate known.

    Attributes:
        path: a CSV or Parquet file, or a folder of Parquet parts.
        columns: what its columns are called; what is left out is looked for under the usual names.
        declared_range: smallest and largest reward, or None.
    """

    path: Path
    columns: Mapping[str, str]
    declared_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self._files = files_of(self.path)
        header = header_of(self._files[0])
        self._map = dict[str, str]()
        for name, usual in RECOGNISED.items():
            given = self.columns.get(name)
            found = [given] if given is not None else [column for column in usual if column in header][:1]
            for column in found:
                if column not in header:
                    raise DataError(f"{self.path}: no column {column!r} ({name}); it has {listed(header)}")
                self._map[name] = column
        for name in ("reward", "propensity"):
            if name not in self._map:
                hint = f"say which it is, as in {name}=COLUMN"
                raise DataError(f"{self.path}: no column with the {name}; {hint}; it has {listed(header)}")
        self._vocabulary: Any = None
        self._slate_size = 1
        self._first_position = 0
        self._n_rows = 0

    @property
    def rows_are_users(self) -> bool:
        """Whether each row is a user of its own."""
        return "user" not in self._map

    @property
    def has_target(self) -> bool:
        """Whether the file has a column with the target's probability."""
        return "target" in self._map

    @property
    def notes(self) -> list[str]:
        """What a reader of the estimates should know of this file."""
        if self.rows_are_users:
            return [
                "There is no user column, so each row counts as a user of its own; intervals are too narrow where rows"
                " of one user are alike."
            ]
        return []

    @property
    def slate_size(self) -> int:
        """Positions of a slate."""
        self._survey()
        return self._slate_size

    @property
    def reward_range(self) -> tuple[float, float] | None:
        """Declared smallest and largest reward."""
        return self.declared_range

    @property
    def propensity_floor(self) -> float:
        """Unknown."""
        return 0.0

    @property
    def key(self) -> int | None:
        """Unknown."""
        return None

    @property
    def has_slate_propensities(self) -> bool:
        """Rows are slots by themselves."""
        return False

    @property
    def n_rows(self) -> int:
        """Number of slots."""
        self._survey()
        return self._n_rows

    def items(self) -> Items:
        """Return the items that appear, all of one topic; their order is that of their ids."""
        if "item" not in self._map:
            raise DataError(
                f"{self.path}: an agent as target needs a column with the item; say which, as in item=COLUMN"
            )
        self._survey()
        n_items = len(self._vocabulary)
        return Items(np.zeros(n_items, dtype=np.int32), np.zeros(n_items, dtype=np.int32))

    def item_numbers(self) -> Ints:
        """Return the items' own numbers, in order.

        Raises:
            DataError: items are not numbered.
        """
        self.items()
        try:
            return np.asarray(self._vocabulary).astype(np.int64)
        except ValueError as error:
            raise DataError(f"{self.path}: items are not numbered; the first is {self._vocabulary[0]!r}") from error

    def batches(self) -> Iterator[Logged]:
        """Yield the slots in order, checked.

        Raises:
            DataError: a value is missing, of another type or out of range; the message names the file and the row.
        """
        for offset, table in self._tables():
            yield self._logged(table, offset)

    def steps(self) -> Iterator[Step]:
        """Yield the rows as visits with one slot; rows of one user come one after another, as the file has them."""
        available = np.ones(self.items().n_items, dtype=bool)
        for offset, table in self._tables():
            logged = self._logged(table, offset)
            day = self._numbers(table, "day", offset)
            days = np.zeros(len(logged), dtype=np.int64) if day is None else day.astype(np.int64)
            serial = (offset + np.arange(len(logged))).astype(np.int32)
            turn = np.zeros(len(logged), dtype=np.int64) if self.rows_are_users else occurrence(logged.user)
            order = np.lexsort((turn, days))
            changes = (np.diff(days[order]) != 0) | (np.diff(turn[order]) != 0)
            for rows in np.split(order, np.flatnonzero(changes) + 1):
                visits = Visits(logged.user[rows], int(days[rows[0]]), serial[rows], available)
                reward = logged.reward[rows, None]
                shown = logged.item[rows, None], reward > 0, reward, logged.propensity[rows, None]
                yield Step(visits, *shown, logged.position[rows])

    def before(self) -> Iterator[Step]:
        """Nothing is known from before."""
        yield from ()

    def _tables(self) -> Iterator[tuple[int, Any]]:
        """Yield (rows before it, table) of the mapped columns, in order."""
        offset = 0
        for file in self._files:
            for table in read_batches(file, self._map):
                yield offset, table
                offset += table.num_rows

    def _logged(self, table: Any, offset: int) -> Logged:
        n = table.num_rows
        numbers = {name: self._numbers(table, name, offset) for name in ("reward", "propensity", "target", "position")}
        reward, propensity, target = numbers["reward"], numbers["propensity"], numbers["target"]
        assert reward is not None
        assert propensity is not None
        self._allow(offset, "propensity", propensity, (propensity > 0) & (propensity <= 1), "above 0 and at most 1")
        self._allow(offset, "reward", reward, np.isfinite(reward), "a finite number")
        if self.declared_range is not None:
            low, high = self.declared_range
            self._allow(offset, "reward", reward, (reward >= low) & (reward <= high), f"{low:g} to {high:g}")
        if target is not None:
            self._allow(offset, "target", target, (target >= 0) & (target <= 1), "0 to 1")
        rows = np.arange(offset, offset + n)
        user = rows if self.rows_are_users else user_ids(self._column(table, "user", offset))
        position = numbers["position"]
        places = np.zeros(n, dtype=np.int64) if position is None else position.astype(np.int64) - self._first_position
        return Logged(user, reward, propensity, self._codes(table, offset), places, target)

    def _codes(self, table: Any, offset: int) -> Ints:
        """Return the rank of each row's item among the items of the file; 0 before they are known."""
        if "item" not in self._map or self._vocabulary is None:
            return np.zeros(table.num_rows, dtype=np.int64)
        return np.searchsorted(self._vocabulary, sortable(self._column(table, "item", offset)))

    def _survey(self) -> None:
        """Read the file once for its items, positions and length."""
        if self._n_rows:
            return
        vocabulary: Any = None
        lowest, highest = np.inf, -np.inf
        for offset, table in self._tables():
            self._n_rows += table.num_rows
            if "item" in self._map:
                seen = np.unique(sortable(self._column(table, "item", offset)))
                vocabulary = seen if vocabulary is None else np.union1d(vocabulary, seen)
            position = self._numbers(table, "position", offset)
            if position is not None and len(position):
                lowest, highest = min(lowest, position.min()), max(highest, position.max())
        if not self._n_rows:
            raise DataError(f"{self.path}: holds no rows; nothing can be estimated from an empty log")
        self._vocabulary = vocabulary
        if np.isfinite(lowest):
            self._first_position, self._slate_size = int(lowest), int(highest - lowest) + 1

    def _column(self, table: Any, name: str, offset: int) -> Any:
        """Return a mapped column; a DataError names the first row without a value."""
        column = table[self._map[name]].combine_chunks()
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
            raise DataError(
                f"{self.path}: row {offset + row}: {self._map[name]} ({name}) is empty; every row needs one"
            )
        return column

    def _numbers(self, table: Any, name: str, offset: int) -> Floats | None:
        """Return a mapped column as float64, or None where it is not mapped."""
        if name not in self._map:
            return None
        column = self._column(table, name, offset)
        if not (
            pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)
        ):
            raise DataError(f"{self.path}: column {self._map[name]!r} ({name}) is {column.type}; it must hold numbers")
        return column.to_numpy(zero_copy_only=False).astype(np.float64)

    def _allow(self, offset: int, name: str, values: Floats, fine: Any, allowed: str) -> None:
        """Raise a DataError that names the first row that is not fine."""
        if not fine.all():
            row = int(np.flatnonzero(~fine)[0])
            column = self._map[name]
            raise DataError(
                f"{self.path}: row {offset + row}: {column} ({name}) is {values[row]:g}; allowed is {allowed}"
            )
