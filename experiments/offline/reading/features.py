"""What features of a row, such as its user's, say of its reward: a control for targets that stand in a column.

A column says how likely the target would have shown what was shown, not what else it would show.  So the model knows
the row and not the item: q(x) is predicted of what was shown and expected of the target alike, and DR takes away what
the rewards of such rows have in common.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reading.table_columns import MappedColumns
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints

_PENALTY = 20.0  # rows that pull each coefficient to 0
_GROUPS = 32  # of the words of a column
_FAR = 4.0  # standard deviations beyond which a number counts as that far


class Features:
    """Ridge regression of rewards on features, fitted to the users of one fold and used on those of the other.

    A number counts by itself and its square, in standard deviations of the first batch; words are put in 32 groups.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names of the columns.

        Raises:
            SettingsError: a name stands there twice.
        """
        if len(set(names)) < len(names):
            raise SettingsError(f"features: {', '.join(names)}; name each column once")
        self._names = tuple(names)
        self._scales = dict[str, tuple[float, float]]()  # mean and standard deviation of each column of numbers
        self._squares: Floats = np.zeros((N_FOLDS, 0, 0))
        self._products: Floats = np.zeros((N_FOLDS, 0))
        self._fitted: Floats | None = None

    @property
    def adds(self) -> tuple[str, ...]:
        """What is predicted of a row, and the same as what is expected there."""
        return ("predicted", "expected")

    @property
    def reads(self) -> Mapping[str, str]:
        """The columns."""
        return {f"feature {name}": name for name in self._names}

    def count(self, columns: MappedColumns, table: Any, offset: int, user: Ints) -> None:
        """Take a batch of rows into account.

        Args:
            columns: the columns of the file.
            table: the rows.
            offset: number of the first of them.
            user: (n,) whose they are.

        Raises:
            DataError: a row has no value.
        """
        x, reward = self._design(columns, table, offset), columns.numbers(table, "reward", offset)
        if not self._squares.size:
            self._squares = np.zeros((N_FOLDS, x.shape[1], x.shape[1]))
            self._products = np.zeros((N_FOLDS, x.shape[1]))
        fold = folds(0, user)
        for f in range(N_FOLDS):
            rows = fold == f
            self._squares[f] += x[rows].T @ x[rows]
            self._products[f] += x[rows].T @ reward[rows]

    def further(self, columns: MappedColumns, table: Any, offset: int, known: Mapping[str, Any]) -> dict[str, Floats]:
        """Return what is predicted, and expected, of a batch of rows.

        Args:
            columns: the columns of the file.
            table: the rows.
            offset: number of the first of them.
            known: `user` of the rows, (n,).
        """
        if self._fitted is None:
            penalty = np.full(self._squares.shape[1], _PENALTY)
            penalty[0] = 1e-9  # of the mean
            self._fitted = np.stack(
                [
                    np.linalg.solve(self._squares[1 - f] + np.diag(penalty), self._products[1 - f])
                    for f in range(N_FOLDS)
                ]
            )
        x = self._design(columns, table, offset)
        predicted = np.einsum("nf,nf->n", x, self._fitted[folds(0, known["user"])])
        return {"predicted": predicted, "expected": predicted}

    def _design(self, columns: MappedColumns, table: Any, offset: int) -> Floats:
        """Return (n, F) the columns of the regression."""
        made = [np.ones((table.num_rows, 1))]
        for name in self._names:
            kind = table[name].type
            if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
                made.append(_groups(columns.values(table, name, "feature", offset)))
                continue
            values = columns.floats(table, name, "feature", offset)
            mean, spread = self._scales.setdefault(name, (float(values.mean()), float(values.std()) or 1.0))
            z = np.clip((values - mean) / spread, -_FAR, _FAR)
            made.append(np.stack([z, z * z], axis=1))
        return np.concatenate(made, axis=1)


def _groups(words: Any) -> Floats:
    """Return (n, 32) which group each word is in."""
    coded = words.dictionary_encode() if not pa.types.is_dictionary(words.type) else words
    group = np.array(
        [zlib.crc32(str(word).encode()) % _GROUPS for word in coded.dictionary.to_pylist()], dtype=np.int64
    )
    return np.eye(_GROUPS)[group[coded.indices.to_numpy(zero_copy_only=False)]]
