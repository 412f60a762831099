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
from serendip.simulator.interface import Ints, Items
from serendip.simulator.logs.schema import (
    DECISIONS,
    ITEMS,
    ORGANIC,
    SCHEMA_VERSION,
    STATE,
    USERS,
    Decisions,
    LogMeta,
    Table,
)
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

    @property
    def parts(self) -> list[Path]:
        """The Parquet parts of the decisions, in order."""
        return sorted((self.path / "decisions").glob("part-*.parquet"))

    def batches(self, n_rows: int = 1 << 18) -> Iterator[Decisions]:
        """Yield the decisions in order, at most `n_rows` at a time, each batch checked.

        Raises:
            DataError: a part is truncated, a column is missing or of another type, a value is out of range, or a
                slot stands twice; the message names the file and the row.
        """
        order = _Order()
        for part in self.parts:
            offset = 0
            try:
                for batch in pq.ParquetFile(part).iter_batches(n_rows):
                    decisions = _decisions(batch, part, offset)
                    _check(decisions, self.meta, part, offset)
                    order.add(decisions)
                    offset += len(decisions)
                    yield decisions
            except (pa.ArrowException, OSError) as error:
                raise DataError(f"{part}: truncated or not Parquet ({_first_line(error)}); write it again") from error
        if not order.kept:
            _check_for_twins(self.parts)

    def decisions(self) -> Decisions:
        """Return all decisions at once."""
        batches = list(self.batches())
        columns: dict[str, Any] = {f.name: [getattr(b, f.name) for b in batches] for f in fields(Decisions)}
        absent = any(state is None for state in columns["state"])
        merged: dict[str, Any] = {n: None if n == "state" and absent else np.concatenate(c) for n, c in columns.items()}
        return Decisions(**merged)

    def users(self) -> Table:
        """Return one row per user."""
        return _read_table(self.path / "users.parquet", USERS)

    def items(self) -> Items:
        """Return what the site knew of its catalogue."""
        table = _read_table(self.path / "items.parquet", ITEMS)
        return Items(table["topic"].to_numpy(), table["released"].to_numpy())

    def organic(self) -> Table | None:
        """Return what users did before the log began, or None."""
        path = self.path / "organic.parquet"
        return _read_table(path, ORGANIC) if path.exists() else None

    def truth(self) -> Table | None:
        """Return what only the simulator knows, or None.  For scoring an estimate, never for making one."""
        path = self.path / "truth.parquet"
        return pq.read_table(path) if path.exists() else None


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
    return log


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _read_table(path: Path, schema: Any) -> Table:
    """Return the table in `path`, cast to `schema`; a DataError names what is wrong with it."""
    try:
        return pq.read_table(path).select(schema.names).cast(schema)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pa.ArrowException, KeyError, OSError) as error:
        raise DataError(
            f"{path}: not a table with the columns {', '.join(schema.names)} ({_first_line(error)})"
        ) from error


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


def _check(decisions: Decisions, meta: LogMeta, part: Path, offset: int) -> None:
    """Raise a DataError that names the first row whose values cannot be."""
    propensity, reward = decisions.propensity, decisions.reward
    low, high = meta.reward_range
    rules = [
        (~((propensity > 0.0) & (propensity <= 1.0)), "propensity", propensity, "allowed is above 0 and at most 1"),
        (~((reward >= low) & (reward <= high)), "reward", reward, f"allowed is {low:g} to {high:g} (reward_range)"),
        (decisions.item_id < 0, "item_id", decisions.item_id, "allowed is 0 or more"),
        (decisions.position < 0, "position", decisions.position, "allowed is 0 or more"),
        (
            (decisions.policy < 0) | (decisions.policy >= len(meta.policies)),
            "policy",
            decisions.policy,
            "it is an index into meta.json's policies",
        ),
    ]
    for wrong, name, column, allowed in rules:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(f"{part}: row {offset + row}: {name} is {column[row]}; {allowed}")


@dataclass
class _Order:
    """Whether the slots so far stand in strict order of day, visit, user and position, so that none stands twice."""

    kept: bool = True
    _last: Ints = field(default_factory=lambda: np.full((4, 1), np.iinfo(np.int64).min))

    def add(self, decisions: Decisions) -> None:
        """Take the next batch into account."""
        if not self.kept or len(decisions) == 0:
            return
        columns = (decisions.day, decisions.visit, decisions.user_id, decisions.position)
        slots = np.concatenate([self._last, np.stack([c.astype(np.int64) for c in columns])], axis=1)  # (4, n + 1)
        later = np.zeros(slots.shape[1] - 1, dtype=bool)
        for column in slots[::-1]:
            before, after = column[:-1], column[1:]
            later = (after > before) | ((after == before) & later)
        self.kept = bool(later.all())
        self._last = slots[:, -1:]


def _check_for_twins(parts: list[Path]) -> None:
    """Raise a DataError if two slots of the log have the same user, day, visit and position."""
    names = ["user_id", "day", "visit", "position"]
    tables = [pq.read_table(part, columns=names) for part in parts]
    columns = [pa.concat_tables(tables)[name].to_numpy().astype(np.int64) for name in names]
    order = np.lexsort(columns[::-1])
    same = np.ones(len(order) - 1, dtype=bool)
    for column in columns:
        ranked = column[order]
        same &= ranked[1:] == ranked[:-1]
    if not same.any():
        return
    row = int(order[1:][same].min())
    starts = np.cumsum([0, *(table.num_rows for table in tables)])
    index = int(np.searchsorted(starts, row, side="right")) - 1
    slot = ", ".join(f"{name} {column[row]}" for name, column in zip(names, columns, strict=True))
    raise DataError(
        f"{parts[index]}: row {row - starts[index]}: a slot that stands twice ({slot}); keep one of the two"
    )
