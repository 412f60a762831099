"""What a target policy is really worth: it is run in the world that a log came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from serendip.agents.agent import Agent
from serendip.experiments.offline.crossfit import folds
from serendip.experiments.offline.evaluation import Truth
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.targets.target import saved_agent, trained_agents
from serendip.experiments.online.life import Player, Schedule, live
from serendip.simulator.dynamics import State
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Floats, Ints, Slates, Visits
from serendip.simulator.logs import open_log
from serendip.simulator.world import World, make_world


def on_policy_truth(log: Path, target: str, seed: int) -> Truth:
    """Return clicks per slot and visits per user and day of `target`, run without learning in the log's own world.

    Args:
        log: folder of a simulated log.
        target: an agent's name or a saved agent's folder, as in `evaluate`; agents are trained as they are there.
        seed: of the halves of the users that a named agent is trained and run on.

    Raises:
        DataError: the log does not come from a simulated world.
    """
    world, player, n_days = _stage(log, target, seed)
    tally = Tally()
    live(world, player, Schedule(n_days, 0), [tally])
    return Truth(tally.clicks / max(tally.slots, 1), sum(tally.came_on) / tally.user_days(world, n_days))


def on_policy_activity(log: Path, target: str, seed: int, days: int) -> Floats:
    """Return (days,) users who visit on each day, per user, when `target` is run without learning in the log's world.

    Args and raises: as `on_policy_truth`; `days` may be more than the log has.

    Args:
        log: a simulated log's folder.
        target: an agent's name, or a saved agent's folder.
        seed: number that all draws follow from.
        days: days to run; they may be more than the log has.
    """
    world, player, _ = _stage(log, target, seed)
    tally = Tally()
    live(world, player, Schedule(days, 0), [tally])
    return np.array(tally.came_on) / world.n_users


def _stage(log: Path, target: str, seed: int) -> tuple[World, Player, int]:
    """Return the log's world as on the first day, the target trained as it is when it is valued, and the log's days."""
    meta, source = open_log(log).meta, LogSource(log)
    if meta.seed is None or not (log / "world" / "world.json").exists():
        raise DataError(f"{log}: has no world of its own, so the truth is not known; leave --truth out")
    world = make_world(log / "world", meta.seed)
    if Path(target).is_dir():
        agents = saved_agent(Path(target), source.items(), source.slate_size, seed).agents
    else:
        agents = trained_agents(target, source, seed).agents
    return world, agents[0] if len(agents) == 1 else Halves(agents, seed), meta.n_days


class Tally:
    """Counts clicks, slots and visits."""

    def __init__(self) -> None:
        self.clicks = self.slots = 0
        self.came_on = list[int]()  # users who came, day by day

    def came(self, day: int, users: Ints) -> None:
        """Count who visits."""
        self.came_on.append(len(users))

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Count clicks and slots.

        Args:
            visits: who came, and when.
            slates: what was shown, with its propensities.
            feedback: what was clicked.
            version: how often the agent had learned.
        """
        self.clicks += int(feedback.clicked.sum())
        self.slots += feedback.clicked.size

    def night(self, day: int, state: State) -> None:
        """Do nothing."""

    @staticmethod
    def user_days(world: World, n_days: int) -> int:
        """Return the days that users have spent in the world, gone or not."""
        return int(np.maximum(n_days - np.asarray(world.people.first_day), 0).sum())


class Halves:
    """Two agents as one: each serves the half of the users that it was not trained on."""

    def __init__(self, agents: Sequence[Agent], seed: int) -> None:
        self._agents = agents
        self._seed = seed

    def act(self, visits: Visits, key: int) -> Slates:
        """Let each agent choose for its half of the users."""
        parts = [(rows, agent.act(visits.rows(rows), key)) for agent, rows in self._share(visits)]
        order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
        items, propensities, explored = (
            np.concatenate([getattr(slates, name) for _, slates in parts])[order]
            for name in ("items", "propensities", "explored")
        )
        return Slates(items, propensities, None, explored)

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Let each agent remember its half of the users."""
        for agent, rows in self._share(visits):
            agent.observe(visits.rows(rows), slates.rows(rows), Feedback(feedback.clicked[rows]))

    def update(self) -> None:
        """Let each agent learn."""
        for agent in self._agents:
            agent.update()

    def _share(self, visits: Visits) -> Iterator[tuple[Agent, Ints]]:
        """Yield each agent with the rows of its users."""
        fold = folds(self._seed, visits.user_ids)
        for index, agent in enumerate(self._agents):
            rows = np.flatnonzero(fold == index)
            if len(rows):
                yield agent, rows
