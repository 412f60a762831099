"""One user's life, day by day, under whoever chooses the slates; the same luck for all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from serendip.simulator.arrays import to_numpy
from serendip.simulator.interface import Bools, Feedback, Ints, Slates, Visits
from serendip.simulator.world import World

DAYS = 60  # days that a game lasts


class OneLife:
    """A user who comes back or does not.

    Attributes:
        day: today, from 0.
        slate: number of the next slate within the day's visit.
        visits: days with a visit so far.
        clicks: clicks so far.
        curve: visits per day that the user is inclined to, evening by evening.
    """

    def __init__(self, world: World, user: int, luck: int) -> None:
        """Begin the life of `user` of `world` under `luck`, a 63-bit word, up to the first visit."""
        self.user, self.world = user, world
        self._cast = world.cast(world.user_ids[user : user + 1], np.array([luck], dtype=np.int64))
        self.state = self._cast.start()
        self.day = self.slate = self.visits = self.clicks = 0
        self.curve = list[float]()
        self._left_today = 0
        self._seek()

    @property
    def over(self) -> bool:
        """Whether the days are over, or the user has left for good."""
        return self.day >= DAYS or self.gone

    @property
    def gone(self) -> bool:
        """Whether the user has left for good."""
        return not bool(self.state["alive"][0])

    def visit(self) -> Visits:
        """Return who is here, as a site sees it."""
        here = self._cast.visits(np.zeros(1, dtype=np.int64), self.day, self.slate, self.state)
        return replace(here, user_ids=np.array([self.user], dtype=np.int64))

    def show(self, items: Ints) -> Bools:
        """Show a slate (L,), live on to the next, and return (L,) what was clicked."""
        row = np.zeros(1, dtype=np.int64)
        clicked = to_numpy(self._cast.show(self.state, self.day, self.slate, row, items[None]))[0]
        self.clicks += int(clicked.sum())
        self.slate += 1
        if self.slate >= self._left_today:
            self._sleep()
            self._seek()
        return clicked

    def hidden(self) -> dict[str, list[float]]:
        """Return what the user hides, topic by topic: mean utility of its items, familiarity, satiation."""
        world, topic = self._cast, self.world.items.topic
        n_topics = self.world.items.n_topics
        items = np.arange(self.world.n_items)[None]
        match = to_numpy(world.match(np.zeros(1, dtype=np.int64), items, self.day, self.state))[0]
        sizes = np.maximum(np.bincount(topic, minlength=n_topics), 1)
        found = {"taste": np.bincount(topic, match, minlength=n_topics) / sizes}
        for name, key in (("familiarity", "repertoire"), ("satiation", "satiation")):
            if key in self.state:
                found[name] = to_numpy(self.state[key])[0]
        return {name: [round(float(value), 3) for value in values] for name, values in found.items()}

    def rate(self) -> float:
        """Return the visits per day that the user is inclined to now; 0 once gone."""
        return 0.0 if self.gone else float(to_numpy(self._cast.dynamics.rate(self.state))[0])

    def enter(self, player: Any) -> None:
        """Let an oracle look at this life's state."""
        player.enter(self.state)

    @property
    def cast(self) -> World:
        """The world of this one user, whose row is 0."""
        return self._cast

    def _seek(self) -> None:
        """Live through the days without a visit."""
        while not self.over:
            users, n_slates = self._cast.come(self.state, self.day)
            if len(users):
                self.visits += 1
                self.slate, self._left_today = 0, int(n_slates[0])
                return
            self._sleep()

    def _sleep(self) -> None:
        self._cast.night(self.state, self.day)
        self.day += 1
        self.curve.append(self.rate())


def play_through(life: OneLife, player: Any, key: int) -> None:
    """Let an agent or an oracle live through all of `life`."""
    oracle = hasattr(player, "enter")
    while not life.over:
        slates = suggested(life, player, key)
        visit = life.visit()
        clicked = life.show(slates.items[0])
        if not oracle:
            player.observe(visit, slates, Feedback(clicked[None]))


def suggested(life: OneLife, player: Any, key: int) -> Slates:
    """Return the slate (1, L) that an agent or an oracle would show now."""
    if hasattr(player, "enter"):
        row = np.zeros(1, dtype=np.int64)
        items = player.settings.slates(life.cast, life.state, life.day, row)
        return Slates(items, np.ones(items.shape), np.ones(1), np.zeros(1, dtype=bool))
    return player.act(life.visit(), key)
