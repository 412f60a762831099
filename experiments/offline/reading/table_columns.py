"""The mapped columns of a table as arrays, checked; what is wrong is named by file, row and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from serendip.experiments.offline.reading.column_map import COLUMNS
from serendip.experiments.offline.reading.table_files import listed
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.logs.schema import LARGEST, RAREST


class MappedColumns:
    """What the columns of a file are called, and how to read them.

    Attributes:
        path: the log.
        of: the column of each name that the file has one for.
        costs: whether the column of rewards holds costs, the less the better: it was written with a minus before it.
    """

    def __init__(
        self, path: Path, header: list[str], given: Mapping[str, str], context: tuple[str, ...], estimated: bool
    ) -> None:
        """Find each column of the file by the log's own names.

        Args:
            header: names of its columns.
            given: what a person says the columns are called, by the log's own names.
            context: columns that a propensity model may use.
            estimated: whether propensities are estimated, and need no column.
        """
        self.path, self.of = path, dict[str, str]()
        said_reward = given.get("reward", "")
        self.costs = said_reward.startswith("-") and said_reward not in header
        given = {**given, "reward": said_reward[1:]} if self.costs else given
        for name, known in COLUMNS.items():
            said = given.get(name)
            found = [said] if said is not None else [column for column in known.usual if column in header][:1]
            for column in found:
                self.of[name] = self._known(column, name, header)
        for column in context:
            self._known(column, "context", header)
        self._require(header, estimated)

    def __contains__(self, name: str) -> bool:
        return name in self.of

    def _known(self, column: str, name: str, header: list[str]) -> str:
        if column not in header:
            raise DataError(f"{self.path}: no column {column!r} ({name}); it has {listed(header)}")
        return column

    def _require(self, header: list[str], estimated: bool) -> None:
        """Raise a DataError where a column is not there that the log cannot do without."""
        needed = ("reward", "propensity") if not estimated else ("reward", "item")
        for name in needed:
            if name not in self.of:
                hint = f"say which it is, as in {name}=COLUMN"
                if name == "propensity":
                    hint += ", or let it be estimated with --propensity-model"
                raise DataError(f"{self.path}: no column with the {name}; {hint}; it has {listed(header)}")
        if estimated and "propensity" in self.of:
            raise SettingsError(
                f"{self.path}: has a column with the propensity ({self.of['propensity']}); nothing is to be estimated"
            )

    def column(self, table: Any, name: str, offset: int) -> Any:
        """Return a mapped column."""
        return self.values(table, self.of[name], name, offset)

    def values(self, table: Any, column: str, name: str, offset: int) -> Any:
        """Return a column; a DataError names the first row without a value.

        Args:
            table: a batch of rows.
            column: name of the column in the file.
            name: what the column is, by the log's own names.
            offset: number of the first row of this batch in the file.

        Raises:
            DataError: a row has no value; the first is named.
        """
        values = table[column].combine_chunks()
        if values.null_count:
            row = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
            raise DataError(f"{self.path}: row {offset + row}: {column} ({name}) is empty; every row needs one")
        return values

    def numbers(self, table: Any, name: str, offset: int) -> Floats:
        """Return a mapped column as float64."""
        values = self.floats(table, self.of[name], name, offset)
        return 0.0 - values if self.costs and name == "reward" else values

    def floats(self, table: Any, column: str, name: str, offset: int) -> Floats:
        """Return a column as float64.

        Args:
            table: a batch of rows.
            column: name of the column in the file.
            name: what the column is, by the log's own names.
            offset: number of the first row of this batch in the file.

        Raises:
            DataError: a row holds no number; the first is named.
        """
        values = self.values(table, column, name, offset)
        if not (
            pa.types.is_floating(values.type) or pa.types.is_integer(values.type) or pa.types.is_boolean(values.type)
        ):
            raise DataError(f"{self.path}: column {column!r} ({name}) is {values.type}; it must hold numbers")
        return values.to_numpy(zero_copy_only=False).astype(np.float64)

    def matrix(self, table: Any, columns: tuple[str, ...], offset: int) -> Floats:
        """Return (n, D) columns of the file that a model may know, as float64."""
        found = [self.floats(table, column, "context", offset) for column in columns]
        return np.stack(found, axis=1) if found else np.zeros((table.num_rows, 0))

    def check(self, offset: int, name: str, values: Floats, reward_range: tuple[float, float] | None) -> None:
        """Raise a DataError that names the first row with a value that the column cannot have.

        Args:
            offset: number of the first row of this batch in the file.
            name: what the column is, by the log's own names.
            values: (n,) what is in the column.
            reward_range: smallest and largest reward that can occur, or None.
        """
        kind = COLUMNS[name].values
        if kind == "positive":
            self.allow(offset, name, values, (values > 0) & (values <= 1), "above 0 and at most 1")
            self.allow(offset, name, values, values >= RAREST, f"{RAREST:g} or more")
        elif kind == "chance":
            self.allow(offset, name, values, (values >= 0) & (values <= 1), "0 to 1")
        else:
            self.allow(offset, name, values, np.isfinite(values), "a finite number")
            self.allow(offset, name, values, np.abs(values) <= LARGEST, f"{-LARGEST:g} to {LARGEST:g}")
        if name == "reward" and reward_range is not None:
            low, high = reward_range
            self.allow(offset, name, values, (values >= low) & (values <= high), f"{low:g} to {high:g}")

    def allow(self, offset: int, name: str, values: Floats, fine: Any, allowed: str) -> None:
        """Raise a DataError that names the first row that is not fine.

        Args:
            offset: number of the first row of this batch in the file.
            name: what the column is, by the log's own names.
            values: (n,) what is in the column.
            fine: (n,) whether each value is allowed.
            allowed: what is allowed, in words.

        Raises:
            DataError: a row is not fine; the first is named.
        """
        if not fine.all():
            row = int(np.flatnonzero(~fine)[0])
            column = self.of[name]
            raise DataError(
                f"{self.path}: row {offset + row}: {column} ({name}) is {values[row]:g}; allowed is {allowed}"
            )


class Beside(Protocol):
    """What is read of a table beside its mapped columns: it adds further ones, by what it counted in a first pass."""

    @property
    def adds(self) -> tuple[str, ...]:
        """Names of the further columns that it adds."""
        ...

    @property
    def reads(self) -> Mapping[str, str]:
        """Columns of the file that it reads, by names of its own."""
        ...

    def count(self, columns: MappedColumns, table: Any, offset: int, user: Ints) -> None:
        """Take a batch of rows into account, in the first pass.

        Args:
            columns: the columns of the file.
            table: the rows.
            offset: number of the first of them.
            user: (n,) whose they are.
        """
        ...

    def further(self, columns: MappedColumns, table: Any, offset: int, known: Mapping[str, Any]) -> dict[str, Floats]:
        """Return the further columns (n,) of a batch of rows, in a later pass.

        Args:
            columns: the columns of the file.
            table: the rows.
            offset: number of the first of them.
            known: `user` and `propensity` of the rows, (n,) each.
        """
        ...
