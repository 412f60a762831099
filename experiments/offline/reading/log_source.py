"""Logs of this project's own format, as slots and as visits that an agent lives through again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.offline.reading.source import Logged, Source, Step
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Ints, Items, SmallInts, Visits
from serendip.simulator.logs import Decisions, Log, open_log
from serendip.simulator.logs.spells import Spells

POSITION_WISE = (
    "All but the slate estimators weigh each slot by itself: they take its click to hang on its own item and position."
    " Where the items of a slate compete for one click (multinomial logit), they are biased as far as the target's"
    " slates differ from the logged ones; slate_ips and slate_snips, from the log's slate_propensity, are not, and need"
    " far more data."
)


@dataclass
class LogSource:
    """A log of this project's own format.

    Attributes:
        path: its folder.
        hidden: spells in which items were hidden from users; None where none was.
    """

    path: Path
    _log: Log = field(init=False)
    _items: Items = field(init=False)
    hidden: Spells | None = field(init=False)

    def __post_init__(self) -> None:
        self._log = open_log(self.path)
        self._items = self._log.items()
        self.hidden = self._log.hidden()

    @property
    def counted(self) -> bool:
        """Whether the log says how much it holds, so that what is missing is missed."""
        return self._log.counted

    @property
    def rows_are_users(self) -> bool:
        """Users have ids in this format."""
        return False

    @property
    def notes(self) -> list[str]:
        """What weights by position take for granted, where a slate has more than one."""
        return [POSITION_WISE] if self.slate_size > 1 else []

    @property
    def slate_size(self) -> int:
        """Positions of a slate."""
        return self._log.meta.slate_size

    @property
    def reward_range(self) -> tuple[float, float] | None:
        """Declared smallest and largest reward."""
        low, high = self._log.meta.reward_range
        return low, high

    @property
    def propensity_floor(self) -> float:
        """Smallest propensity that the logging policy gives anything."""
        return self._log.meta.propensity_floor

    @property
    def key(self) -> int | None:
        """Key of the logging policy's draws."""
        return self._log.meta.key

    @property
    def has_slate_propensities(self) -> bool:
        """Whether no part has a slate without its probability."""
        missing = 0
        for part in self._log.parts:
            try:
                for batch in pq.ParquetFile(part.absolute()).iter_batches(1 << 18, columns=["slate_propensity"]):
                    missing += batch.column(0).null_count
            except (pa.ArrowException, OSError, ValueError):  # left to whoever reads it next
                return False
        return missing == 0

    @property
    def has_target(self) -> bool:
        """The target is an agent here."""
        return False

    @property
    def estimates_propensities(self) -> bool:
        """Whether propensities are a model's, not logged."""
        return False

    @property
    def further(self) -> tuple[str, ...]:
        """None: the target is no column here."""
        return ()

    @property
    def n_rows(self) -> int:
        """Number of slots, from the parts' own records of it."""
        total = 0
        for part in self._log.parts:
            try:
                total += pq.read_metadata(part.absolute()).num_rows
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                raise DataError(f"{part}: truncated or not Parquet; write it again") from error
        return total

    def items(self) -> Items:
        """Return the catalogue."""
        return self._items

    def item_numbers(self) -> Ints:
        """Return the items' numbers, from 0."""
        return np.arange(self._items.n_items)

    def parts(self) -> list[Source]:
        """Return the log itself: its visits run over its files."""
        return [self]

    def batches(self) -> Iterator[Logged]:
        """Yield the slots in order."""
        for batch in self._log.batches():
            self._check(batch)
            yield Logged(
                batch.user_id,
                batch.reward.astype(np.float64),
                batch.propensity,
                batch.item_id,
                batch.position.astype(np.int64),
            )

    def steps(self) -> Iterator[Step]:
        """Yield the slates of each day and visit number, in order."""
        moment = list[Decisions]()  # batches that the current day and visit may go on in
        for batch in self._ordered():
            self._check(batch)
            cuts = np.flatnonzero((np.diff(batch.day) != 0) | (np.diff(batch.visit) != 0)) + 1
            for rows in np.split(np.arange(len(batch)), cuts):
                piece = batch.rows(slice(rows[0], rows[-1] + 1))
                if moment and (moment[0].day[0] != piece.day[0] or moment[0].visit[0] != piece.visit[0]):
                    yield self._step(moment)
                    moment = []
                moment.append(piece)
        if moment:
            yield self._step(moment)

    def before(self) -> Iterator[Step]:
        """Yield what was shown before the log began."""
        table = self._log.organic()
        if table is None or table.num_rows == 0:
            return
        names = ("user_id", "day", "visit", "position", "item_id", "clicked")
        user, day, visit, position, item, clicked = (table[n].to_numpy(zero_copy_only=False) for n in names)
        order = np.lexsort((user, position, visit, day))
        changes = [np.diff(column[order]) != 0 for column in (day, visit, position)]
        for rows in np.split(order, np.flatnonzero(np.logical_or.reduce(changes)) + 1):
            visits = self._visits(user[rows], int(day[rows[0]]), visit[rows])
            shown, hit = item[rows, None], clicked[rows, None]
            yield Step(visits, shown, hit, hit.astype(np.float64), np.ones(shown.shape))

    def _visits(self, users: Ints, day: int, visit: SmallInts) -> Visits:
        visits = Visits(users, day, visit.astype(np.int32), self._items.available(day))
        return visits if self.hidden is None else self.hidden.left_to(visits)

    def _ordered(self) -> Iterator[Decisions]:
        """Yield the decisions by day and visit; where the log is not in that order, sorted in memory."""
        if _in_order(self._log.parts):
            yield from self._log.batches()
            return
        whole = self._log.decisions()
        yield whole.rows(np.lexsort((whole.visit, whole.day)))

    def _check(self, batch: Decisions) -> None:
        """Raise a DataError where an item or a position is not of this log."""
        n_items = self._items.n_items
        if len(batch) and batch.item_id.max() >= n_items:
            raise DataError(
                f"{self.path}: item_id {batch.item_id.max()} is not in items.parquet, which has 0 to {n_items - 1}"
            )
        if len(batch) and batch.position.max() >= self.slate_size:
            raise DataError(
                f"{self.path}: position {batch.position.max()} is not of a slate of {self.slate_size} (meta.json)"
            )

    def _step(self, pieces: list[Decisions]) -> Step:
        """Return the slates of one day and visit number."""
        parts = pieces[0] if len(pieces) == 1 else _joined(pieces)
        parts = parts.rows(np.lexsort((parts.position, parts.user_id)))
        n_slots = self.slate_size
        whole = len(parts) % n_slots == 0 and bool((parts.position.reshape(-1, n_slots) == np.arange(n_slots)).all())
        users = parts.user_id.reshape(-1, n_slots) if whole else parts.user_id[None]
        if not whole or (users != users[:, :1]).any():
            raise DataError(
                f"{self.path}: day {parts.day[0]}, visit {parts.visit[0]}: a slate without all its {n_slots} positions;"
                " every slate needs a row per position"
            )
        shape = users.shape
        visits, items = (
            self._visits(users[:, 0], int(parts.day[0]), parts.visit.reshape(shape)[:, 0]),
            parts.item_id.reshape(shape),
        )
        if self.hidden is not None and not visits.can_show(items).all():
            raise DataError(
                f"{self.path}: day {visits.day}: a slate holds an item that hidden.parquet says its user must not be "
                "shown; a log hides what it did not show"
            )
        return Step(
            visits,
            items,
            parts.clicked.reshape(shape),
            parts.reward.reshape(shape).astype(np.float64),
            parts.propensity.reshape(shape),
            slate_propensity=parts.slate_propensity.reshape(shape)[:, 0],
        )


def _joined(pieces: list[Decisions]) -> Decisions:
    columns = dict[str, Any]()
    for spec in dataclasses.fields(Decisions):
        arrays = [getattr(piece, spec.name) for piece in pieces]
        columns[spec.name] = None if any(a is None for a in arrays) else np.concatenate(arrays)
    return Decisions(**columns)


def _in_order(parts: list[Path]) -> bool:
    """Return whether the slots stand by day, then visit; what cannot be read is left to whoever reads it next."""
    last = (-(1 << 40), 0)
    for part in parts:
        try:
            table: Any = pq.read_table(part.absolute(), columns=["day", "visit"])
            if table["day"].null_count or table["visit"].null_count:
                return True
            day, visit = (table[name].to_numpy().astype(np.int64) for name in ("day", "visit"))
        except (pa.ArrowException, OSError, ValueError, KeyError):
            return True
        moment = day * (1 << 32) + visit
        if len(day) and ((np.diff(moment) < 0).any() or (int(day[0]), int(visit[0])) < last):
            return False
        last = (int(day[-1]), int(visit[-1])) if len(day) else last
    return True
