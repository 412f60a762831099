"""A log as users and days: who came, in which state, what days brought, and what they would have."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from serendip.simulator.interface import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Days:
    """U users over T days.

    Attributes:
        user: (U,) ids.
        visited: (U, T) whether the user came.
        weight: (U, T) importance weight of what was shown that day; 1 on a day without a visit.
        state: (U, T + 1) state of the user in the morning, from 0; the last is that of the morning after.
        n_states: number of states S.
        columns: (U, T + 1, F) what is known of the user in the morning, as numbers; None where only the state is.
        brought: (U, T, A) what each day brought the user (clicks, new topics; or the action itself), 0 without a
            visit; None where only weights are known.
        expected: (U, T, A) what the target's slates would have brought on the same day, on average; likewise.
    """

    user: Ints
    visited: Bools
    weight: Floats
    state: Ints
    n_states: int
    columns: Floats | None = None
    brought: Floats | None = None
    expected: Floats | None = None

    @property
    def n_days(self) -> int:
        """Number of days T."""
        return self.visited.shape[1]

    def rows(self, rows: Ints) -> Days:
        """Return some of the users."""
        names = ("user", "visited", "weight", "state", "columns", "brought", "expected")
        whole: dict[str, Any] = {name: getattr(self, name) for name in names}
        return dataclasses.replace(self, **{n: None if a is None else a[rows] for n, a in whole.items()})


def counted(horizon: int, last: int | None) -> range:
    """Return the days, from the first, whose visits count: all of the horizon, or its `last` ones."""
    return range(0 if last is None else max(horizon - last, 0), horizon)
