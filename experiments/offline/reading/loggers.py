"""A table that several policies wrote, with the probability of what was shown under each: that under all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serendip.experiments.offline.reading.table_columns import MappedColumns
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Floats, Ints

_SAME = 1e-6  # relative


class Loggers:
    """The policies of a table: `count` the rows of each, then ask for `further`.

    Attributes:
        columns: the column with the probability of what was shown, by the name of each policy.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Take words such as `new=p_new`: a value of the column `logger`, and the column with that policy's chance.

        Raises:
            SettingsError: a word is not NAME=COLUMN, or there is but one.
        """
        wrong = [word for word in words if "=" not in word]
        if wrong:
            raise SettingsError(f"loggers: {wrong[0]!r} is not NAME=COLUMN, such as new=p_new")
        self.columns = dict(word.split("=", 1) for word in words)
        if len(self.columns) < 2:
            raise SettingsError("loggers: one policy; a mixture needs two or more, each as NAME=COLUMN")
        self._counts = dict.fromkeys(self.columns, 0)

    @property
    def adds(self) -> tuple[str, ...]:
        """The probability of what was shown under all of them."""
        return ("balanced_propensity",)

    @property
    def reads(self) -> Mapping[str, str]:
        """The columns to be read, by names of their own."""
        return {f"logger {name}": column for name, column in self.columns.items()}

    def count(self, columns: MappedColumns, table: Any, offset: int, user: Ints) -> None:
        """Count which policy chose each row.

        Args:
            columns: the columns of the file.
            table: a batch of rows.
            offset: number of its first row.
            user: (n,) whose they are.

        Raises:
            DataError: no column says who chose, or a row names none of the policies.
        """
        names, counts = np.unique(self._chose(columns, table, offset), return_counts=True)
        for name, count in zip(names.tolist(), counts.tolist(), strict=True):
            if name not in self._counts:
                raise DataError(f"{columns.path}: logger {name!r} is none of {', '.join(self.columns)}; say its column")
            self._counts[name] += count

    def further(self, columns: MappedColumns, table: Any, offset: int, known: Mapping[str, Any]) -> dict[str, Floats]:
        """Return `balanced_propensity`, (n,) sum_k (n_k / n) p_k: of what was shown under the mixture of all policies.

        Args:
            columns: the columns of the file.
            table: a batch of rows.
            offset: number of its first row.
            known: `propensity` (n,) of what was shown, under the policy that chose.

        Raises:
            DataError: a probability is no number in [0, 1], or not the propensity where that policy chose.
        """
        propensity = known["propensity"]
        chose, total = self._chose(columns, table, offset), sum(self._counts.values())
        mixed = np.zeros(len(propensity))
        for name, column in self.columns.items():
            chance = columns.floats(table, column, f"logger {name}", offset)
            own = chose == name
            fine = (chance >= 0.0) & (chance <= 1.0) & (~own | (np.abs(chance - propensity) <= _SAME * propensity))
            if not fine.all():
                row = int(np.flatnonzero(~fine)[0])
                raise DataError(
                    f"{columns.path}: row {offset + row}: {column} (of logger {name}) is {chance[row]:g}; allowed is 0"
                    f" to 1, and where it chose the propensity, here {propensity[row]:g}"
                )
            mixed += self._counts[name] / total * chance
        return {"balanced_propensity": mixed}

    def _chose(self, columns: MappedColumns, table: Any, offset: int) -> Any:
        """Return (n,) the name of the policy that chose each row."""
        if "logger" not in columns:
            raise DataError(f"{columns.path}: no column says which policy chose each row; say it, as logger=COLUMN")
        return columns.column(table, "logger", offset).to_numpy(zero_copy_only=False).astype(str)
