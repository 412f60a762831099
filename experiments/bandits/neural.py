"""A network for each bandit, and Bayesian linear regressions on its hidden layer."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.belief import Posterior
from serendip.agents.beliefs.networks import Networks
from serendip.agents.beliefs.regressions import Regressions
from serendip.experiments.bandits.regressing import PENALTY, Events, gaussian_posteriors
from serendip.experiments.bandits.task import Shape
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, Singles

HIDDEN, STEPS, BATCH, RATE, EVERY = 32, 40, 64, 0.01, 100


class NeuralLinear:
    """A network that is trained now and then, and regressions on its hidden layer that learn always.

    After 10, 20 and 50 rounds and every 100 from then on, 40 steps of Adam on 64 events each, drawn from all so far,
    with rewards standardised; the regressions are then fitted anew to all events.  Riquelme et al. (2018), section 4.
    """

    def __init__(self, shape: Shape) -> None:
        self._events = Events(shape)
        self._shape = shape
        self._key = randomness.derive(shape.seed, "neural linear")
        n_outputs = shape.n_arms if shape.arms is None else 1
        self._network = Networks(shape.n, self._events.n_features, HIDDEN, n_outputs, self._key)
        self._x: Singles = np.zeros((shape.n, shape.horizon, self._events.n_features), dtype=np.float32)
        self._arms: Ints = np.zeros((shape.n, shape.horizon), dtype=np.int64)
        self._y: Floats = np.zeros((shape.n, shape.horizon))
        self._known = self._prior()
        self._inner_arms = self._inner(shape.arms) if shape.arms is not None else None

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return Gaussian scores."""
        x = self._inner(context[:, None, :])[:, 0] if self._events.arms is None else context
        return gaussian_posteriors(self._known, x, self._inner_arms, parts)

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Learn one event in each bandit, and train the networks when it is time.

        Args:
            t: number of the event, from 0.
            context: (R, C) what was seen before the choice, in each bandit.
            arms: (R,) arm that was played in each bandit; with members or groups before it.
            rewards: what each arm brought, shaped as `arms`.
        """
        x = self._events.x(context, arms)
        self._x[:, t], self._arms[:, t], self._y[:, t] = x, arms, rewards
        n = t + 1
        if n in (10, 20, 50) or n % EVERY == 0:
            self._train(n)
            self._refit(n)
        else:
            self._known.learn(self._events.rows(arms), self._inner(x[:, None, :])[:, 0], rewards[:, None])

    def _train(self, n: int) -> None:
        y = self._y[:, :n]
        deviation = y.std(axis=1, keepdims=True)
        standard = (y - y.mean(axis=1, keepdims=True)) / np.where(deviation > 0.0, deviation, 1.0)
        heads = self._arms if self._events.arms is None else np.zeros_like(self._arms)
        batches = randomness.below(n, self._key, n, np.arange(STEPS)[:, None], np.arange(BATCH))
        for rows in batches:
            x = self._x[:, rows].astype(np.float64)
            self._network.step(x, heads[:, rows], standard[:, rows], RATE)

    def _refit(self, n: int) -> None:
        self._known = self._prior()
        inner = self._inner(self._x[:, :n].astype(np.float64))
        rows = np.stack([self._events.rows(self._arms[:, t]) for t in range(n)], axis=1)
        self._known.learn(rows.ravel(), inner.reshape(-1, inner.shape[2]), self._y[:, :n].reshape(-1, 1))
        if self._events.arms is not None:
            self._inner_arms = self._inner(self._events.arms)

    def _inner(self, x: Floats) -> Floats:
        """Return (N, n, h + 1) what the hidden layers make of `x` (N, n, d), and a 1."""
        hidden = self._network.hidden(x)
        return np.concatenate([hidden, np.ones((*hidden.shape[:2], 1))], axis=2)

    def _prior(self) -> Regressions:
        return Regressions(self._events.n_rows, HIDDEN + 1, penalty=PENALTY)
