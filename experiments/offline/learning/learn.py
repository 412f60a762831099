"""A policy learned from a log, from end to end: an ordinary agent, and what held-out users say of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.agents import registry
from serendip.agents.beliefs.policy import Policy
from serendip.agents.recommender import Recommender
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.learning.claim import Claim, claim, seen_by
from serendip.experiments.offline.learning.examples import MOST_PAIRS, Examples, read_examples
from serendip.experiments.offline.learning.train import Learning, train
from serendip.experiments.offline.reading.column_map import ColumnMap
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.table_log import as_log
from serendip.simulator import randomness
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Bools, Ints
from serendip.simulator.settings_json import settings_to_json

CHOOSES, CLAIMS = 0.2, 0.35  # shares of the users that choose the epoch, and that say what it is worth
BESIDE = "logistic-greedy"  # what is learned from the same log, to see whether a learned policy is worth the trouble


@dataclass(frozen=True, slots=True)
class Learned:
    """A policy and what it is thought to be worth.

    Attributes:
        agent: the policy.
        learning: how it was learned.
        n_slates: slates it was learned from.
        logged: reward per slot of the log, on users that took no part in any choice.
        learned: the policy's on them.
        gain: the policy's less the log's.
        beside: that of `logistic-greedy`, taught by the same users, on the same ones.
        take: which of the two to take, and why.
        other: the agent that it stands beside.
    """

    agent: Recommender
    learning: Learning
    n_slates: int
    logged: Estimate
    learned: Estimate
    gain: Estimate
    beside: Estimate
    take: str
    other: Recommender

    def to_json(self) -> dict[str, Any]:
        """Return all but the agents as plain JSON values."""
        names = ("logged", "learned", "gain", "beside")
        found = {name: dataclasses.asdict(getattr(self, name)) for name in names}
        return {"learning": settings_to_json(self.learning), "n_slates": self.n_slates, "take": self.take} | found


def learn(
    log: Path,
    learning: Learning,
    *,
    columns: ColumnMap = (),
    epsilon: float = 0.05,
    most_pairs: int = MOST_PAIRS,
    progress: Callable[[int, int], None] | None = None,
) -> Learned:
    """Return an agent whose policy maximises the objective on the log.

    Some users teach it, others choose the epoch, and others still say what it is worth, beside an agent that models
    clicks and was taught by the same users.

    Args:
        log: folder of a log with propensities, or a table with a user, a day, an item, a reward and a propensity in
            each row.
        learning: objective, model and settings.
        columns: what the columns of a table are called, by the log's own names.
        epsilon: share of uniformly random slates that the agent shows on top.
        most_pairs: slates times items that are kept in memory; a random share of the slates where there are more.
        progress: called with the epochs done and with as many as there can be.

    Raises:
        DataError: the log cannot be read, or has too few users to hold some out.
    """
    with as_log(log, columns) as folder:
        return _learned(folder, learning, epsilon, most_pairs, progress)


def _learned(
    log: Path, learning: Learning, epsilon: float, most_pairs: int, progress: Callable[[int, int], None] | None
) -> Learned:
    examples, history = read_examples(log, learning.seed, most_pairs)
    luck = randomness.uniform(randomness.derive(learning.seed, "held-out users"), examples.user)
    claims, chooses = luck < CLAIMS, (luck >= CLAIMS) & (luck < CLAIMS + CHOOSES)
    taught, held_out = (examples.rows(np.flatnonzero(rows)) for rows in (~claims & ~chooses, chooses))
    others = np.unique(examples.user[claims])
    if not len(taught) or len(np.unique(held_out.user)) < 2 or len(others) < 2:
        raise DataError(f"{log}: too few users to learn from some and to hold others out; give a longer log")
    weights = train(learning, taught, held_out, progress)
    source = LogSource(log)
    agent = registry.make(
        "policy", source.items(), source.slate_size, learning.seed, epsilon=epsilon, hidden=learning.hidden
    )
    assert isinstance(agent.belief, Policy)
    agent.belief.teach(weights)
    agent.forget(history)
    agent.update()
    both = (agent, _beside(source, others, learning))
    found, beside = (claim(seen_by(one, source, others, learning.seed)) for one in both)
    agent.forget(history)
    worth = _logged(examples, claims), found.value, found.gain, beside.value
    return Learned(agent, learning, len(taught), *worth, _take(found, beside, learning.objective), both[1])


def _beside(source: LogSource, others: Ints, learning: Learning) -> Recommender:
    """Return `logistic-greedy`, taught by all users but `others`."""
    agent = registry.make(BESIDE, source.items(), source.slate_size, learning.seed)
    for steps in (source.before(), source.steps()):
        for step in steps:
            part = step.rows(np.flatnonzero(~np.isin(step.visits.user_ids, others)))
            if len(part.visits):
                agent.observe(part.visits, part.slates, part.feedback)
    agent.update()
    return agent


def _logged(examples: Examples, rows: Bools) -> Estimate:
    """Return the log's reward per slot, with an interval over users."""
    user, reward = examples.user[rows], examples.reward[rows]
    _, row = np.unique(user, return_inverse=True)
    mean = float(reward.mean())
    off = np.bincount(row, reward.sum(axis=1) - mean * reward.shape[1])
    error = float(np.sqrt(np.sum(off**2))) / reward.size
    return Estimate(mean, max(mean - 1.96 * error, 0.0), mean + 1.96 * error, error)


def _take(found: Claim, beside: Claim, objective: str) -> str:
    """Return in a sentence which of the two to take: the likelier better one, unless the other is clearly better.

    `loglik` has mostly been better than an agent that models clicks, what maximises weighted rewards mostly worse.
    """
    one, other = found.value, beside.value
    said = f"{one.value or 0.0:.4f} a slot learned, {other.value or 0.0:.4f} by {BESIDE} of the same log"
    if objective != "loglik":
        if (one.low or 0.0) > (other.value or 0.0):
            return f"take the learned policy: {said}"
        return f"take {BESIDE}: {said}, and what {objective} learned is not clearly above it"
    if (other.value or 0.0) > (one.high or 0.0):
        return f"take {BESIDE}: {said}, which is above all that the learned policy may be worth"
    if (one.low or 0.0) <= (other.value or 0.0):
        return f"take the learned policy, though the log does not say that it is better: {said}"
    return f"take the learned policy: {said}"
