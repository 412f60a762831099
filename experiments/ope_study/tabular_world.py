"""A world small enough to be solved exactly: activity levels and discovery levels, to assess the estimators by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from serendip.experiments.offline.long_term.days import Days, counted
from serendip.simulator import randomness
from serendip.simulator.interface import Floats


@dataclass(frozen=True, slots=True)
class TabularWorld:
    """Users who come more when they have discovered more, and discover when something is explored.

    Attributes:
        visit_chance: (A,) probability of a visit on a day at each activity level.
        n_discovery: discovery levels D.
        discovers: probability that an exploring visit raises discovery by a level.
        forgets: probability per day that it falls by one.
        adapts: probability per day that activity moves a level towards what discovery supports.
    """

    visit_chance: tuple[float, ...] = (0.08, 0.18, 0.32, 0.5, 0.7)
    n_discovery: int = 5
    discovers: float = 0.3
    forgets: float = 0.04
    adapts: float = 0.12

    @property
    def n_states(self) -> int:
        """Number of states, activity times discovery."""
        return len(self.visit_chance) * self.n_discovery

    def steps(self, explores: float) -> Floats:
        """Return (S, S) probability of tomorrow's state if visits explore with that probability."""
        n = self.n_states
        matrix = np.zeros((n, n))
        for s in range(n):
            activity, discovery = divmod(s, self.n_discovery)
            raised = self.visit_chance[activity] * explores * self.discovers
            for level, chance in self._levels(discovery, raised):
                wanted = round(level * (len(self.visit_chance) - 1) / (self.n_discovery - 1))
                toward = activity + int(np.sign(wanted - activity))
                matrix[s, toward * self.n_discovery + level] += chance * self.adapts
                matrix[s, activity * self.n_discovery + level] += chance * (1.0 - self.adapts)
        return matrix

    def _levels(self, discovery: int, raised: float) -> list[tuple[int, float]]:
        """Return tomorrow's discovery levels and their chances."""
        up, down = min(discovery + 1, self.n_discovery - 1), max(discovery - 1, 0)
        return [(up, raised), (down, (1.0 - raised) * self.forgets), (discovery, (1.0 - raised) * (1.0 - self.forgets))]

    def visits(self) -> Floats:
        """Return (S,) probability of a visit in each state."""
        return np.repeat(np.array(self.visit_chance), self.n_discovery)

    def start(self) -> Floats:
        """Return (S,) probability of each state on the first morning: little discovered, any activity but the top."""
        chances = np.zeros((len(self.visit_chance), self.n_discovery))
        chances[:-1, 0], chances[:-1, 1] = 0.7, 0.3
        return (chances / chances.sum()).ravel()

    def truth(self, explores: float, horizon: int, last: int | None = None, then: float | None = None) -> float:
        """Return expected visits per user over the horizon, or its `last` days, exactly.

        Args:
            explores: probability that a visit explores.
            horizon: days.
            last: count only as many last days; all when None.
            then: explore with that probability from the first counted day on; as before when None.
        """
        now, total = self.start(), 0.0
        for t in range(horizon):
            counts = t in counted(horizon, last)
            total += float(now @ self.visits()) * counts
            now = now @ self.steps(then if counts and then is not None else explores)
        return total

    def log(self, n_users: int, n_days: int, logging: float, target: float, seed: int) -> Days:
        """Return a log of users under a policy that explores with probability `logging`, weighed for `target`.

        The columns of its mornings are the two levels; a day brings whether it explored.

        Args:
            n_users: users of the log.
            n_days: days of the log.
            logging: probability with which the logging policy explores.
            target: probability with which the target policy explores.
            seed: number that all draws follow from.
        """
        rng = randomness.generator(seed, "tabular world")
        state = np.empty((n_users, n_days + 1), dtype=np.int64)
        visited = np.empty((n_users, n_days), dtype=bool)
        weight, brought = np.ones((n_users, n_days)), np.zeros((n_users, n_days, 1))
        never, always = np.cumsum(self._given(0.0), axis=1), np.cumsum(self._given(1.0), axis=1)
        state[:, 0] = rng.choice(self.n_states, n_users, p=self.start())
        for t in range(n_days):
            now = state[:, t]
            visited[:, t] = rng.random(n_users) < self.visits()[now]
            explored = visited[:, t] & (rng.random(n_users) < logging)
            chances = np.where(explored, target / logging, (1.0 - target) / (1.0 - logging))
            weight[:, t] = np.where(visited[:, t], chances, 1.0)
            brought[:, t, 0] = explored
            table = np.where(explored[:, None], always[now], never[now])
            state[:, t + 1] = np.minimum((rng.random(n_users)[:, None] > table).sum(axis=1), self.n_states - 1)
        columns = np.stack(np.divmod(state, self.n_discovery), axis=2).astype(np.float64)
        expected = target * visited[:, :, None]
        return Days(np.arange(n_users), visited, weight, state, self.n_states, columns, brought, expected)

    def _given(self, explored: float) -> Floats:
        """Return (S, S) tomorrow's state given that today's visit explored, or did not."""
        return replace(self, visit_chance=(1.0,) * len(self.visit_chance)).steps(explored)
