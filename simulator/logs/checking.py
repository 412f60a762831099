"""What cannot be in a log: values out of range, and rows that contradict each other or the tables beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Array, Bools, Ints, Items
from serendip.simulator.logs.schema import RAREST, Decisions, LogMeta

ROUNDING = 1e-6  # by which a whole slate's propensity may exceed that of one of its slots, relative


@dataclass
class Known:
    """The users of a log and the days on which each was observed.

    Attributes:
        user_id: (U,) ids, each once, in increasing order.
        first_day: (U,) first day on which the user can have come.
        last_day: (U,) last such day.
    """

    user_id: Ints
    first_day: Ints
    last_day: Ints

    def __post_init__(self) -> None:
        self._by_row = bool(len(self.user_id)) and bool((self.user_id == np.arange(len(self.user_id))).all())

    def outside(self, users: Ints, day: Array) -> tuple[Bools, Bools]:
        """Return (n,) which `users` (n,) are not known, and which were not observed on `day` (n,)."""
        n = len(self.user_id)
        if n == 0:
            return np.ones(len(users), bool), np.zeros(len(users), bool)
        at = users if self._by_row else np.searchsorted(self.user_id, users)
        row = np.clip(at, 0, n - 1)
        unknown = self.user_id[row] != users
        return unknown, ~unknown & ((day < self.first_day[row]) | (day > self.last_day[row]))


@dataclass
class Checker:
    """Looks at the decisions of a log, batch by batch, in the order in which they stand.

    Attributes:
        meta: what made the log.
        items: its items.
        known: its users.
    """

    meta: LogMeta
    items: Items
    known: Known
    _order: _Order = field(init=False)

    def __post_init__(self) -> None:
        self._order = _Order(self.meta.slate_size)
        self._new_items = bool((self.items.released > 0).any())

    @property
    def in_order(self) -> bool:
        """Whether all slots so far stood in strict order of day, visit, user and position."""
        return self._order.kept

    def check(self, decisions: Decisions, part: Path, offset: int) -> None:
        """Raise a DataError that names the first row of `part` whose values cannot be; the batch begins at `offset`."""
        if len(decisions) == 0:
            return
        for wrong, name, column, allowed in [*self._of_values(decisions), *self._of_tables(decisions)]:
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise DataError(f"{part}: row {offset + row}: {name} is {column[row]}; {allowed}")
        self._check_users(decisions, part, offset)
        twice = self._order.add(decisions)
        if twice is not None:
            item = decisions.item_id[twice]
            raise DataError(f"{part}: row {offset + twice}: item_id {item} stands twice in its slate")

    def _of_values(self, decisions: Decisions) -> list[tuple[Bools, str, Array, str]]:
        """Return (wrong rows, name, column, what is allowed) for what a row says by itself."""
        propensity, reward, whole = decisions.propensity, decisions.reward, decisions.slate_propensity
        low, high = self.meta.reward_range
        floor = self.meta.propensity_floor
        rules: list[tuple[Bools, str, Array, str]] = [
            (~((propensity > 0.0) & (propensity <= 1.0)), "propensity", propensity, "allowed is above 0 and at most 1"),
            (propensity < RAREST, "propensity", propensity, f"allowed is {RAREST:g} or more"),
            (propensity < floor * (1.0 - ROUNDING), "propensity", propensity, f"propensity_floor is {floor:g}"),
            (~((reward >= low) & (reward <= high)), "reward", reward, f"allowed is {low:g} to {high:g} (reward_range)"),
            (decisions.item_id < 0, "item_id", decisions.item_id, "allowed is 0 or more"),
            (decisions.position < 0, "position", decisions.position, "allowed is 0 or more"),
            (
                (whole <= 0.0) | (whole > propensity * (1.0 + ROUNDING)),  # NaN where it is not known
                "slate_propensity",
                whole,
                "allowed is above 0 and at most the propensity of each slot, or nothing",
            ),
        ]
        if (low, high) == (0.0, 1.0):  # rewards are clicks
            wrong = (reward != 0.0) != decisions.clicked
            rules.append((wrong, "reward", reward, "a click pays something and what is not clicked pays 0"))
        return rules

    def _of_tables(self, decisions: Decisions) -> list[tuple[Bools, str, Array, str]]:
        """Return (wrong rows, name, column, what is allowed) for what the tables beside the decisions say."""
        meta, n_items = self.meta, self.items.n_items
        item, day = decisions.item_id, decisions.day
        policy = (decisions.policy < 0) | (decisions.policy >= len(meta.policies))
        rules: list[tuple[Bools, str, Array, str]] = [
            (policy, "policy", decisions.policy, "it is an index into meta.json's policies"),
            (item >= n_items, "item_id", item, f"it is not in items.parquet, which has 0 to {n_items - 1}"),
            (
                decisions.position >= meta.slate_size,
                "position",
                decisions.position,
                f"slates have {meta.slate_size} (meta.json), so 0 to {meta.slate_size - 1}",
            ),
            (
                (day < 0) | (day >= meta.n_days),
                "day",
                day,
                f"the log has {meta.n_days} days (meta.json), so 0 to {meta.n_days - 1}",
            ),
        ]
        if self._new_items:
            early = self.items.released[np.minimum(item, n_items - 1)] > day
            rules.append((early, "item_id", item, "it is released on a later day (items.parquet)"))
        return rules

    def _check_users(self, decisions: Decisions, part: Path, offset: int) -> None:
        """Raise a DataError where a user is not known, or was not observed that day."""
        user, day = decisions.user_id, decisions.day
        starts = np.flatnonzero(np.concatenate([[True], (user[1:] != user[:-1]) | (day[1:] != day[:-1])]))
        unknown, absent = self.known.outside(user[starts], day[starts])
        if unknown.any():
            row = int(starts[np.flatnonzero(unknown)[0]])
            raise DataError(f"{part}: row {offset + row}: user_id is {user[row]}; it is not in users.parquet")
        if absent.any():
            row = int(starts[np.flatnonzero(absent)[0]])
            raise DataError(
                f"{part}: row {offset + row}: day is {day[row]}; users.parquet says that user {user[row]} was not "
                "observed then"
            )


@dataclass
class _Order:
    """Whether the slots so far stand in strict order of day, visit, user and position, so that none stands twice.

    Attributes:
        slate_size: slots of a slate.
        kept: whether they do.
    """

    slate_size: int
    kept: bool = True
    _last: Ints = field(init=False)  # (5, slate_size - 1 or 1) day, visit, user, position and item of the last slots

    def __post_init__(self) -> None:
        self._last = np.full((5, 1), np.iinfo(np.int64).min)

    def add(self, decisions: Decisions) -> int | None:
        """Take the next batch into account; return the first row whose item stands twice in its slate, or None."""
        if not self.kept:
            return None
        n_before = self._last.shape[1]
        columns = (decisions.day, decisions.visit, decisions.user_id, decisions.position, decisions.item_id)
        slots = [np.concatenate([last, column]) for last, column in zip(self._last, columns, strict=True)]
        later = np.zeros(len(slots[0]) - 1, dtype=bool)
        for column in slots[3::-1]:
            before, after = column[:-1], column[1:]
            later = (after > before) | ((after == before) & later)
        self.kept = bool(later[n_before - 1 :].all())
        self._last = np.stack([column[-max(1, self.slate_size - 1) :].astype(np.int64) for column in slots])
        return self._twice(slots, n_before) if self.kept else None

    def _twice(self, slots: list[Any], n_before: int) -> int | None:
        """Return the first row whose item stands at an earlier position of its slate, or None."""
        day, visit, user, position, item = slots
        for back in range(1, self.slate_size):
            at = np.flatnonzero(item[back:] == item[:-back])
            now, then = at + back, at
            same = (user[now] == user[then]) & (day[now] == day[then]) & (visit[now] == visit[then])
            rows = now[same & (position[now] > position[then]) & (now >= n_before)]
            if len(rows):
                return int(rows[0]) - n_before
        return None


def check_for_twins(parts: list[Path]) -> None:
    """Raise a DataError if two slots of a log have the same user, day and visit, and the same position or item."""
    names = ["user_id", "day", "visit", "position", "item_id"]
    tables = [pq.read_table(part.absolute(), columns=names) for part in parts]
    columns = {name: np.concatenate([table[name].to_numpy().astype(np.int64) for table in tables]) for name in names}
    starts = np.cumsum([0, *(table.num_rows for table in tables)])
    for last, said in (("position", "a slot that stands twice"), ("item_id", "an item that stands twice in its slate")):
        row = _repeated([columns[name] for name in ("user_id", "day", "visit", last)])
        if row is None:
            continue
        index = int(np.searchsorted(starts, row, side="right")) - 1
        slot = ", ".join(f"{name} {columns[name][row]}" for name in ("user_id", "day", "visit", last))
        raise DataError(f"{parts[index]}: row {row - starts[index]}: {said} ({slot}); keep one of the two")


def _repeated(columns: list[Ints]) -> int | None:
    """Return the first row at which all `columns` are as in a row before, or None."""
    order = np.lexsort(columns[::-1])
    same = np.ones(len(order) - 1, dtype=bool)
    for column in columns:
        ranked = column[order]
        same &= ranked[1:] == ranked[:-1]
    return int(order[1:][same].min()) if same.any() else None
