"""An agent that runs a world of its own, one day at a time."""

from __future__ import annotations

import numpy as np

from serendip.agents import registry
from serendip.experiments.online.life import rounds
from serendip.experiments.online.oracles import ORACLES, OraclePlayer
from serendip.simulator.arrays import to_numpy
from serendip.simulator.errors import SettingsError
from serendip.simulator.organic import known_before
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.world import World, playing_key


class Days:
    """A world under one agent, as far as it has come.

    Attributes:
        day: days lived.
        visitors: users who came on each day, by activity group.
        clicks: clicks of each day.
    """

    def __init__(self, world: World, name: str) -> None:
        """Begin on the first morning, after the agent has seen what users did before.

        Raises:
            SettingsError: no agent and no oracle is called `name`.
        """
        if name not in ORACLES and name not in registry.names():
            raise SettingsError(f"unknown agent {name!r}; known agents: {', '.join(registry.names())}")
        self._world, self._state, self._key = world, world.start(), playing_key(world.seed)
        if name in ORACLES:
            self._agent = OraclePlayer(name, world, {})
            self._agent.enter(self._state)
        else:
            self._agent = registry.make(name, world.items, world.settings.slate_size, world.seed)
        for visits, slates, feedback in known_before(world):
            self._agent.observe(visits, slates, feedback)
        self.day = 0
        self.visitors = list[list[int]]()
        self.clicks = list[int]()

    def live(self, update_every: int) -> None:
        """Live through a day, before which the agent learns where it is due."""
        if self.day % update_every == 0:
            self._agent.update()
        users, n_slates = self._world.come(self._state, self.day)
        clicks = 0
        for visits, slates, feedback in rounds(
            self._world, self._state, self._agent, self._key, self.day, users, n_slates, 0
        ):
            self._agent.observe(visits, slates, feedback)
            clicks += int(feedback.clicked.sum())
        self._world.night(self._state, self.day)
        groups = self._world.groups[to_numpy(users)]
        self.visitors.append(np.bincount(groups, minlength=len(ACTIVITY_GROUPS)).tolist())
        self.clicks.append(clicks)
        self.day += 1
