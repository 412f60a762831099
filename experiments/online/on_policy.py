"""What a target policy is really worth: it is run in the world that a log came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from serendip.agents.agent import Agent
from serendip.experiments.offline.crossfit import folds
from serendip.experiments.offline.evaluation import Truth
from serendip.experiments.offline.sources import LogSource
from serendip.experiments.offline.targets import saved_agent, trained_agents
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.dynamics import State
from serendip.simulator.interface import DataError, Feedback, Ints, Slates, Visits
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
    meta, source = open_log(log).meta, LogSource(log)
    if meta.seed is None or not (log / "world" / "world.json").exists():
        raise DataError(f"{log}: has no world of its own, so the truth is not known; leave --truth out")
    world = make_world(log / "world", meta.seed)
    if Path(target).is_dir():
        agents = saved_agent(Path(target), source.items(), source.slate_size, seed).agents
    else:
        agents = trained_agents(target, source, seed).agents
    tally = _Tally()
    live(world, agents[0] if len(agents) == 1 else _Halves(agents, seed), Schedule(meta.n_days, 0), [tally])
    return Truth(tally.clicks / max(tally.slots, 1), tally.visits / tally.user_days(world, meta.n_days))


class _Tally:
    """Counts clicks, slots and visits."""

    def __init__(self) -> None:
        self.clicks = self.slots = self.visits = 0

    def came(self, day: int, users: Ints) -> None:
        self.visits += len(users)

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        self.clicks += int(feedback.clicked.sum())
        self.slots += feedback.clicked.size

    def night(self, day: int, state: State) -> None:
        """Do nothing."""

    @staticmethod
    def user_days(world: World, n_days: int) -> int:
        """Return the days that users have spent in the world, gone or not."""
        return int(np.maximum(n_days - np.asarray(world.people.first_day), 0).sum())


class _Halves:
    """Two agents as one: each serves the half of the users that it was not trained on."""

    def __init__(self, agents: Sequence[Agent], seed: int) -> None:
        self._agents = agents
        self._seed = seed

    def act(self, visits: Visits, key: int) -> Slates:
        parts = [(rows, agent.act(visits.rows(rows), key)) for agent, rows in self._share(visits)]
        order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
        items, propensities, explored = (
            np.concatenate([getattr(slates, name) for _, slates in parts])[order]
            for name in ("items", "propensities", "explored")
        )
        return Slates(items, propensities, None, explored)

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        for agent, rows in self._share(visits):
            agent.observe(visits.rows(rows), slates.rows(rows), Feedback(feedback.clicked[rows]))

    def update(self) -> None:
        for agent in self._agents:
            agent.update()

    def _share(self, visits: Visits) -> Iterator[tuple[Agent, Ints]]:
        """Yield each agent with the rows of its users."""
        fold = folds(self._seed, visits.user_ids)
        for index, agent in enumerate(self._agents):
            rows = np.flatnonzero(fold == index)
            if len(rows):
                yield agent, rows
