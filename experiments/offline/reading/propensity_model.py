"""Propensities that a log lacks, estimated: how often each item was shown at each position, or given a context."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from serendip.simulator.cards import Card
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Floats, Ints

Rows = Iterator[tuple[Ints, Ints, Floats]]  # (n,) positions, (n,) items, (n, D) context

_LEARNED_FROM = 100_000  # rows that the logistic regression learns from at most


class PropensityModel(Protocol):
    """The chance of each item at a position."""

    def fit(self, rows: Rows, slate_size: int, n_items: int, n_rows: int) -> None:
        """Learn from all rows of a log."""
        ...

    def chances(self, position: Ints, item: Ints, context: Floats) -> Floats:
        """Return (n,) the chance of each item at its position, above 0."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PropensityModelCard(Card):
    """The card of a propensity model; `make` takes nothing and returns a new `PropensityModel`."""


class Frequency:
    """p(i at k) = N_ik / N_k: right for a logging policy that shows everyone the same mixture of items all the time."""

    def __init__(self) -> None:
        self._share: Floats = np.zeros((0, 0))

    def fit(self, rows: Rows, slate_size: int, n_items: int, n_rows: int) -> None:
        """Count.

        Args:
            rows: reads the rows of the file, batch by batch.
            slate_size: slots of a slate.
            n_items: number of items.
            n_rows: rows of the file.
        """
        counts = np.zeros(slate_size * n_items)
        for position, item, _ in rows:
            counts += np.bincount(position * n_items + item, minlength=counts.size)
        table = counts.reshape(slate_size, n_items)
        self._share = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)

    def chances(self, position: Ints, item: Ints, context: Floats) -> Floats:
        """Return the shares."""
        return self._share[position, item]


class Logistic:
    """A multinomial logistic regression of the item on position and context (scikit-learn, penalty 1).

    It learns from every k-th row, so that these are 100,000 at most.  An item that none of these shows cannot be told.
    """

    def __init__(self) -> None:
        self._model: Any = None
        self._column: Ints = np.zeros(0, dtype=np.int64)
        self._size, self._mean, self._spread = 1, np.zeros(0), np.ones(0)

    def fit(self, rows: Rows, slate_size: int, n_items: int, n_rows: int) -> None:
        """Learn; a DataError says where there is nothing to be told apart.

        Args:
            rows: reads the rows of the file, batch by batch.
            slate_size: slots of a slate.
            n_items: number of items.
            n_rows: rows of the file.

        Raises:
            DataError: nothing is there to be told apart.
        """
        step = -(-n_rows // _LEARNED_FROM)
        kept, seen = list[tuple[Ints, Ints, Floats]](), 0
        for position, item, context in rows:
            some = slice((-seen) % step, None, step)
            kept.append((position[some], item[some], context[some]))
            seen += len(position)
        positions, items, context = (np.concatenate(parts) for parts in zip(*kept, strict=True))
        if len(np.unique(items)) < 2:
            raise DataError("the log shows one item alone; take the propensity model `frequency`")
        self._size, self._mean = slate_size, context.mean(axis=0)
        self._spread = np.maximum(context.std(axis=0), 1e-12)
        self._model = _regression()(C=1.0, max_iter=500)
        self._model.fit(self._features(positions, context), items)
        self._column = np.full(n_items, -1, dtype=np.int64)
        self._column[self._model.classes_] = np.arange(len(self._model.classes_))

    def chances(self, position: Ints, item: Ints, context: Floats) -> Floats:
        """Return the chances by the regression."""
        column = self._column[item]
        if (column < 0).any():
            raise DataError("an item is too rare for the propensity model `logistic`; take `frequency`")
        return self._model.predict_proba(self._features(position, context))[np.arange(len(item)), column]

    def _features(self, position: Ints, context: Floats) -> Floats:
        return np.concatenate([np.eye(self._size)[position], (context - self._mean) / self._spread], axis=1)


def _regression() -> Any:
    try:
        return importlib.import_module("sklearn.linear_model").LogisticRegression
    except ImportError as error:
        raise SettingsError("the propensity model `logistic` needs scikit-learn: pip install '.[boosting]'") from error


FREQUENCY = PropensityModelCard(
    name="frequency",
    summary="For a policy that showed everyone the same mixture of items all the time: how often each was shown.",
    make=Frequency,
)

LOGISTIC = PropensityModelCard(
    name="logistic",
    summary="Logistic regression on position and context, for a policy that looked at these; needs scikit-learn.",
    make=Logistic,
    needs=("sklearn",),
)
