"""The target lives through a log again: what it would have shown, and what a site can know of users each morning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from serendip.agents.agent import Agent
from serendip.agents.propensity import SlateMixture
from serendip.experiments.offline.crossfit import folds
from serendip.experiments.offline.reading.log_source import LogSource, Step
from serendip.experiments.offline.targets.target import AgentTarget
from serendip.simulator import randomness
from serendip.simulator.interface import Bools, Floats, Ints
from serendip.simulator.site import ACTIVITY_DAYS, RecentVisits

COLUMNS = ("activity of two weeks", "activity of five days", "rate so far", "clicks per slate", "breadth", "tenure")
_MEMORIES = (ACTIVITY_DAYS, 5.0)  # days over which recent activity fades
_BREADTH_FADES = 60.0  # days
_EXPOSURE_FADES = 4.0  # days
_LEARNS = 0.35  # share of the way to full familiarity that one click on a topic goes
_MOOD = 0.15  # weight of the last slate in the running mean of clicks per slate


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One round of a log's slates as the target sees it, before it is told what came of them.

    Attributes:
        step: what was shown, and what came of it.
        weight: (B, L) importance weight of each slot.
        drawn: (B, L) a slate drawn from the target in the same place.
    """

    step: Step
    weight: Floats
    drawn: Ints


def rehearse(policy: AgentTarget, source: LogSource) -> Iterator[Rehearsed]:
    """Yield the log's rounds in order; the target meets the users as they were, and learns of each round after it."""
    key = randomness.derive(policy.seed, "target") if source.key is None else source.key
    luck = randomness.derive(policy.seed, "drawn slates")
    for step in source.before():
        for agent, rows in _shared(policy, step):
            _tell(agent, step.rows(rows))
    for step in source.steps():
        weight, drawn = np.empty(step.items.shape), np.empty(step.items.shape, dtype=np.int64)
        for agent, rows in _shared(policy, step):
            part = step.rows(rows)
            mixture: SlateMixture = agent.mixture(part.visits, key)
            weight[rows] = mixture.at_position(part.items) / part.propensity
            drawn[rows] = mixture.play(part.visits, luck).items
        yield Rehearsed(step, weight, drawn)
        for agent, rows in _shared(policy, step):
            _tell(agent, step.rows(rows))


def _tell(agent: Agent, step: Step) -> None:
    agent.observe(step.visits, step.slates, step.feedback)


def _shared(policy: AgentTarget, step: Step) -> Iterator[tuple[Agent, Ints]]:
    """Yield each agent with the rows of the users that it is valued on."""
    if len(policy.agents) == 1:
        yield policy.agents[0], np.arange(len(step.visits))
        return
    fold = folds(policy.seed, step.visits.user_ids)
    for f, agent in enumerate(policy.agents):
        rows = np.flatnonzero(fold == f)
        if len(rows):
            yield agent, rows


@dataclass
class Watched:
    """What a site can count of U users as a log goes by.

    Attributes:
        n_users: U.
        topic: (M,) topic of each item.
        clicks: (U, K) clicks on each topic so far.
        exposures: (U, K) slots shown of each topic so far.
        fresh: (U, K) the same, fading within days.
    """

    n_users: int
    topic: Ints
    clicks: Floats = field(init=False)
    exposures: Floats = field(init=False)
    fresh: Floats = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.n_users, int(self.topic.max()) + 1)
        self.clicks, self.exposures, self.fresh = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._known: Floats = np.zeros(shape)
        self._recent = [RecentVisits(self.n_users, days, np.float64) for days in _MEMORIES]
        self._days_with = np.zeros(self.n_users)
        self._mood = np.zeros(self.n_users)
        self._today: Bools = np.zeros(self.n_users, dtype=bool)
        self._day = 0

    def morning(self) -> Floats:
        """Return (U, F) what is known this morning: `COLUMNS`."""
        rate = (self._days_with + 0.5) / (self._day + 4.0)
        tenure = np.full(self.n_users, self._day / 100.0)
        return np.stack(
            [*(recent.rate for recent in self._recent), rate, self._mood, self._known.sum(axis=1), tenure], axis=1
        )

    def saw(self, users: Ints, items: Ints, clicked: Bools, *, organic: bool = False) -> None:
        """Count slates `items` (B, L) of distinct `users` (B,); what was organic tells of tastes, not of activity.

        Args:
            users: (B,) the users, none twice.
            items: (B, L) items shown.
            clicked: (B, L) whether each was clicked.
            organic: whether nobody chose the slates.
        """
        for position in range(items.shape[1]):
            topic = self.topic[items[:, position]]
            self.exposures[users, topic] += 1.0
            self.fresh[users, topic] += 1.0
            rows = np.flatnonzero(clicked[:, position])
            at = users[rows], topic[rows]
            self.clicks[at] += 1.0
            self._known[at] += _LEARNS * (1.0 - self._known[at])
        if not organic:
            self._mood[users] += _MOOD * (clicked.sum(axis=1) - self._mood[users])
            self._today[users] = True

    def night(self) -> None:
        """Let the day end."""
        for recent in self._recent:
            recent.came(self._today)
            recent.night()
        self._days_with += self._today
        self._known *= np.exp(-1.0 / _BREADTH_FADES)
        self.fresh *= np.exp(-1.0 / _EXPOSURE_FADES)
        self._today[:] = False
        self._day += 1
