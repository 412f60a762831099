"""Values of parts of a log: by position, by week, or by cohort of users."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.targets.seen import Seen
from serendip.experiments.offline.valuation import Method, Valuation
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Ints
from serendip.simulator.logs import open_log

KINDS = ("position", "week", "cohort")
ESTIMATOR = "snips"
_MOST = 500  # parts of a log


class Breakdown:
    """A valuation by SNIPS for each part of a log: `update` with batches, then `finish`."""

    def __init__(self, by: str, source: Source, method: Method) -> None:
        """Prepare to break down a log.

        Args:
            by: `position`, `week` or `cohort`.
            source: the log.
            method: bootstrap and seed.

        Raises:
            SettingsError: another word, or the log has no cohorts.
        """
        if by not in KINDS:
            raise SettingsError(f"a value by {by!r}; known are {', '.join(KINDS)}")
        self._by, self._cohorts = by, _cohorts_of(source) if by == "cohort" else {}
        if by == "cohort" and not self._cohorts:
            raise SettingsError(f"{source.path}: says nothing of cohorts; a log of this project's own format does")
        self._names = sorted(set(self._cohorts.values()))
        self._method = dataclasses.replace(method, estimators=(ESTIMATOR,))
        self._parts = dict[int, Valuation]()

    def update(self, seen: Seen) -> None:
        """Take a batch into account."""
        keys = self._keys(seen)
        for key in np.unique(keys).tolist():
            if key not in self._parts and len(self._parts) >= _MOST:
                raise SettingsError(f"the log has more than {_MOST} parts by {self._by}; take another word")
            part = self._parts.setdefault(key, Valuation(self._method))
            part.update(seen.slots.rows(keys == key))

    def finish(self, reward_range: tuple[float, float]) -> dict[str, Estimate]:
        """Return the estimate of each part, by its name, in order."""
        found = dict[str, Estimate]()
        for key, part in sorted(self._parts.items()):
            valued = part.finish()
            if valued is not None:
                name = self._names[key] if self._by == "cohort" else f"{self._by} {key}"
                found[name] = valued.estimates(reward_range)[ESTIMATOR]
        return found

    def _keys(self, seen: Seen) -> Ints:
        """Return (n,) the number of each slot's part."""
        if self._by == "position":
            return seen.position.astype(np.int64)
        if self._by == "week":
            return _weeks(seen.slots)
        numbers: Mapping[str, int] = {name: number for number, name in enumerate(self._names)}
        users, inverse = np.unique(seen.slots.user, return_inverse=True)
        return np.array([numbers[self._cohorts[user]] for user in users.tolist()], dtype=np.int64)[inverse]


def _cohorts_of(source: Source) -> dict[int, str]:
    """Return the cohort of each user, by id; none where the log has no table of users."""
    if not (source.path / "users.parquet").exists():
        return {}
    users = open_log(source.path).users()
    return dict(zip(users["user_id"].to_pylist(), users["cohort"].to_pylist(), strict=True))


def _weeks(slots: Slots) -> Ints:
    if "day" not in slots.further:
        raise SettingsError("a value by week needs the days, which are known where the target is an agent")
    return slots.further["day"].astype(np.int64) // 7
