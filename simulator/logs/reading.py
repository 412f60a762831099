"""Reading a log, strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import MOST_TOPICS, Items
from serendip.simulator.logs.checking import Checker, Known, check_for_twins
from serendip.simulator.logs.contents import check_counts, check_sum, parts_of
from serendip.simulator.logs.schema import (
    DECISIONS,
    HIDDEN,
    ITEMS,
    ORGANIC,
    SCHEMA_VERSION,
    STATE,
    USERS,
    Decisions,
    LogMeta,
    Table,
)
from serendip.simulator.logs.spells import Spells, joined, moment
from serendip.simulator.settings_json import read_json, settings_from_json


@dataclass(frozen=True)
class Log:
    """A log on disk, checked as it is read.

    Attributes:
        path: its folder.
        meta: what made it.
    """

    path: Path
    meta: LogMeta
    _looked_at: set[Path] = field(default_factory=set[Path], repr=False, compare=False)

    @property
    def counted(self) -> bool:
        """Whether the log says how much it holds; where it does not, a cut could not be seen."""
        return self.meta.contents is not None

    @property
    def parts(self) -> list[Path]:
        """The Parquet parts of the decisions, in order."""
        return parts_of(self.path)

    def batches(self, n_rows: int = 1 << 18) -> Iterator[Decisions]:
        """Yield the decisions in order, at most `n_rows` at a time, each batch checked.

        Raises:
            DataError: a part is truncated or changed, a column is missing or of another type, a value is out of range
                or contradicts another row or table, or a slot stands twice; the message names the file and the row.
        """
        checker = Checker(self.meta, self.items(), self.known_users())
        for part in self.parts:
            offset = 0
            try:
                for batch in pq.ParquetFile(part.absolute()).iter_batches(n_rows):
                    decisions = _decisions(batch, part, offset)
                    checker.check(decisions, part, offset)
                    offset += len(decisions)
                    yield decisions
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                raise DataError(f"{part}: truncated or not Parquet ({_first_line(error)}); write it again") from error
            self._check_sum(part)
        if not checker.in_order:
            check_for_twins(self.parts)

    def decisions(self) -> Decisions:
        """Return all decisions at once."""
        batches = list(self.batches())
        columns: dict[str, Any] = {f.name: [getattr(b, f.name) for b in batches] for f in fields(Decisions)}
        absent = any(state is None for state in columns["state"])
        merged: dict[str, Any] = {n: None if n == "state" and absent else np.concatenate(c) for n, c in columns.items()}
        return Decisions(**merged)

    def users(self) -> Table:
        """Return one row per user.

        Raises:
            DataError: the file is not such a table, or a user stands twice or leaves before arriving.
        """
        file = self.path / "users.parquet"
        table = _read_table(file, USERS)
        user, first, last = (table[name].to_numpy() for name in ("user_id", "first_day", "last_day"))
        ranked = np.argsort(user, kind="stable")
        again = ranked[1:][user[ranked][1:] == user[ranked][:-1]]
        if len(again):
            row = int(again.min())
            raise DataError(f"{file}: row {row}: user_id {user[row]} stands twice; every user has one row")
        rules = [
            ("first_day", first, last < first, "it is after last_day"),
            ("last_day", last, last >= self.meta.n_days, f"the log has {self.meta.n_days} days (meta.json)"),
        ]
        _refuse(file, rules)
        self._check_sum(file)
        return table

    def known_users(self) -> Known:
        """Return the users in increasing order of their ids; raises what `users` raises."""
        table = self.users()
        user, first, last = (table[n].to_numpy().astype(np.int64) for n in ("user_id", "first_day", "last_day"))
        rank = np.argsort(user, kind="stable")
        return Known(user[rank], first[rank], last[rank])

    def items(self) -> Items:
        """Return what the site knew of its catalogue.

        Raises:
            DataError: the file is not such a table, its items are not 0, 1, 2 ... in order, or a topic cannot be.
        """
        file = self.path / "items.parquet"
        table = _read_table(file, ITEMS)
        item, topic, released = (table[name].to_numpy() for name in ITEMS.names)
        rules = [
            ("topic", topic, topic < 0, "allowed is 0 or more"),
            ("topic", topic, topic >= MOST_TOPICS, f"allowed is 0 to {MOST_TOPICS - 1:,}; number topics from 0"),
            ("item_id", item, item != np.arange(len(item)), "items stand in the order 0, 1, 2 ..., each once"),
        ]
        _refuse(file, rules)
        if not len(item):
            raise DataError(f"{file}: no item; there was nothing to show")
        self._check_sum(file)
        return Items(topic, released)

    def organic(self) -> Table | None:
        """Return what users did before the log began, or None.

        Raises:
            DataError: the file is not such a table, or names an item, a position or a user that there is not.
        """
        file = self.path / "organic.parquet"
        if not file.exists():
            return None
        table = _read_table(file, ORGANIC)
        user, item, day, position = (table[n].to_numpy() for n in ("user_id", "item_id", "day", "position"))
        n_items, known = self.items().n_items, self.known_users()
        unknown, _ = known.outside(user, day)
        rules = [
            ("item_id", item, (item < 0) | (item >= n_items), f"items.parquet has 0 to {n_items - 1}"),
            ("user_id", user, unknown, "it is not in users.parquet"),
            ("day", day, day >= 0, "it was before the log, so below 0"),
            ("position", position, position < 0, "allowed is 0 or more"),
        ]
        _refuse(file, rules)
        self._check_sum(file)
        return table

    def hidden(self) -> Spells | None:
        """Return from when to when released items were hidden from a user; None where all could be shown.

        Raises:
            DataError: the file is not such a table, names an item or a user that there is not, or says something twice.
        """
        file = self.path / "hidden.parquet"
        if not file.exists():
            return None
        table = _read_table(file, HIDDEN)
        user, item, day, last = (table[n].to_numpy() for n in ("user_id", "item_id", "day", "last_day"))
        visit, last_visit = (table[n].to_numpy() for n in ("visit", "last_visit"))
        n_items, begun, over = self.items().n_items, moment(day, visit), moment(last, last_visit)
        unknown, outside = self.known_users().outside(user, day)
        rules = [
            ("item_id", item, (item < 0) | (item >= n_items), f"items.parquet has 0 to {n_items - 1}"),
            ("user_id", user, unknown, "it is not in users.parquet"),
            ("day", day, outside, "the user was not observed then (users.parquet)"),
            ("last_day", last, over < begun, "it is before the first day and visit"),
        ]
        _refuse(file, rules)
        spells = Spells(user.astype(np.int64), item.astype(np.int64), begun, over)
        _refuse(file, [("item_id", item, spells.repeated(), "it is hidden from the user by another row then, too")])
        self._check_sum(file)
        return joined([spells])

    def _check_sum(self, file: Path) -> None:
        """Raise a DataError unless `file` is as it was written; each file is looked at once."""
        if file not in self._looked_at:
            check_sum(self.path, file, self.meta.contents)
            self._looked_at.add(file)

    def truth(self) -> Table | None:
        """Return what only the simulator knows, or None.  For scoring an estimate, never for making one."""
        path = self.path / "truth.parquet"
        return pq.read_table(path.absolute()) if path.exists() else None


def open_log(path: Path) -> Log:
    """Open the log in the folder `path`.

    Raises:
        DataError: no log is there, or one of another schema version.
    """
    if not path.is_dir():
        raise DataError(f"{path}: no such folder")
    if not (path / "meta.json").exists():
        raise DataError(f"{path}: no meta.json; not a log, or one whose writing was cut off")
    values = read_json(path / "meta.json")
    version = values.get("schema_version") if isinstance(values, dict) else None
    if version != SCHEMA_VERSION:
        raise DataError(f"{path / 'meta.json'}: schema version {version!r}; this version reads {SCHEMA_VERSION}")
    try:
        meta = settings_from_json(LogMeta, values, str(path / "meta.json"))
    except SettingsError as error:
        raise DataError(str(error)) from error
    log = Log(path, meta)
    if not log.parts:
        raise DataError(f"{path / 'decisions'}: no part-*.parquet; the log is empty")
    if meta.contents is not None:
        check_counts(path, meta.contents)
    return log


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _read_table(path: Path, schema: Any) -> Table:
    """Return the table in `path`, cast to `schema`; a DataError names what is wrong with it."""
    try:
        table = pq.read_table(path.absolute()).select(schema.names).cast(schema)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pa.ArrowException, KeyError, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: not a table with the columns {', '.join(schema.names)} ({_first_line(error)})"
        ) from error
    for name in schema.names:
        if table[name].null_count:
            row = int(np.flatnonzero(table[name].is_null().to_numpy())[0])
            raise DataError(f"{path}: row {row}: {name} is empty; every row needs one")
    return table


def _refuse(file: Path, rules: list[tuple[str, Any, Any, str]]) -> None:
    """Raise a DataError for the first row of `file` that breaks one of (name, column, wrong rows, what is allowed)."""
    for name, column, wrong, allowed in rules:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(f"{file}: row {row}: {name} is {column[row]}; {allowed}")


def _decisions(batch: Any, part: Path, offset: int) -> Decisions:
    """Return a record batch as columns; a DataError names a column that is missing, of another type, or null."""
    columns = dict[str, Any]()
    for spec in DECISIONS:
        index = batch.schema.get_field_index(spec.name)
        if index < 0:
            raise DataError(f"{part}: column {spec.name!r} is missing")
        column = batch.column(index)
        if column.type != spec.type:
            raise DataError(f"{part}: column {spec.name!r} is {column.type}, not {spec.type}")
        if spec.name == "state":
            known = column.null_count == 0
            columns["state"] = (
                column.flatten().to_numpy(zero_copy_only=False).reshape(-1, len(STATE)) if known else None
            )
            continue
        if column.null_count and not spec.nullable:
            row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
            raise DataError(f"{part}: row {offset + row}: {spec.name} is empty; every slot needs one")
        columns[spec.name] = column.to_numpy(zero_copy_only=False)
    return Decisions(**columns)
