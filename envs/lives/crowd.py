"""Many users of a world side by side, each under a luck of its own, from one visit to the next."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from serendip.simulator.interface import Array, Bools, Ints, Singles
from serendip.simulator.population import Population
from serendip.simulator.site import Memory
from serendip.simulator.world import World


class Crowd:
    """N users at once, each at a day of its own; what happens to a row is the same whatever the other rows do.

    Days without a visit are lived through, each with its own luck, until the user comes, leaves or `max_days` is over.

    Attributes:
        user: (N,) row of the world's users whose life it is.
        luck: (N,) int64 the word that the user's luck depends on.
        day: (N,) the day, from 0 on the world's first.
        visit: (N,) number of the next slate within the day, from 0.
        memory: what a site would remember.
        state: hidden state, N rows.
    """

    def __init__(self, world: World, n_lives: int, max_days: int) -> None:
        """Make room for `n_lives`, none begun."""
        rows = np.zeros(n_lives, np.int64)
        self.world = world
        self.max_days = max_days
        self.user = rows.copy()
        self.day = rows.copy()
        self.visit = rows.copy()
        self.memory = Memory(n_lives, world.catalogue.n_topics, max_days)
        self._n_slates = rows.copy()
        self._end = rows.copy()  # first day that is not lived
        self.luck = rows.copy()
        self._cast = world.cast(rows, self.luck)
        self.state = self._cast.start()

    def begin(self, rows: Ints, users: Ints, luck: Ints) -> Bools:
        """Begin at `rows` (B,) the lives of `users` (B,) under `luck` (B,); return (B,) whether they come at all."""
        fresh = self.world.cast(users, luck)
        for field in fields(Population):
            _put(getattr(self._cast.people, field.name), rows, getattr(fresh.people, field.name))
        _put(self.state, rows, fresh.start())
        self.luck[rows] = luck
        self.user[rows] = users
        self.day[rows] = fresh.people.first_day
        self._end[rows] = self.day[rows] + self.max_days
        self.memory.forget(rows)
        self._wait(rows)
        return ~self.gone(rows) & ~self.late(rows)

    def show(self, rows: Ints, items: Ints) -> Bools:
        """Show slates `items` (B, L) to the users at `rows` (B,), live on to their next; return clicks (B, L)."""
        clicked = self._cast.show(self.state, self.day[rows], self.visit[rows], rows, items)
        self.memory.note(rows, self.world.catalogue.topic[items], clicked)
        self.visit[rows] += 1
        over = rows[self.visit[rows] >= self._n_slates[rows]]
        if over.size:
            self._sleep(over)
            self._wait(over)
        return clicked

    def gone(self, rows: Ints) -> Bools:
        """Return (B,) who has left for good."""
        return ~self.state["alive"][rows]

    def late(self, rows: Ints) -> Bools:
        """Return (B,) whose `max_days` are over."""
        return self.day[rows] >= self._end[rows]

    def available(self, rows: Ints) -> Bools:
        """Return (B, M) which items can be shown to the users at `rows` (B,) now."""
        return self._cast.available(self.state, rows, self.day[rows])

    def features(self, rows: Ints) -> Singles:
        """Return (B, 2K + 3) what a site sees of the users at `rows` (B,)."""
        return self.memory.features(rows, self.visit[rows])

    def _wait(self, rows: Ints) -> None:
        """Live on, day by day, until each user at `rows` is there, has left for good or has no day left."""
        met, waiting = rows, self._waiting(rows)
        while waiting.size:
            world, state, day = self._part(waiting)
            here, n_slates = world.come(state, day)
            self._n_slates[waiting[here]] = n_slates
            stays_away = np.ones(len(waiting), bool)
            stays_away[here] = False
            world.night(state, day)  # of who is here too: that copy is thrown away, which is quicker than to part them
            waiting = waiting[stays_away]
            _put(self.state, waiting, {name: values[stays_away] for name, values in state.items()})
            self.day[waiting] += 1
            waiting = self._waiting(waiting)
        self.visit[met] = 0
        self.memory.meet(met, self.day[met])

    def _waiting(self, rows: Ints) -> Ints:
        return rows[~self.gone(rows) & ~self.late(rows)]

    def _sleep(self, rows: Ints) -> None:
        """Let a night pass for the users at `rows`."""
        world, state, day = self._part(rows)
        world.night(state, day)
        _put(self.state, rows, state)
        self.day[rows] += 1

    def _part(self, rows: Ints) -> tuple[World, dict[str, Array], Ints]:
        """Return the world of the users at `rows` alone, a copy of their state, and their days."""
        world = self._cast.cast(rows, self.luck[rows])
        return world, {name: values[rows] for name, values in self.state.items()}, self.day[rows]


def _put(target: Any, rows: Ints, values: Any) -> None:
    """Write `values` into `rows` of the arrays in `target`; what is not an array per user stays."""
    if isinstance(target, dict):
        for name in target:
            _put(target[name], rows, values[name])
    elif isinstance(target, np.ndarray):
        target[rows] = values
