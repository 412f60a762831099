"""A log as users and days: who came, in which state, what days brought, and what they would have."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.interface import Bools, Floats, Ints

_FORTNIGHT = 14


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

    def shift(self) -> float:
        """Return how far at most the target's days are from the log's, in standard deviations of what these brought."""
        if self.brought is None or self.expected is None or not self.visited.any():
            return 0.0
        came, would = self.brought[self.visited], self.expected[self.visited]
        change = would.mean(axis=0) - came.mean(axis=0)
        return float(np.abs(change / np.maximum(came.std(axis=0), 1e-9)).max())

    def thirds(self, until: int) -> tuple[Ints, Ints]:
        """Return (U,) the third of each user: by visits before the day `until`, and by what was new in these."""
        came = self.visited[:, :until].sum(axis=1)
        if self.brought is None:
            return _thirds(came), _thirds(came)
        slates, fresh = (self.brought[:, :until, j].sum(axis=1) for j in (0, -1))
        return _thirds(came), _thirds((fresh + 0.5 * fresh.sum() / max(slates.sum(), 1.0)) / (slates + 0.5))


def _thirds(values: Floats | Ints) -> Ints:
    rank: Ints = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    return rank * 3 // max(len(values), 1)


def early(first: int, n_days: int) -> int:
    """Return the morning from which on a model is held to groups of users: a fortnight in, or before `first` counts."""
    return max(min(_FORTNIGHT, first or n_days // 3, n_days - 1), 0)


def missed(did: Floats, said: Floats, groups: Sequence[Ints]) -> float:
    """Return by how much at most a model misses the visits of a group, beyond chance, as a share of a mean user's.

    Args:
        did: (U,) visits of each user.
        said: (U,) what the model says of them.
        groups: (U,) number of each user's group, for each way to group them.
    """
    worst, mean = 0.0, max(float(did.mean()), 1e-12)
    for group in groups:
        for g in np.unique(group):
            off = (said - did)[group == g]
            chance = 2.0 * float(off.std(ddof=1)) / np.sqrt(len(off)) if len(off) > 1 else np.inf
            worst = max(worst, (abs(float(off.mean())) - chance) / mean)
    return float(worst)


def counted(horizon: int, last: int | None) -> range:
    """Return the days, from the first, whose visits count: all of the horizon, or its `last` ones."""
    return range(0 if last is None else max(horizon - last, 0), horizon)
