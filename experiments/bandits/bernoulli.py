"""Bernoulli arms without a recommender: what a belief alone costs in regret.

All seeds live side by side in arrays (R, K): R runs, K arms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints

Rule = Callable[[np.random.Generator, Floats, Floats], Ints]  # (rng, wins (R, K), losses (R, K)) -> (R,) arms


@dataclass(frozen=True, slots=True)
class Regret:
    """Cumulative regret of R runs.

    Attributes:
        rounds: (C,) rounds after which it was noted.
        total: (R, C) sum of (best mean - mean of the arm played) up to then.
    """

    rounds: Ints
    total: Floats

    @property
    def mean(self) -> Floats:
        """(C,) mean over the runs."""
        return self.total.mean(axis=0)

    @property
    def standard_error(self) -> Floats:
        """(C,) of the mean."""
        return self.total.std(axis=0, ddof=1) / np.sqrt(len(self.total))


def thompson_arms(rng: np.random.Generator, wins: Floats, losses: Floats) -> Ints:
    """Return (R,) arms by Thompson sampling with a uniform prior: the largest draw from Beta(1 + wins, 1 + losses)."""
    return rng.beta(1.0 + wins, 1.0 + losses).argmax(axis=1)


def bootstrap_arms(pseudo: int) -> Rule:
    """Return the rule that plays the arm with the best mean in a resample of its own rewards.

    Args:
        pseudo: made-up wins, and as many losses, in each arm's data.  Without them an arm that lost at first resamples
            to zero for ever, and regret is linear: Osband & Van Roy (2015), "Bootstrapped Thompson sampling and deep
            exploration".
    """

    def choose(rng: np.random.Generator, wins: Floats, losses: Floats) -> Ints:
        good, bad = wins + pseudo, losses + pseudo
        n = good + bad
        share = np.divide(good, n, out=np.ones_like(good), where=n > 0.0)
        drawn = rng.binomial(np.maximum(n, 1.0).astype(np.int64), share) / np.maximum(n, 1.0)
        return _best(rng, np.where(n > 0.0, drawn, 2.0))

    return choose


def epsilon_arms(epsilon: float) -> Rule:
    """Return the rule that plays the best mean so far, and with probability `epsilon` any arm."""

    def choose(rng: np.random.Generator, wins: Floats, losses: Floats) -> Ints:
        n = wins + losses
        best = _best(rng, np.divide(wins, n, out=np.full_like(wins, 2.0), where=n > 0.0))
        anything = rng.integers(wins.shape[1], size=len(wins))
        return np.where(rng.random(len(wins)) < epsilon, anything, best)

    return choose


def ucb_arms(rng: np.random.Generator, wins: Floats, losses: Floats) -> Ints:
    """Return (R,) arms by UCB1.  Auer, Cesa-Bianchi & Fischer (2002), figure 1."""
    n = wins + losses
    total = n.sum(axis=1, keepdims=True)
    safe = np.maximum(n, 1.0)
    bound = wins / safe + np.sqrt(2.0 * np.log(np.maximum(total, 1.0)) / safe)
    return _best(rng, np.where(n > 0.0, bound, np.inf))


def uniform_arms(rng: np.random.Generator, wins: Floats, losses: Floats) -> Ints:
    """Return (R,) arms, any."""
    return rng.integers(wins.shape[1], size=len(wins))


RULES: dict[str, Rule] = {
    "uniform": uniform_arms,
    "greedy": epsilon_arms(0.0),
    "epsilon .1": epsilon_arms(0.1),
    "ucb1": ucb_arms,
    "thompson": thompson_arms,
    "bootstrap, no prior": bootstrap_arms(0),
    "bootstrap, one pseudo pair": bootstrap_arms(1),
}


def bernoulli_regret(rule: Rule, means: Any, horizon: int, n_runs: int, seed: int, n_notes: int = 20) -> Regret:
    """Return the regret of a rule on arms that pay 1 with probabilities `means` (K,), else 0.

    Args:
        rule: chooses the arms.
        means: (K,) probabilities.
        horizon: rounds of a run.
        n_runs: R.
        seed: of all runs.
        n_notes: how often the regret is noted, evenly.

    Raises:
        SettingsError: `means` are no probabilities.
    """
    chance = np.asarray(means, dtype=np.float64)
    if chance.ndim != 1 or not ((chance >= 0.0) & (chance <= 1.0)).all():
        raise SettingsError(f"the means of the arms are {means!r}; each is a probability, from 0 to 1")
    rng = randomness.generator(seed, "bernoulli arms")
    rows, gaps = np.arange(n_runs), chance.max() - chance
    wins, losses = np.zeros((n_runs, len(chance))), np.zeros((n_runs, len(chance)))
    total = np.zeros(n_runs)
    rounds = np.unique(np.linspace(0, horizon, n_notes + 1).astype(np.int64)[1:])
    notes = list[Floats]()
    for done in range(1, horizon + 1):
        arms = rule(rng, wins, losses)
        won = rng.random(n_runs) < chance[arms]
        wins[rows, arms] += won
        losses[rows, arms] += ~won
        total += gaps[arms]
        if done == rounds[len(notes)]:
            notes.append(total.copy())
    return Regret(rounds, np.stack(notes, axis=1))


def _best(rng: np.random.Generator, values: Floats) -> Ints:
    """Return (R,) the arm with the highest of `values` (R, K), any of those that tie."""
    tied = values == values.max(axis=1, keepdims=True)
    return np.where(tied, rng.random(values.shape), -1.0).argmax(axis=1)
