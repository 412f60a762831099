"""A shard: some of the users of a world, and an agent that serves them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.online.agents import make_player
from serendip.experiments.online.measures import DailyMeasures
from serendip.experiments.online.sharding.summing import Sums, summing_of
from serendip.simulator import randomness
from serendip.simulator.fitted import Fitted
from serendip.simulator.interface import Bools, Feedback, Ints, Visits
from serendip.simulator.organic import known_before
from serendip.simulator.population import activity_group, arrivals, base_rates, draw_cohorts
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.world import World, playing_key


def users_of(n_users: int, shard: int, n_shards: int) -> Ints:
    """Return the users, in order, of one of `n_shards`: those whose hash falls to it."""
    word = randomness.bits(randomness.derive(0, "shard"), np.arange(n_users))
    return np.flatnonzero((word >> 1) % n_shards == shard)


class Shard:
    """Users who live day by day, as in the whole world; what all agents know comes from outside, as sums."""

    def __init__(self, world: str | Path, agent: str, seed: int, shard: int, n_shards: int) -> None:
        """Draw the shard's users alone, and let the agent see what they did before the first day.

        Args:
            world: name of a preset, or the folder of a world.
            agent: the agent, as it is written on the command line.
            seed: seed of the world.
            shard: number of the shard, from 0.
            n_shards: how many there are.

        Raises:
            SettingsError: the agent does not learn from sums.
        """
        settings, folder = read_world(world)
        fitted = None if folder is None or settings.fitted is None else Fitted.load(folder / settings.fitted)
        groups = _groups(settings, fitted, seed)
        self.ids = users_of(len(groups), shard, n_shards)
        self.world = World(settings, seed, fitted, rows=self.ids)
        self.world.groups = groups[self.ids]
        self.agent = make_player(agent, self.world)
        self._summing = summing_of(self.agent)
        self._measures = DailyMeasures(self.world)
        self._state, self._key = self.world.start(), playing_key(seed)
        if getattr(self.agent.strategy, "looks_back", True):
            for visits, slates, feedback in known_before(self.world):
                self.agent.observe(self._known(visits), slates, feedback)
        nothing = np.empty((0, self.world.catalogue.n_topics), np.float32)
        self.world.people = replace(self.world.people, known=nothing)  # a quarter of all memory, and the state has it

    def sums(self) -> Sums:
        """Return what the shard's users add to what all agents know."""
        return self._summing.sums(self.agent)

    def learn(self, total: Sums) -> None:
        """Learn from the sums of all shards, as `update` does from the history of all users."""
        self._summing.learn(self.agent, total)
        self.agent.history.events.trim()
        self.agent.version += 1

    def live(self, first: int, days: int) -> None:
        """Live through some days from `first` on."""
        for day in range(first, first + days):
            self._day(day)

    def daily(self) -> Any:
        """Return the counts by day and group, which add up over shards."""
        return self._measures.table()

    def _day(self, day: int) -> None:
        users, n_slates = self.world.come(self._state, day)
        self._measures.came(users)
        for visit in range(int(n_slates.max(initial=0))):
            self._round(day, visit, users[n_slates > visit])
        self.world.night(self._state, day)
        self._measures.night(self._state, day)

    def _round(self, day: int, visit: int, here: Ints) -> None:
        """Show a slate to the users at rows `here` (B,)."""
        visits = self._known(self.world.visits(here, day, visit, self._state))
        slates = self.agent.act(visits, self._key)
        clicked: Bools = self.world.show(self._state, day, visit, here, slates.items)
        self.agent.observe(visits, slates, Feedback(clicked))
        self._measures.saw(here, clicked)

    def _known(self, visits: Visits) -> Visits:
        """Return visits as the site knows its users: by the rows of the whole world."""
        return replace(visits, user_ids=self.ids[visits.user_ids])


def _groups(settings: WorldSettings, fitted: Fitted | None, seed: int) -> Any:
    """Return (n,) the third of activity that each user of the whole world is in."""
    people = settings.population
    if fitted is not None:
        return fitted.population(people, settings.known_from, seed).activity_group()
    cohort = draw_cohorts(people, len(arrivals(people, seed)), seed)
    return activity_group(base_rates(people, cohort, seed))
