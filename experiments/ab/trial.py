"""One A/B test in one world, and the truth: each agent in a world of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from serendip.experiments.ab.designs import Design, Division
from serendip.experiments.ab.two_arms import TwoArms
from serendip.experiments.online.agents import make_player
from serendip.experiments.online.life import Player, Schedule, live
from serendip.simulator.dynamics import State
from serendip.simulator.interface import Bools, Feedback, Ints, Slates, Visits
from serendip.simulator.settings import read_world
from serendip.simulator.world import World


@dataclass(frozen=True, slots=True)
class Setting:
    """Where tests are run.

    Attributes:
        world: name of the world.
        users: how many there are.
        days: length of a test.
        update_every: days between the agents' updates.
    """

    world: str = "tiny"
    users: int = 100
    days: int = 60
    update_every: int = 5

    def make(self, seed: int) -> World:
        """Return the world under `seed`."""
        settings, _ = read_world(self.world)
        return World(replace(settings, population=replace(settings.population, n_users=self.users)), seed)


def alone(setting: Setting, agent: str, seed: int) -> list[float]:
    """Return visits a user and day, day by day, of an agent that has the world to itself.

    Args:
        setting: where.
        agent: as on the command line.
        seed: number of the world.
    """
    world = setting.make(seed)
    came = _came(setting, world, make_player(agent, world))
    return came.mean(axis=1).tolist()


def together(setting: Setting, design: Design, agents: tuple[str, str], seed: int) -> list[list[float]]:
    """Return visits a user and day, day by day, of the users who have A and of those who have B; NaN for nobody.

    Args:
        setting: where.
        design: how users, items and data are divided.
        agents: A and B, as on the command line.
        seed: number of the world.
    """
    world = setting.make(seed)
    division = Division(design, world)
    a, b = (make_player(agent, world) for agent in agents)
    came = _came(setting, world, TwoArms(a, b, division))
    users = np.arange(world.n_users)
    in_b = np.stack([division.in_b(users, day) for day in range(setting.days)])
    return [_mean(came, ~in_b), _mean(came, in_b)]


def _mean(came: Bools, chosen: Bools) -> list[float]:
    """Return, for each day, the mean of `came` over the users who are `chosen`, both (days, n)."""
    number = chosen.sum(axis=1)
    return np.where(number > 0, (came & chosen).sum(axis=1) / np.maximum(number, 1), np.nan).tolist()


def _came(setting: Setting, world: World, player: Player) -> Bools:
    """Return (days, n) who came when."""
    book = _Visitors(setting.days, world.n_users)
    live(world, player, Schedule(setting.days, setting.update_every), [book])
    return book.came_on


class _Visitors:
    """Writes down who comes when."""

    def __init__(self, days: int, n_users: int) -> None:
        self.came_on: Any = np.zeros((days, n_users), dtype=bool)

    def came(self, day: int, users: Ints) -> None:
        """Write down the day's visitors."""
        self.came_on[day, users] = True

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Do nothing.

        Args:
            visits: who came, and when.
            slates: what was shown.
            feedback: what was clicked.
            version: how often the agents had learned.
        """

    def night(self, day: int, state: State) -> None:
        """Do nothing."""
