"""A target whose probability of each logged item stands in a column of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.experiments.offline.targets.seen import Predictions, Seen
from serendip.simulator.errors import SettingsError


@dataclass(frozen=True)
class ColumnTarget:
    """A policy whose probability of each logged item is a column of the file."""

    @property
    def notes(self) -> list[str]:
        """Nothing was done to it."""
        return []

    @property
    def knows_every_item(self) -> bool:
        """A file has one probability a row."""
        return False

    @property
    def trained_apart(self) -> bool:
        """A file does not say how its target came about."""
        return False

    @property
    def lives_through(self) -> bool:
        """A column is read."""
        return False

    def memories(self) -> list[Any]:
        """Return nothing: it remembers nothing."""
        return []

    def remember(self, memories: list[Any]) -> None:
        """Do nothing."""

    def further(self, source: Source) -> tuple[str, ...]:
        """Return what the file has columns for."""
        return source.further

    def view(
        self, source: Source, predictions: Predictions | None, logging: LoggingPolicy | None = None
    ) -> Iterator[Seen]:
        """Yield the log's slots with the column beside them."""
        for logged in source.batches():
            if logged.target is None:
                raise SettingsError(
                    f"{source.path}: no column with the target's probability; say --target-column COLUMN"
                )
            unknown = np.full(len(logged), np.nan)
            predicted, expected = (logged.further.get(name, unknown) for name in ("predicted", "expected"))
            rest = {name: column for name, column in logged.further.items() if name not in ("predicted", "expected")}
            shown = logged.user, logged.reward, logged.propensity, logged.target
            yield Seen(Slots(*shown, predicted, expected, rest), unknown, logged.item, logged.position)
