"""Agents that have learned from a site's users, lent out game by game."""

from __future__ import annotations

import copy
import threading
from collections import defaultdict
from typing import Any

import numpy as np

from serendip.agents import registry
from serendip.agents.beliefs.belief import Luck, Situation
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.oracles import ORACLES, OraclePlayer
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Floats, Ints, Visits
from serendip.simulator.organic import known_before
from serendip.simulator.world import World

LEARNED_DAYS = 15  # days that an agent runs the site before anybody plays with it
_DRAWS = 24  # hypotheses that the doubt of a topic is measured over


class Stable:
    """The agents of one world, each trained once, when it is first asked for."""

    def __init__(self, world: World) -> None:
        """Keep agents for `world`."""
        self.world = world
        self._trained = dict[str, Any]()
        self._locks = defaultdict[str, threading.Lock](threading.Lock)

    def lend(self, name: str, user: int) -> Any:
        """Return an agent of its own for a game: it has learned from the site, and remembers `user` from before.

        Raises:
            SettingsError: no agent and no oracle has that name.
        """
        if name in ORACLES:
            return OraclePlayer(name, self.world, {})
        with self._locks[name]:
            if name not in self._trained:
                self._trained[name] = _trained(name, self.world)
            agent = copy.deepcopy(self._trained[name])
        for visits, slates, feedback in known_before(self.world):
            mine = visits.user_ids == user
            if mine.any():
                agent.observe(visits.rows(mine), slates.rows(mine), Feedback(feedback.clicked[mine]))
        return agent

    def ready(self, name: str) -> bool:
        """Return whether an agent need not learn before it can be lent."""
        return name in ORACLES or name in self._trained


def _trained(name: str, world: World) -> Any:
    """Return the agent `name` after `LEARNED_DAYS` days with the users of `world`, who are then forgotten."""
    if name not in registry.names():
        raise SettingsError(f"unknown agent {name!r}; known agents: {', '.join(registry.names())}")
    agent = registry.make(name, world.items, world.settings.slate_size, world.seed)
    live(world, agent, Schedule(days=LEARNED_DAYS, update_every=5), [])
    agent.update()
    agent.forget()
    return agent


def beliefs_by_topic(agent: Any, visits: Visits) -> tuple[Floats, Floats]:
    """Return (K,) the mean score of each topic's items for one visitor, and how unsure the agent is of it.

    The doubt is the standard deviation, over hypotheses, of a topic's mean score.  Both are in the agent's own units.
    """
    posterior = agent.belief.posterior(Situation(visits, agent.history, agent.items))
    luck = Luck(randomness.derive(agent.seed, "page"), visits)
    topic, n_topics = agent.items.topic, agent.items.n_topics
    sizes = np.maximum(np.bincount(topic, minlength=n_topics), 1)
    n = min(posterior.n_hypotheses or _DRAWS, _DRAWS)
    draws = np.stack(
        [np.bincount(topic, posterior.draw(index, luck)[0], minlength=n_topics) / sizes for index in range(n)]
    )
    return draws.mean(axis=0), draws.std(axis=0)


def visit_of(world: World, user: int, day: int, number: int) -> Visits:
    """Return the visit of one user, as a site sees it.

    Args:
        world: the world that is lived in.
        user: row of the user.
        day: day of the world, from 0.
        number: number of the slate within the user's day.
    """
    ids: Ints = np.array([user], dtype=np.int64)
    return Visits(ids, day, np.array([number], dtype=np.int32), world.items.available(day))
