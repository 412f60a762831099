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
from serendip.experiments.offline.learning.examples import MOST_PAIRS, Examples, read_examples
from serendip.experiments.offline.learning.train import Learning, chances, train
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method, Valuation
from serendip.simulator import randomness
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats
from serendip.simulator.settings_json import settings_to_json

HELD_OUT = 0.3  # of the users


@dataclass(frozen=True, slots=True)
class Learned:
    """A policy and what it is thought to be worth.

    Attributes:
        agent: the policy.
        learning: how it was learned.
        n_slates: slates it was learned from.
        logged: reward per slot of the log on the held-out users.
        learned: the policy's, by SNIPS on the same slots; the best epoch was chosen on them, which flatters it.
        gain: the policy's less the log's, paired over users.
    """

    agent: Recommender
    learning: Learning
    n_slates: int
    logged: Estimate
    learned: Estimate
    gain: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return all but the agent as plain JSON values."""
        found = {name: dataclasses.asdict(getattr(self, name)) for name in ("logged", "learned", "gain")}
        return {"learning": settings_to_json(self.learning), "n_slates": self.n_slates} | found


def learn(
    log: Path,
    learning: Learning,
    *,
    epsilon: float = 0.05,
    most_pairs: int = MOST_PAIRS,
    progress: Callable[[int, int], None] | None = None,
) -> Learned:
    """Return an agent whose policy maximises the objective on the log.

    Args:
        log: folder of a log with propensities.
        learning: objective, model and settings.
        epsilon: share of uniformly random slates that the agent shows on top.
        most_pairs: slates times items that are kept in memory; a random share of the slates where there are more.
        progress: called with the epochs done and with as many as there can be.

    Raises:
        DataError: the log cannot be read, or has too few users to hold some out.
    """
    examples, history = read_examples(log, learning.seed, most_pairs)
    apart = randomness.uniform(randomness.derive(learning.seed, "held-out users"), examples.user) < HELD_OUT
    taught, held_out = examples.rows(np.flatnonzero(~apart)), examples.rows(np.flatnonzero(apart))
    if not len(taught) or len(np.unique(held_out.user)) < 2:
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
    return Learned(agent, learning, len(taught), *_worth(held_out, chances(held_out, weights)))


def _worth(examples: Examples, chance: Floats) -> tuple[Estimate, Estimate, Estimate]:
    """Return the log's reward per slot, the policy's and the gain, with intervals over users."""
    user = np.repeat(examples.user, examples.items.shape[1])
    reward, propensity = examples.reward.ravel(), examples.propensity.ravel()
    found = list[Estimate]()
    for target in (propensity, chance.ravel()):
        valuation = Valuation(Method(("snips",), n_replicates=200))
        valuation.update(slots(user, reward, propensity, target))
        valued = valuation.finish()
        assert valued is not None
        found.append(valued.estimates((float(reward.min()), float(reward.max())))["snips"])
    return found[0], found[1], _gain(user, reward, chance.ravel() / propensity)


def _gain(user: np.ndarray, reward: Floats, weight: Floats) -> Estimate:
    """Return SNIPS less the mean reward, by the delta method over users: both ratios move together."""
    _, row = np.unique(user, return_inverse=True)
    total, of_log = weight.sum(), float(len(reward))
    value, mean = float(weight @ reward / total), float(reward.mean())
    slope = weight * (reward - value) / total - (reward - mean) / of_log
    error = float(np.sqrt(np.sum(np.bincount(row, slope) ** 2)))
    return Estimate(value - mean, value - mean - 1.96 * error, value - mean + 1.96 * error, error)
