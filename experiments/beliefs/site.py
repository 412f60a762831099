"""A site with a past: a world that was lived in for a while, in which some items were never shown to anybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.beliefs.belief import Situation
from serendip.agents.history import History
from serendip.agents.registry import make
from serendip.experiments.online.life import Schedule, live
from serendip.simulator import randomness
from serendip.simulator.dynamics import State
from serendip.simulator.interface import Bools, Ints, Items, Visits
from serendip.simulator.world import World, make_world

_NEVER = 1 << 30  # a day that does not come


@dataclass(frozen=True, slots=True)
class Site:
    """A world on one evening, and what its site remembers.

    Attributes:
        world: the world.
        state: its state.
        history: who was shown and clicked what.
        day: the next day.
        never: (M,) items that nobody was ever shown, though all can be shown from now on.
    """

    world: World
    state: State
    history: History
    day: int
    never: Bools

    @property
    def catalogue(self) -> Items:
        """What the site knows of its items, all of which can be shown now."""
        return Items(self.world.items.topic, np.zeros(self.world.n_items, dtype=np.int32))

    def situation(self, users: Ints) -> Situation:
        """Return a visit of each of `users` (B,), with all items there to be shown."""
        there = np.ones(self.world.n_items, dtype=bool)
        visits = Visits(users, self.day, np.zeros(len(users), dtype=np.int32), there)
        return Situation(visits, self.history, self.catalogue)


def lived_in(world_name: str, seed: int, days: int, held_back: float, agent: str = "ease-greedy") -> Site:
    """Return a site where `agent` served everybody for `days`, without a share `held_back` of the items.

    Which items are held back is a matter of luck, not of their worth: they are as good as the others.

    Args:
        world_name: name of a preset world.
        seed: number that all draws follow from.
        days: days that everybody was served.
        held_back: share of the items that is never shown, in [0, 1).
        agent: name of the agent that served.
    """
    world = make_world(world_name, seed)
    n_held = round(held_back * world.n_items)
    held = randomness.generator(seed, "held back").permutation(world.n_items)[:n_held]
    released = np.asarray(world.items.released).copy()
    released[held] = _NEVER
    world.items = Items(world.items.topic, released)
    player = make(agent, world.items, world.settings.slate_size, seed)
    state = live(world, player, Schedule(days=days), [])
    return Site(world, state, player.history, days, player.history.exposures.item_totals == 0)
