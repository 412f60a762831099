"""A log as users and days: who came, in which state, and how much more likely the target was to do what was done."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    user: Ints
    visited: Bools
    weight: Floats
    state: Ints
    n_states: int

    @property
    def n_days(self) -> int:
        """Number of days T."""
        return self.visited.shape[1]

    def rows(self, rows: Ints) -> Days:
        """Return some of the users."""
        return Days(self.user[rows], self.visited[rows], self.weight[rows], self.state[rows], self.n_states)
