"""Logs from elsewhere: a Parquet or CSV file (or a folder of Parquet parts), its columns named by a map."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from serendip.experiments.offline.reading import PROPENSITY_MODELS
from serendip.experiments.offline.reading.column_map import AS_THEY_ARE, COLUMNS, WEIGHTS
from serendip.experiments.offline.reading.ids import numbers_or_words, ranks, user_ids
from serendip.experiments.offline.reading.ids import vocabulary as known_items
from serendip.experiments.offline.reading.propensity_model import PropensityModel
from serendip.experiments.offline.reading.read_ahead import read_ahead
from serendip.experiments.offline.reading.source import Logged, Source, Step
from serendip.experiments.offline.reading.table_columns import Beside, MappedColumns
from serendip.experiments.offline.reading.table_files import (
    files_of,
    header_of,
    occurrence,
    read_batches,
)
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Floats, Ints, Items, SmallInts, Visits

_LONGEST = 1000  # positions of a slate
_NO_USERS = (
    "There is no user column, so each row counts as a user of its own; intervals are too narrow where rows of one user"
    " are alike."
)
_CHECKED = ("reward", "finite", "positive", "chance")


@dataclass
class TableSource:
    """A file of logged slots, one a row.

    Without a user column each row is a user of its own.  Without a visit column each row is a visit of its own, with
    one slot of the slate known.

    Attributes:
        path: a CSV or Parquet file, or a folder of Parquet parts.
        columns: what its columns are called; what is left out is looked for under the usual names.
        declared_range: smallest and largest reward, or None.
        propensity_model: name of the model that estimates the propensities which the file lacks, or None.
        context: columns that this model may use.
        beside: what else is read of it, such as several loggers' probabilities.
    """

    path: Path
    columns: Mapping[str, str]
    declared_range: tuple[float, float] | None = None
    propensity_model: str | None = None
    context: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()

    def __post_init__(self) -> None:
        low, high = self.declared_range or (0.0, 1.0)
        if not -np.inf < low < high < np.inf:
            raise SettingsError(f"the reward range is {low:g} to {high:g}; the first must be below the second")
        self._files = files_of(self.path)
        others = (*self.context, *(column for one in self.beside for column in one.reads.values()))
        header = header_of(self._files[0], (*self.columns.values(), *others))
        self._map = MappedColumns(self.path, header, self.columns, others, estimated=self.estimates_propensities)
        self._model: PropensityModel | None = None
        self._vocabulary: Any = None
        self._topics: SmallInts = np.zeros(0, dtype=np.int32)
        self._slate_size = 1
        self._first_position = 0
        self._n_rows = 0

    def parts(self) -> list[Source]:
        """Return the files as tables of their own, in order."""
        return [dataclasses.replace(self, path=file) for file in self._files]

    @property
    def estimates_propensities(self) -> bool:
        """Whether propensities are a model's."""
        return self.propensity_model is not None

    @property
    def further(self) -> tuple[str, ...]:
        """Names of the further columns that the file has."""
        plain = [name for name in AS_THEY_ARE if name in self._map]
        weights = [name for name, parts in WEIGHTS.items() if all(part in self._map for part in parts)]
        return tuple(dict.fromkeys([*plain, *weights, *(name for one in self.beside for name in one.adds)]))

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
        found = [_NO_USERS] if self.rows_are_users else []
        if self.propensity_model is not None:
            found.append(
                f"Propensities are estimated by the model `{self.propensity_model}`, not logged; estimates are as right"
                " as that model, and intervals leave out how uncertain it is."
            )
        return found

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
        """Return the items that appear, of one topic unless a column says theirs; their order is that of their ids."""
        if "item" not in self._map:
            raise DataError(
                f"{self.path}: an agent as target needs a column with the item; say which, as in item=COLUMN"
            )
        self._survey()
        n_items = len(self._vocabulary)
        topic = self._topics if "topic" in self._map else np.zeros(n_items, dtype=np.int32)
        return Items(topic, np.zeros(n_items, dtype=np.int32))

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
        self._survey()
        for offset, table in read_ahead(self._tables()):
            yield self._logged(table, offset)

    def steps(self) -> Iterator[Step]:
        """Yield the rows as visits with one slot; rows of one user come one after another, as the file has them."""
        available = np.ones(self.items().n_items, dtype=bool)
        for offset, table in self._tables():
            logged = self._logged(table, offset)
            days = np.zeros(len(logged), dtype=np.int64)
            if "day" in self._map:
                days = self._map.numbers(table, "day", offset).astype(np.int64)
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

    def _tables(self, *names: str) -> Iterator[tuple[int, Any]]:
        """Yield (rows before it, table), in order, of the columns mapped to `names`, or of all and the context."""
        offset = 0
        columns = {name: column for name, column in self._map.of.items() if not names or name in names}
        for one in self.beside:
            columns |= one.reads
        if not names:
            columns |= {f"context {k}": name for k, name in enumerate(self.context)}
        for file in self._files:
            for table in read_batches(file, columns):
                yield offset, table
                offset += table.num_rows

    def _logged(self, table: Any, offset: int) -> Logged:
        wanted = [name for name, column in COLUMNS.items() if column.values in _CHECKED and name in self._map]
        numbers = {name: self._map.numbers(table, name, offset) for name in wanted}
        for name, values in numbers.items():
            self._map.check(offset, name, values, self.declared_range)
        position, item = self._position(table, offset), self._codes(table, offset)
        propensity = numbers.get("propensity")
        if propensity is None:
            propensity = self._estimated(position, item, self._map.matrix(table, self.context, offset))
        user = self._users(table, offset)
        further = {name: numbers[name] for name in self.further if name in numbers and name in AS_THEY_ARE}
        for one in self.beside:
            further |= one.further(self._map, table, offset, {"user": user, "propensity": propensity})
        further |= {name: numbers[a] / numbers[b] for name, (a, b) in WEIGHTS.items() if name in self.further}
        return Logged(user, numbers["reward"], propensity, item, position, numbers.get("target"), further)

    def _users(self, table: Any, offset: int) -> Ints:
        """Return the user of each row; its own number where each is one."""
        if self.rows_are_users:
            return np.arange(offset, offset + table.num_rows)
        return user_ids(self._map.column(table, "user", offset))

    def _position(self, table: Any, offset: int) -> Ints:
        """Return the position of each row, from 0."""
        if "position" not in self._map:
            return np.zeros(table.num_rows, dtype=np.int64)
        return self._places(table, offset).astype(np.int64) - self._first_position

    def _places(self, table: Any, offset: int) -> Floats:
        """Return the positions as the file has them, checked."""
        places = self._map.numbers(table, "position", offset)
        self._map.allow(
            offset, "position", places, np.isfinite(places) & (places == np.floor(places)), "a whole number"
        )
        return places

    def _estimated(self, position: Ints, item: Ints, context: Floats) -> Floats:
        """Return the propensities that the declared model gives, which is fitted when they are first asked for."""
        model = self._model
        if model is None:
            assert self.propensity_model is not None
            self._survey()
            model = cast("PropensityModel", PROPENSITY_MODELS.card(self.propensity_model).make())
            rows = (
                (self._position(t, o), self._codes(t, o), self._map.matrix(t, self.context, o))
                for o, t in self._tables()
            )
            model.fit(rows, self._slate_size, len(self._vocabulary), self._n_rows)
            self._model = model
        return model.chances(position, item, context)

    def _codes(self, table: Any, offset: int) -> Ints:
        """Return the rank of each row's item among the items of the file; 0 before they are known."""
        if "item" not in self._map or self._vocabulary is None:
            return np.zeros(table.num_rows, dtype=np.int64)
        return ranks(numbers_or_words(self._map.column(table, "item", offset)), self._vocabulary)

    def _survey(self) -> None:
        """Read the file once for its items, positions and length."""
        if self._n_rows:
            return
        vocabulary: Any = None
        topics: Any = None
        n_rows, lowest, highest = 0, np.inf, -np.inf
        names = ("reward", "item", "topic", "position", *(("user", "logger") if self.beside else ()))
        for offset, table in read_ahead(self._tables(*names)):
            n_rows += table.num_rows
            for one in self.beside:
                one.count(self._map, table, offset, self._users(table, offset))
            if "item" in self._map:
                item = numbers_or_words(self._map.column(table, "item", offset))
                topic = [numbers_or_words(self._map.column(table, "topic", offset))] if "topic" in self._map else [None]
                vocabulary, topics = known_items(vocabulary, topics, item, *topic)
            position = self._places(table, offset) if "position" in self._map else np.zeros(0)
            if len(position):
                lowest, highest = min(lowest, position.min()), max(highest, position.max())
        if not n_rows:
            raise DataError(f"{self.path}: holds no rows; nothing can be estimated from an empty log")
        self._n_rows, self._vocabulary = n_rows, vocabulary
        if topics is not None:
            self._topics = np.unique(topics, return_inverse=True)[1].astype(np.int32)
        if np.isfinite(lowest):
            self._first_position, self._slate_size = int(lowest), int(highest - lowest) + 1
        if self._slate_size > _LONGEST:
            raise DataError(
                f"{self.path}: positions go from {lowest:g} to {highest:g}; allowed are {_LONGEST} of them, one after"
                " another"
            )
