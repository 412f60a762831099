"""Writing a log as it happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.simulator.errors import DataError
from serendip.simulator.files import whole_file
from serendip.simulator.interface import Bools, Feedback, Ints, Items, Singles, Slates, Visits
from serendip.simulator.logs.contents import contents_of, parts_of
from serendip.simulator.logs.schema import DECISIONS, HIDDEN, ITEMS, ORGANIC, STATE, USERS, LogMeta, Table
from serendip.simulator.logs.spells import HidingRecorder, Spells, day_and_visit, moment
from serendip.simulator.settings_json import settings_to_json, write_json

_GROUP = 1 << 20  # rows of a group, as Parquet's own writer has it
_PACKED: dict[str, Any] = {"compression": "zstd", "compression_level": 1}


@dataclass
class LogWriter:
    """Writes a log as it happens: `append` slates, then `close`.

    A part reaches its name only when it is whole, and `meta.json` is written last.

    Attributes:
        path: folder to write to; made if missing, and must not hold a log already.
        rows_per_part: slots in each Parquet part.
    """

    path: Path
    rows_per_part: int = 1 << 19
    _columns: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]], init=False)
    _hidden: HidingRecorder = field(default_factory=HidingRecorder, init=False)
    _rows: int = field(default=0, init=False)
    _parts: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if (self.path / "meta.json").exists():
            raise DataError(f"{self.path}: holds a log already; give another folder")
        (self.path / "decisions").mkdir(parents=True, exist_ok=True)
        for left in parts_of(self.path):  # of a writer that was cut off: without meta.json they are no log
            left.unlink()

    def append(
        self,
        visits: Visits,
        slates: Slates,
        feedback: Feedback,
        *,
        reward: Singles | None = None,
        state: Singles | None = None,
        policy: int = 0,
        policy_version: int = 0,
    ) -> None:
        """Append the slots of B slates, in their order, and what their visitors must not be shown.

        Args:
            visits: the B visits.
            slates: what was shown, with its propensities.
            feedback: what was clicked.
            reward: (B, L) what each slot brought, or None where a click brings 1.
            state: (B, 3) what the logger knew of each user, or None.
            policy: index of the policy in the meta data.
            policy_version: how often the policy had learned.
        """
        if len(visits) == 0:
            return
        self._hidden.note(visits)
        columns = _slot_columns(visits, slates.items) | {
            "propensity": slates.propensities.ravel(),
            "clicked": feedback.clicked.ravel(),
        }
        n_slots = slates.items.shape[1]
        whole = slates.slate_propensities
        columns["slate_propensity"] = np.repeat(np.full(len(visits), np.nan) if whole is None else whole, n_slots)
        columns["reward"] = (feedback.clicked if reward is None else reward).ravel().astype(np.float32)
        columns["explored"] = np.repeat(slates.explored, n_slots)
        n = len(columns["user_id"])
        columns["policy"] = np.full(n, policy, dtype=np.int16)
        columns["policy_version"] = np.full(n, policy_version, dtype=np.int32)
        shape = (len(visits), len(STATE))
        columns["state"] = np.repeat(np.full(shape, np.nan, np.float32) if state is None else state, n_slots, axis=0)
        self._columns.append(columns)
        self._rows += n
        while self._rows >= self.rows_per_part:
            self._flush(self.rows_per_part)

    @contextmanager
    def organic(self) -> Generator[Callable[[Table], None]]:
        """Return what takes the clicks before the first day, a table at a time; `close` then needs none."""
        with _table_by_table(self.path / "organic.parquet") as add:
            yield add

    def close(
        self,
        meta: LogMeta,
        users: Table,
        items: Items,
        organic: Table | Iterable[Table] | None = None,
        truth: Table | None = None,
    ) -> None:
        """Write what is left, the tables beside the decisions, and last the meta data that makes it a log.

        Args:
            meta: run, policies, seed and settings.
            users: one row for each user.
            items: what a site knows of its catalogue.
            organic: clicks before the first day, as one table or as several that are written one by one, or None.
            truth: what only the simulator knows, or None.
        """
        if self._rows:
            self._flush(self._rows)
        columns = {"item_id": np.arange(items.n_items), "topic": items.topic, "released": items.released}
        _write_table(self.path / "items.parquet", pa.table(columns, schema=ITEMS))
        _write_table(self.path / "users.parquet", users.cast(USERS))
        if (hidden := self._hidden.spells()) is not None:
            _write_table(self.path / "hidden.parquet", _hidden_table(hidden, items))
        if organic is not None:
            _write_tables(self.path / "organic.parquet", [organic] if isinstance(organic, pa.Table) else organic)
        if truth is not None:
            _write_table(self.path / "truth.parquet", truth)
        whole = dataclasses.replace(meta, contents=contents_of(self.path))
        write_json(self.path / "meta.json", settings_to_json(whole))

    def _flush(self, n: int) -> None:
        """Write the first `n` buffered rows as the next part."""
        pending = {name: np.concatenate([c[name] for c in self._columns]) for name in DECISIONS.names}
        head = {name: column[:n] for name, column in pending.items()}
        _write_table(self.path / "decisions" / f"part-{self._parts:05d}.parquet", _decision_table(head))
        self._parts += 1
        self._rows -= n
        self._columns = [{name: column[n:] for name, column in pending.items()}] if self._rows else []


def _hidden_table(spells: Spells, items: Items) -> Table:
    """Return what could not be shown to a user, though it was released, and from when to when."""
    released = moment(items.released[spells.item], 0)
    there = spells.last >= released
    first, last = np.maximum(spells.first, released)[there], spells.last[there]
    columns = spells.user[there], *day_and_visit(first), spells.item[there], *day_and_visit(last)
    return pa.table(dict(zip(HIDDEN.names, columns, strict=True))).cast(HIDDEN)


def _slot_columns(visits: Visits, items: Ints) -> dict[str, Any]:
    """Return the key columns of the slots of B slates, row by row."""
    n_slots = items.shape[1]
    return {
        "user_id": np.repeat(visits.user_ids, n_slots),
        "day": np.full(items.size, visits.day, dtype=np.int32),
        "visit": np.repeat(visits.visit.astype(np.int32), n_slots),
        "position": np.tile(np.arange(n_slots, dtype=np.int16), len(visits)),
        "item_id": items.ravel(),
    }


def organic_table(visits: Visits, items: Ints, clicked: Bools) -> Table:
    """Return slates shown before the log began as a table: one row per slot, no propensity."""
    return pa.table(_slot_columns(visits, items) | {"clicked": clicked.ravel()}, schema=ORGANIC)


def _decision_table(columns: dict[str, Any]) -> Table:
    """Return the columns as a table; NaN in a nullable column is null."""
    arrays = list[Any]()
    for spec in DECISIONS:
        column = columns[spec.name]
        if spec.name == "state":
            missing = np.isnan(column).any(axis=1)
            mask = pa.array(missing) if missing.any() else None
            flat = pa.array(np.ascontiguousarray(column, dtype=np.float32).ravel())
            arrays.append(pa.FixedSizeListArray.from_arrays(flat, len(STATE), mask=mask))
        else:
            arrays.append(pa.array(column, type=spec.type, from_pandas=spec.nullable))
    return pa.Table.from_arrays(arrays, schema=DECISIONS)


def _write_table(path: Path, table: Table) -> None:
    """Write `table` to `path` as zstd Parquet, all or nothing."""
    with whole_file(path) as temporary:
        pq.write_table(table, temporary.absolute(), **_PACKED)


def _write_tables(path: Path, tables: Iterable[Table]) -> None:
    """Write organic slots to `path` as one table, a row group at a time, if there are any tables."""
    with _table_by_table(path) as add:
        for table in tables:
            add(table)


@contextmanager
def _table_by_table(path: Path) -> Generator[Callable[[Table], None]]:
    """Return what adds organic slots to the one table at `path`, which is written a row group at a time."""
    waiting, writer = list[Table](), list[Any]()
    with ExitStack() as stack:

        def add(table: Table) -> None:
            if not writer:
                writer.append(stack.enter_context(_writer(stack.enter_context(whole_file(path)))))
            waiting.append(table.cast(ORGANIC))
            if sum(len(one) for one in waiting) >= _GROUP:
                whole = pa.concat_tables(waiting)
                for start in range(0, len(whole) // _GROUP * _GROUP, _GROUP):
                    writer[0].write_table(whole.slice(start, _GROUP))
                waiting[:] = [whole.slice(len(whole) // _GROUP * _GROUP)]

        yield add
        if writer and (waiting[0].num_rows or len(waiting) > 1):
            writer[0].write_table(pa.concat_tables(waiting))


def _writer(path: Path) -> Any:
    return pq.ParquetWriter(path.absolute(), ORGANIC, **_PACKED)
