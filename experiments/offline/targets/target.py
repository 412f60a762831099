"""Whose value is estimated: an agent that lives through the log's histories again, or a column of the file.

An agent meets the users as they were in the log: it sees each visit, says with which probability it would have shown
what was shown, and only then sees what came of it.  No array of rounds by items is ever made.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from serendip.agents import registry
from serendip.agents.agent import Agent
from serendip.agents.propensity import SlateMixture
from serendip.agents.recommender import Recommender
from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reading.source import Source, Step
from serendip.experiments.offline.reward_models.users import UserRates
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.simulator import randomness
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints, Items, SmallInts


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a reward model says, in the form that an agent's choices are weighed with.

    Attributes:
        rewards: (2, L, M) predicted reward of each item at each position, for the users of each fold; or None.
        never_shown: (L, M) 1 where the log never shows the item at the position, else 0.
        seed: number that the folds follow from, and the draws where the log names no key.
        mrdr: (2, L, M) predicted rewards by the model that MRDR fits, or None.
        knows_users: whether predictions are multiplied by how each user has rewarded so far.
    """

    rewards: Floats | None
    never_shown: Floats
    seed: int
    mrdr: Floats | None = None
    knows_users: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Slots as the target sees them.

    Attributes:
        slots: what the estimators take.
        unseen: (n,) the target's probability of items that the log never shows at that position; NaN where unknown.
        item: (n,) what was shown.
        position: (n,) where.
    """

    slots: Slots
    unseen: Floats
    item: Ints
    position: Ints


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
        ask = _Question(key, self.slate_size, source.items().topic, predictions, logging)
        for step in source.before():
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


@dataclass(frozen=True)
class _Question:
    """What agents are asked at each step: what they would have shown, and what a model says of that."""

    key: int
    slate_size: int
    topic: SmallInts
    predictions: Predictions | None
    logging: LoggingPolicy | None
    rates: UserRates = field(default_factory=UserRates)

    def seen(self, agent: Agent, step: Step) -> Seen:
        """Return the slots of a step as the agent sees them."""
        mixture = agent.mixture(step.visits, self.key)
        target = _at(mixture.at_position(_whole(step, self.slate_size)), step)
        predicted = expected = unseen = np.full(target.shape, np.nan)
        further: dict[str, Floats] = {"day": np.full(target.size, float(step.visits.day))}
        if self.predictions is not None:
            if self.predictions.rewards is not None:
                predicted, expected = _predicted(mixture, step, self.predictions, self.predictions.rewards)
                if self.predictions.knows_users:
                    users = step.visits.user_ids
                    rates, plain = self.rates.of(users)[:, None], predicted
                    predicted, expected = rates * predicted, rates * expected
                    self.rates.update(users, step.reward, plain)
            unseen = _at(mixture.expected(self.predictions.never_shown), step)
            if self.predictions.mrdr is not None:
                both = _predicted(mixture, step, self.predictions, self.predictions.mrdr)
                further["mrdr_predicted"], further["mrdr_expected"] = (values.ravel() for values in both)
        if step.slate_propensity is not None:
            further["slate_weight"] = np.repeat(mixture.of_slate(step.items) / step.slate_propensity, target.shape[1])
        if self.logging is not None:
            weights = self.logging.further(step, mixture, self.topic)
            further |= {name: weight.ravel() for name, weight in weights.items()}
        user = np.repeat(step.visits.user_ids, target.shape[1])
        shown = user, step.reward.ravel(), step.propensity.ravel(), target.ravel()
        position = np.broadcast_to(_positions(step), target.shape).ravel()
        slots = Slots(*shown, predicted.ravel(), expected.ravel(), further)
        return Seen(slots, unseen.ravel(), step.items.ravel(), position)


def _whole(step: Step, slate_size: int) -> Ints:
    """Return (B, slate_size) slates; the one slot that is known stands at every position, to be picked from."""
    return step.items if step.position is None else np.repeat(step.items, slate_size, axis=1)


def _at(values: Floats, step: Step) -> Floats:
    """Return (B, L) `values` of the slots that are known, from (B, slate_size) for all."""
    return values if step.position is None else np.take_along_axis(values, step.position[:, None], axis=1)


def _positions(step: Step) -> Ints:
    """Return the positions of a step's slots, (1, L) or (B, 1)."""
    return np.arange(step.items.shape[1])[None, :] if step.position is None else step.position[:, None]


def _predicted(mixture: SlateMixture, step: Step, predictions: Predictions, rewards: Floats) -> tuple[Floats, Floats]:
    """Return (B, L) predicted rewards of what was shown, and of the target's choice on average."""
    fold = folds(predictions.seed, step.visits.user_ids)
    predicted = rewards[fold[:, None], _positions(step), step.items]
    by_fold = np.stack([_at(mixture.expected(rewards[f]), step) for f in range(N_FOLDS)])
    return predicted, by_fold[fold, np.arange(len(fold))]


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
    """Return the agent called `name` as a target: one trained on each half of the users, to be valued on the other.

    Raises:
        SettingsError: no agent has that name; the known ones are listed.
    """
    items, slate_size = source.items(), source.slate_size
    agents = [registry.make(name, items, slate_size, seed, **settings) for _ in range(N_FOLDS)]
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
