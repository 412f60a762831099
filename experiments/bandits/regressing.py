"""Beliefs about arms by regression, the same that agents have: see `serendip.agents.beliefs`.

Settings are one set for all tasks, those of the linear method of Riquelme, Tucker & Snoek (2018): prior precision .25,
noise of variance 1 thought likeliest at first, worth a = 6.  None was tuned here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.agents.beliefs.belief import Posterior
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.beliefs.linear_ensemble import member_regressions
from serendip.agents.beliefs.logistic_regressions import LogisticRegressions
from serendip.agents.beliefs.regressions import Regressions
from serendip.agents.beliefs.weights import SharedWeightsPosterior
from serendip.experiments.bandits.counts import MemberScores
from serendip.experiments.bandits.task import Shape
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints

PENALTY, PRIOR_SCALE, MEMBERS = 0.25, 2.0, 10


class Events:
    """Which regression an event is of, and its features: an arm's own on the context, or one on the arms' features."""

    def __init__(self, shape: Shape) -> None:
        self.arms, self._n_arms, self._rows = shape.arms, shape.n_arms, np.arange(shape.n)
        self.n_rows = shape.n * shape.n_arms if shape.arms is None else shape.n
        self.n_features = shape.n_context if shape.arms is None else shape.arms.shape[2]

    def rows(self, arms: Ints) -> Ints:
        """Return (N,)."""
        return self._rows * self._n_arms + arms if self.arms is None else self._rows

    def x(self, context: Floats, arms: Ints) -> Floats:
        """Return (N, d)."""
        return context if self.arms is None else self.arms[self._rows, arms]


class Linear:
    """Bayesian linear regressions whose noise is learned."""

    def __init__(self, shape: Shape) -> None:
        self._events = Events(shape)
        self._known = Regressions(self._events.n_rows, self._events.n_features, penalty=PENALTY)

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return Gaussian scores."""
        return gaussian_posteriors(self._known, context, self._events.arms, parts)

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Learn one event in each bandit.

        Args:
            t: number of the event, from 0.
            context: (R, C) what was seen before the choice, in each bandit.
            arms: (R,) arm that was played in each bandit; with members or groups before it.
            rewards: what each arm brought, shaped as `arms`.
        """
        self._known.learn(self._events.rows(arms), self._events.x(context, arms), rewards[:, None])


class Logistic:
    """Bayesian logistic regressions by Laplace's method, an event at a time."""

    def __init__(self, shape: Shape) -> None:
        self._events = Events(shape)
        self._known = LogisticRegressions(self._events.n_rows, self._events.n_features, penalty=1.0)

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return Gaussian log odds."""
        mean, covariance = self._known.mean, self._known.covariance
        n, d = context.shape
        location = np.einsum("nd,nkd->nk", context, mean.reshape(n, -1, d))
        variance = _quadratic(context, covariance.reshape(n, -1, d, d))
        return _gaussians(location, variance, parts)

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Learn one event in each bandit.

        Args:
            t: number of the event, from 0.
            context: (R, C) what was seen before the choice, in each bandit.
            arms: (R,) arm that was played in each bandit; with members or groups before it.
            rewards: what each arm brought, shaped as `arms`.
        """
        self._known.learn(self._events.rows(arms), self._events.x(context, arms), rewards)


class LinearEnsemble:
    """Ten linear regressions, each with its own prior, that count each event Poisson(1) times."""

    def __init__(self, shape: Shape) -> None:
        self._events = Events(shape)
        self._key = randomness.derive(shape.seed, "linear ensemble")
        n = MEMBERS * self._events.n_rows
        self._known = member_regressions(n, self._events.n_features, PENALTY, PRIOR_SCALE, self._key)

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return each member's scores."""
        n, d = len(context), self._events.n_features
        mean = self._known.mean.reshape(MEMBERS, n, -1, d)
        if self._events.arms is None:
            scores = np.einsum("nd,snkd->snk", context, mean)
        else:
            scores = np.matmul(self._events.arms, mean[:, :, 0, :, None])[..., 0]
        return [MemberScores(scores[:, part].astype(np.float32)) for part in parts]

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Learn one event in each bandit, each member as often as its luck says.

        Args:
            t: number of the event, from 0.
            context: (R, C) what was seen before the choice, in each bandit.
            arms: (R,) arm that was played in each bandit; with members or groups before it.
            rewards: what each arm brought, shaped as `arms`.
        """
        rows, x = self._events.rows(arms), self._events.x(context, arms)
        member = np.arange(MEMBERS)[:, None]
        times = randomness.poisson(1.0, self._key, member, np.arange(len(rows)), t).astype(np.float64)
        everywhere = (member * self._events.n_rows + rows).ravel()
        self._known.learn(everywhere, np.tile(x, (MEMBERS, 1)), np.tile(rewards, MEMBERS)[:, None], times.ravel())


def gaussian_posteriors(known: Regressions, x: Floats, arms: Floats | None, parts: list[slice]) -> list[Posterior]:
    """Return what N bandits' regressions say, part by part.

    Args:
        known: N * K of them at `x` (N, d), or N of them where the arms have features `arms` (N, K, d).
        x: (N, d) context.
        arms: features of the arms.
        parts: of the N bandits.
    """
    if arms is None:
        n, d = x.shape
        location = np.einsum("nd,nkd->nk", x, known.mean.reshape(n, -1, d))
        variance = known.noise.reshape(n, -1) * _quadratic(x, known.covariance.reshape(n, -1, d, d))
        return _gaussians(location, variance, parts)
    found = list[Posterior]()
    for part in parts:
        root: Any = np.linalg.cholesky(known.noise[part, None, None] * known.covariance[part])
        found.append(SharedWeightsPosterior(arms[part].astype(np.float32), known.mean[part, 0], root))
    return found


def _gaussians(location: Floats, variance: Floats, parts: list[slice]) -> list[Posterior]:
    deviation = np.sqrt(np.maximum(variance, 0.0)).astype(np.float32)
    return [GaussianPosterior(location[part].astype(np.float32), deviation[part]) for part in parts]


def _quadratic(x: Floats, covariance: Floats) -> Floats:
    """Return (N, K) x'Cx of `x` (N, d) and `covariance` (N, K, d, d)."""
    n, k, d, _ = covariance.shape
    outer = (x[:, :, None] * x[:, None, :]).reshape(n, d * d, 1)
    return np.matmul(covariance.reshape(n, k, d * d), outer)[:, :, 0]
