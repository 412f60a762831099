"""Beliefs about arms that pay 0 or 1, from their wins and losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.experiments.bandits.task import Shape
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, Singles


@dataclass(frozen=True, slots=True)
class BetaPosterior:
    """Chances ~ Beta(a, b), each arm's independent of the others'.

    Attributes:
        a: (B, K).
        b: (B, K).
    """

    a: Floats
    b: Floats

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, K) a / (a + b)."""
        return (self.a / (self.a + self.b)).astype(np.float32)

    def spread(self, luck: Luck) -> Singles:
        """Return (B, K) standard deviations."""
        n = self.a + self.b
        return np.sqrt(self.a * self.b / (n * n * (n + 1.0))).astype(np.float32)

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, K) quantiles at uniform shares."""
        u = luck.of("beta", index).uniforms(self.a.shape[1])
        return betaincinv(self.a, self.b, u).astype(np.float32)


class Beta:
    """Beta-Bernoulli from a uniform prior.  Thompson (1933)."""

    keep = 1.0

    def __init__(self, shape: Shape) -> None:
        self._wins = np.zeros((shape.n, shape.n_arms))
        self._losses = np.zeros((shape.n, shape.n_arms))
        self._rows = np.arange(shape.n)

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return Beta(1 + wins, 1 + losses)."""
        return [BetaPosterior(1.0 + self._wins[part], 1.0 + self._losses[part]) for part in parts]

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Count.

        Args:
            t: number of the event, from 0.
            context: (R, C) what was seen before the choice, in each bandit.
            arms: (R,) arm that was played in each bandit; with members or groups before it.
            rewards: what each arm brought, shaped as `arms`.
        """
        if self.keep < 1.0:
            self._wins *= self.keep
            self._losses *= self.keep
        self._wins[self._rows, arms] += rewards
        self._losses[self._rows, arms] += 1.0 - rewards


class FadingBeta(Beta):
    """Beta-Bernoulli that forgets: counts shrink by 1% a round, for arms that drift.

    Raj & Kalyani (2017), "Taming non-stationary bandits: a Bayesian approach".
    """

    keep = 0.99


class Bootstrap:
    """Ten members that count each reward Poisson(1) times, each from one made-up win and loss an arm.

    Osband & Van Roy (2015), "Bootstrapped Thompson sampling and deep exploration"; the made-up pair is counted by an
    exponential weight, so that members differ on arms that were never played.
    """

    members = 10

    def __init__(self, shape: Shape) -> None:
        self._key = randomness.derive(shape.seed, "bootstrap")
        member, rows, arms = (
            np.arange(self.members)[:, None, None],
            np.arange(shape.n)[:, None],
            np.arange(shape.n_arms),
        )
        self._wins, self._losses = (
            -np.log1p(-randomness.uniform(self._key, member, rows, arms, side)) for side in (0, 1)
        )  # (S, N, K)
        self._rows = np.arange(shape.n)

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return each member's share of wins."""
        share = (self._wins / (self._wins + self._losses)).astype(np.float32)
        return [MemberScores(share[:, part]) for part in parts]

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Count, each member as often as its luck says.

        Args:
            t: number of the event, from 0.
            context: (R, C) what was seen before the choice, in each bandit.
            arms: (R,) arm that was played in each bandit; with members or groups before it.
            rewards: what each arm brought, shaped as `arms`.
        """
        member = np.arange(self.members)[:, None]
        times = randomness.poisson(1.0, self._key, member, self._rows, t, -1)  # (S, N)
        self._wins[member, self._rows, arms] += times * rewards
        self._losses[member, self._rows, arms] += times * (1.0 - rewards)


@dataclass(frozen=True, slots=True)
class MemberScores:
    """What each of S members says.

    Attributes:
        scores: (S, B, K).
    """

    scores: Singles

    @property
    def n_hypotheses(self) -> int:
        """Number of members S."""
        return len(self.scores)

    def mean(self, luck: Luck) -> Singles:
        """Return (B, K) mean over the members."""
        return self.scores.mean(axis=0)

    def spread(self, luck: Luck) -> Singles:
        """Return (B, K) standard deviation over the members."""
        return self.scores.std(axis=0)

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, K) what member `index` says."""
        return self.scores[index]
