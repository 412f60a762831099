"""Whose value is estimated: an agent that lives through the log's histories again, or a column of the file.

An agent meets the users as they were in the log: it sees each visit, says with which probability it would have shown
what was shown, and only then sees what came of it.  No array of rounds by items is ever made.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from serendip.agents import registry
from serendip.agents.recommender import Recommender
from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reading.source import Source, Step
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.experiments.offline.targets.seen import Predictions, Question, Seen
from serendip.simulator import randomness
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Items


class Target(Protocol):
    """A policy to be valued."""

    @property
    def notes(self) -> list[str]:
        """What was done to value it, in sentences."""
        ...

    @property
    def knows_every_item(self) -> bool:
        """Whether it has a probability of every item, not of what was shown alone, so that a model can be weighed."""
        ...

    @property
    def trained_apart(self) -> bool:
        """Whether it is known to owe nothing to the rewards of the users that it is valued on."""
        ...

    @property
    def lives_through(self) -> bool:
        """Whether it lives through the log visit by visit, so that the logging policy can be asked beside it."""
        ...

    def further(self, source: Source) -> tuple[str, ...]:
        """Return the names of the further columns that its view of the log has."""
        ...

    def memories(self) -> list[Any]:
        """Return what it remembers, to be given back to `remember` before another view of the log."""
        ...

    def remember(self, memories: list[Any]) -> None:
        """Let it remember that, and nothing else."""
        ...

    def view(
        self, source: Source, predictions: Predictions | None, logging: LoggingPolicy | None = None
    ) -> Iterator[Seen]:
        """Yield the log's slots with what the target would have done; agents remember what they lived through.

        Args:
            source: the log.
            predictions: what a reward model says, or None.
            logging: the policy that wrote the log, where estimators need it, or None.
        """
        ...


@dataclass(frozen=True)
class AgentTarget:
    """An agent, or two of them that were trained on one half of the users each.

    Attributes:
        agents: one for all users, or one for each fold of them.
        seed: number that the folds follow from, and the draws where the log names no key.
        slate_size: positions of the agent's slates.
        notes: what was done to get these agents.
    """

    agents: Sequence[Recommender]
    seed: int
    slate_size: int
    notes: list[str]

    @property
    def knows_every_item(self) -> bool:
        """An agent says how it would choose among all."""
        return True

    @property
    def trained_apart(self) -> bool:
        """An agent for each fold was trained on the other."""
        return len(self.agents) == N_FOLDS

    @property
    def lives_through(self) -> bool:
        """It meets the users as they were."""
        return True

    def further(self, source: Source) -> tuple[str, ...]:
        """Return `slate_weight` where the log has the probability of each whole slate."""
        return ("slate_weight",) if source.has_slate_propensities else ()

    def view(
        self, source: Source, predictions: Predictions | None, logging: LoggingPolicy | None = None
    ) -> Iterator[Seen]:
        """Yield the log's slots with what the agent would have done, step by step through the users' histories."""
        key = randomness.derive(self.seed, "target") if source.key is None else source.key
        ask = Question(key, self.slate_size, source.items().topic, predictions, logging)
        for step in source.before():
            ask.remember(step)
            self._live(step, logging)
        for step in source.steps():
            for agent, rows in self._share(step):
                yield ask.seen(agent, step.rows(rows))
            if not source.rows_are_users:  # nobody comes back
                self._live(step, logging)

    def memories(self) -> list[Any]:
        """Return what the agents remember, to be given back to `remember` before another view of the log."""
        return [copy.deepcopy(agent.history) for agent in self.agents]

    def remember(self, memories: list[Any]) -> None:
        """Let the agents remember that, and nothing else."""
        for agent, memory in zip(self.agents, memories, strict=True):
            agent.forget(memory)

    def _live(self, step: Step, logging: LoggingPolicy | None) -> None:
        """Let each agent see what came of its users' visits, and the logging policy of all."""
        for agent, rows in self._share(step):
            part = step.rows(rows)
            agent.observe(part.visits, part.slates, part.feedback)
        if logging is not None:
            logging.agent.observe(step.visits, step.slates, step.feedback)

    def _share(self, step: Step) -> Iterator[tuple[Recommender, Any]]:
        """Yield each agent with the rows of the users that it is valued on."""
        if len(self.agents) == 1:
            yield self.agents[0], slice(None)
            return
        fold = folds(self.seed, step.visits.user_ids)
        for f, agent in enumerate(self.agents):
            rows = np.flatnonzero(fold == f)
            if len(rows):
                yield agent, rows


def saved_agent(path: Path, items: Items, slate_size: int, seed: int) -> AgentTarget:
    """Return the agent saved in the folder `path` as a target, with an empty memory: the log's histories fill it.

    Args:
        path: folder of the agent.
        items: what the log knows of its catalogue.
        slate_size: slots of a slate.
        seed: number that all draws follow from.

    Raises:
        DataError: no agent is there, or it is of another catalogue or slate size than the log.
    """
    agent = registry.load(path)
    if (agent.items.n_items, agent.slate_size) != (items.n_items, slate_size):
        raise DataError(
            f"{path}: the agent shows {agent.slate_size} of {agent.items.n_items} items, the log {slate_size} of "
            f"{items.n_items}; value it on a log of its own catalogue"
        )
    agent.forget()
    note = "The saved agent is valued as it is; if it learned from these users, the estimate flatters it."
    return AgentTarget([agent], seed, slate_size, [note])


def trained_agents(name: str, source: Source, seed: int, **settings: Any) -> AgentTarget:
    """Return the agent `NAME` or `NAME:SETTING=VALUE,...`: one trained on each half of the users, valued on the other.

    Raises:
        SettingsError: no agent has that name (the known ones are listed), or a setting cannot be.
    """
    items, slate_size = source.items(), source.slate_size
    agent, said = registry.read_name(name)
    agents = [registry.make(agent, items, slate_size, seed, **(said | settings)) for _ in range(N_FOLDS)]
    for steps in (source.before(), source.steps()):
        for step in steps:
            fold = folds(seed, step.visits.user_ids)
            for f, agent in enumerate(agents):
                part = step.rows(np.flatnonzero(fold != f))
                if len(part.visits):
                    agent.observe(part.visits, part.slates, part.feedback)
    for agent in agents:
        agent.update()
    note = (
        f"{name} is trained on one half of the users and valued on the other, and the reverse; then it learns no more."
    )
    return AgentTarget(agents, seed, slate_size, [note])
