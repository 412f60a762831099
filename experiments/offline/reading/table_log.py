"""One's own table as a log of this project's format, for what follows users from day to day or learns from them."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from serendip.experiments.offline.reading.column_map import ColumnMap, parse_columns
from serendip.experiments.offline.reading.ids import numbers_or_words, ranks, user_ids, vocabulary
from serendip.experiments.offline.reading.opening import open_source
from serendip.experiments.offline.reading.table_columns import MappedColumns
from serendip.experiments.offline.reading.table_files import files_of, header_of, listed, occurrence, read_batches
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Ints, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter
from serendip.simulator.reading.times import Misread, read_times

NEEDED = ("user", "day", "item", "reward", "propensity")
_TAKEN = (*NEEDED, "position", "visit", "topic", "slate_propensity")
_MOST_DAYS, _COUNTED = 10_000, 100_000  # days of a log; whole numbers below it are numbers of days


@contextmanager
def as_log(path: Path, columns: ColumnMap = ()) -> Generator[Path]:
    """Yield the folder of a log: `path` itself where it is one, else its table written as one, gone afterwards.

    A table needs a user, a day, an item, a reward and a propensity in each row.  With a position, the rows of a user's
    visit are a slate, whose positions must all be there; without one each row is a slate of its own.  Items and
    users are numbered in the order of their ids; all are there from the first day on.

    Args:
        path: a log's folder, a table, or a folder of its parts.
        columns: what the columns of a table are called, by the log's own names.

    Raises:
        DataError: a column is missing, a row cannot be, or a slate is not whole.
        SettingsError: columns are named for a log that has its own.
    """
    source = open_source(path, columns)
    if not isinstance(source, TableSource):
        yield path
        return
    rows = _Rows(source.path, parse_columns(columns))
    with tempfile.TemporaryDirectory(prefix="serendip-") as folder:
        log = Path(folder) / "log"
        rows.write(log)
        try:
            yield log
        except DataError as error:
            raise DataError(str(error).replace(str(log), str(path))) from error


class _Rows:
    """The rows of a table: what they hold, in the order of days, visits and users."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self.path = path
        files = files_of(path)
        header = header_of(files[0], columns.values())
        self._map = MappedColumns(path, header, columns, (), estimated=False)
        lacking = [name for name in NEEDED if name not in self._map]
        if lacking:
            raise DataError(
                f"{path}: no column with the {lacking[0]}; users are followed, and learned from, by user, day, item,"
                f" reward and propensity; say which it is, as in --columns {lacking[0]}=COLUMN; it has {listed(header)}"
            )
        wanted = {name: self._map.of[name] for name in _TAKEN if name in self._map}
        parts, offset = list[dict[str, Any]](), 0
        for file in files:
            for table in read_batches(file, wanted):
                parts.append({name: self._read(table, name, offset) for name in wanted})
                offset += table.num_rows
        if not offset:
            raise DataError(f"{path}: holds no rows; nothing can be said of nobody")
        self._of = {name: self._joined(name, [part[name] for part in parts]) for name in wanted}
        self._of["user"] = np.unique(self._of["user"], return_inverse=True)[1].astype(np.int64)
        self._set_items()
        self._set_slates()

    def _read(self, table: Any, name: str, offset: int) -> Any:
        """Return a column of some rows: numbers checked, ids and days as they are."""
        if name in ("reward", "propensity", "slate_propensity"):
            values = self._map.numbers(table, name, offset)
            self._map.check(offset, name, values, None)
            return values
        column = self._map.column(table, name, offset)
        return user_ids(column) if name == "user" else column

    def _joined(self, name: str, parts: list[Any]) -> Any:
        if name in ("user", "reward", "propensity", "slate_propensity"):
            return np.concatenate(parts)
        kinds = {part.type for part in parts}
        column = pa.concat_arrays(parts if len(kinds) == 1 else [part.cast(pa.string()) for part in parts])
        return self._days(column) if name == "day" else numbers_or_words(column)

    def _days(self, column: Any) -> Ints:
        """Return (n,) the day of each row, from the first: whole numbers are days, all else is dates or moments."""
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numbers = column.to_numpy(zero_copy_only=False).astype(np.float64)
            if np.isfinite(numbers).all() and (np.abs(numbers) < _COUNTED).all() and not (numbers % 1.0).any():
                return numbers.astype(np.int64) - int(numbers.min())
        found = read_times(column, self._map.of["day"])
        if isinstance(found, Misread):
            raise DataError(f"{self.path}: row {found.row}: {self._map.of['day']} (day): allowed is {found.why}")
        return found.day

    def _set_items(self) -> None:
        ids, topics = vocabulary(None, None, self._of["item"], self._of.get("topic"))
        topic = np.zeros(len(ids), np.int32) if topics is None else np.unique(topics, return_inverse=True)[1]
        self.items = Items(topic.astype(np.int32), np.zeros(len(ids), dtype=np.int32))
        self._of["item"] = ranks(self._of["item"], ids)

    def _set_slates(self) -> None:
        """Set which rows are slates, (S, L), in the order of days, visits and users.

        Raises:
            DataError: positions are no numbers, a slate lacks one, or there are too many days.
        """
        user, day = self._of["user"], self._of["day"]
        if int(day.max()) >= _MOST_DAYS:
            raise DataError(f"{self.path}: {int(day.max()) + 1:,} days; allowed are {_MOST_DAYS:,}")
        place = self._places()
        of_day = np.unique(np.stack([user, day]), axis=1, return_inverse=True)[1].ravel()
        if "visit" in self._of:
            visit = np.unique(np.stack([of_day, _numbered(self._of["visit"])]), axis=1, return_inverse=True)[1].ravel()
        else:
            turn = occurrence(of_day * (int(place.max()) + 1) + place)
            visit = np.unique(np.stack([of_day, turn]), axis=1, return_inverse=True)[1].ravel()
        order, n_slots = np.lexsort((place, visit)), int(place.max()) + 1
        whole = len(order) % n_slots == 0 and (place[order].reshape(-1, n_slots) == np.arange(n_slots)).all()
        if not whole or (np.diff(visit[order].reshape(-1, n_slots), axis=1) != 0).any():
            self._refuse_slates(visit, n_slots)
        slates = order.reshape(-1, n_slots)
        self.turn = occurrence(of_day[slates[:, 0]])
        by = np.lexsort((user[slates[:, 0]], self.turn, day[slates[:, 0]]))
        self.slates, self.turn = slates[by], self.turn[by]
        item = np.sort(self._of["item"][self.slates], axis=1)
        self._refuse((np.diff(item, axis=1) == 0).any(axis=1), "an item stands twice in its slate")
        chance = self._of.get("slate_propensity")
        if chance is not None:
            above = chance[self.slates] > self._of["propensity"][self.slates] * (1.0 + 1e-6)
            self._refuse(above.any(axis=1), "a slate is likelier than one of its slots")

    def _places(self) -> Ints:
        """Return (n,) the position of each row, from 0."""
        if "position" not in self._of:
            return np.zeros(len(self._of["user"]), dtype=np.int64)
        place = self._of["position"]
        if not np.issubdtype(place.dtype, np.integer):
            raise DataError(f"{self.path}: {self._map.of['position']} (position) holds no whole numbers")
        return place - int(place.min())

    def _refuse_slates(self, visit: Ints, n_slots: int) -> None:
        short = np.flatnonzero(np.bincount(visit)[visit] != n_slots)
        row = int(short[0]) if len(short) else 0
        raise DataError(
            f"{self.path}: row {row}: a slate without all its {n_slots} positions; give every slate a row for each, and"
            " where a user has several slates a day a column with the visit"
        )

    def _refuse(self, wrong: Any, why: str) -> None:
        if wrong.any():
            raise DataError(f"{self.path}: row {int(self.slates[int(np.argmax(wrong)), 0])}: {why}")

    def write(self, folder: Path) -> None:
        """Write the rows as a log."""
        writer, of, slates = LogWriter(folder), self._of, self.slates
        first = slates[:, 0]
        day, user = of["day"][first], of["user"][first]
        available = np.ones(self.items.n_items, dtype=bool)
        cuts = np.flatnonzero((np.diff(day) != 0) | (np.diff(self.turn) != 0)) + 1
        for some in np.split(np.arange(len(slates)), cuts):
            rows = slates[some]
            visits = Visits(user[some], int(day[some[0]]), self.turn[some].astype(np.int32), available)
            whole = of["slate_propensity"][rows[:, 0]] if "slate_propensity" in of else None
            shown = Slates(of["item"][rows], of["propensity"][rows], whole, np.zeros(len(rows), dtype=bool))
            reward = of["reward"][rows]
            writer.append(visits, shown, Feedback(reward > 0.0), reward=reward.astype(np.float32))
        low, high = min(float(of["reward"].min()), 0.0), max(float(of["reward"].max()), 1.0)
        n_days = int(of["day"].max()) + 1
        meta = LogMeta("table", ("the table's logger",), slates.shape[1], n_days, reward_range=(low, high))
        writer.close(meta, _users(np.unique(user), n_days), self.items)


def _numbered(values: Any) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _users(ids: Ints, n_days: int) -> Any:
    """Return one row for each user: known from the first day on, and watched to the last."""
    n = len(ids)
    columns: dict[str, Any] = {
        "user_id": ids,
        "cohort": np.full(n, "everyone"),
        "first_day": np.zeros(n, np.int32),
        "last_day": np.full(n, n_days - 1, np.int32),
        "censored": np.ones(n, dtype=bool),
    }
    return pa.table(columns)
