"""Bayesian logistic regressions, many side by side, with a Gaussian where the posterior peaks."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from serendip.agents.beliefs.regressions import Real
from serendip.agents.compiled import compiled
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Ints

_STEPS, _HALVINGS = 50, 30
_CLOSE, _ROUNDING = 1e-10, 1e-13


class LogisticRegressions:
    """G regressions P(y = 1) = sigma(w_g . x) with posteriors N(m, A^-1) by Laplace's method.

    The posterior of what was learned before is the prior of what comes: m minimises

        (w - m_0)' A_0 (w - m_0) / 2 - sum_j log P(y_j | x_j, w),  and  A = A_0 + sum_j p_j (1 - p_j) x_j x_j',

    p_j = sigma(m . x_j).  Chapelle & Li (2011), "An empirical evaluation of Thompson sampling", algorithm 3, with whole
    matrices in place of their diagonals.  Learned in one block it is Laplace's approximation of the whole posterior; in
    several, each is expanded where its own mode was.

    Attributes:
        mean: m (G, d).
        precision: A (G, d, d).
        covariance: A^-1 (G, d, d).
    """

    def __init__(self, n: int, n_features: int, *, penalty: float) -> None:
        eye = np.eye(n_features)
        self.mean: Floats = np.zeros((n, n_features))
        self.precision: Floats = np.repeat((penalty * eye)[None], n, axis=0)
        self.covariance: Floats = np.repeat((eye / penalty)[None], n, axis=0)

    def learn(self, rows: Ints, x: Real, y: Real) -> None:
        """Learn n events: which regression each is of (n,), features (n, d), and 0 or 1 (n,)."""
        if len(rows) == 0:
            return
        order = np.argsort(rows, kind="stable")
        groups, starts, place = np.unique(rows[order], return_index=True, return_inverse=True)
        problem = _Problem(
            x[order].astype(np.float64),
            y[order].astype(np.float64),
            starts,
            place,
            self.mean[groups],
            self.precision[groups],
        )
        mean = problem.mode()
        precision = problem.hessian(mean)
        covariance = np.linalg.inv(precision)
        self.mean[groups], self.precision[groups] = mean, precision
        self.covariance[groups] = 0.5 * (covariance + covariance.transpose(0, 2, 1))

    def arrays(self) -> Arrays:
        """Return all that was learned."""
        return {"mean": self.mean, "precision": self.precision, "covariance": self.covariance}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.mean, self.precision, self.covariance = (
            arrays[name].copy() for name in ("mean", "precision", "covariance")
        )


class _Problem:
    """The negative log posteriors of g regressions, whose events stand together from `starts` on."""

    def __init__(self, x: Floats, y: Floats, starts: Ints, place: Ints, prior: Floats, precision: Floats) -> None:
        self._x, self._y, self._starts, self._place = x, y, starts, place
        self._prior, self._precision = prior, precision

    def mode(self) -> Floats:
        """Return (g, d) where they are least, by Newton steps that are halved where they go too far."""
        w = self._prior.copy()
        for _ in range(_STEPS):
            step = np.linalg.solve(self.hessian(w), self._gradient(w)[:, :, None])[:, :, 0]
            moved = self._moved(w, step)
            done = np.abs(moved - w).max() < _CLOSE
            w = moved
            if done:
                break
        return w

    def _moved(self, w: Floats, step: Real) -> Floats:
        """Return `w` less as much of `step` (g, d), each halved by itself, as makes nothing worse."""
        value, share = self._value(w), np.ones((len(w), 1))
        worse = np.ones(len(w), dtype=bool)
        for _ in range(_HALVINGS):
            worse = self._value(w - share * step) > value + _ROUNDING * np.abs(value)
            if not worse.any():
                return w - share * step
            share[worse] *= 0.5
        share[worse] = 0.0
        return w - share * step

    def hessian(self, w: Floats) -> Floats:
        """Return (g, d, d) second derivatives at `w` (g, d)."""
        p = expit(self._logits(w))
        out = self._precision.copy()
        add_squares(self._x, p * (1.0 - p), self._place, out)
        return out

    def _value(self, w: Floats) -> Floats:
        off = w - self._prior
        held = 0.5 * np.einsum("gd,gde,ge->g", off, self._precision, off)
        logits = self._logits(w)
        return held + np.add.reduceat(np.logaddexp(0.0, logits) - self._y * logits, self._starts)

    def _gradient(self, w: Floats) -> Floats:
        held = np.matmul(self._precision, (w - self._prior)[:, :, None])[:, :, 0]
        off = expit(self._logits(w)) - self._y
        return held + np.add.reduceat(off[:, None] * self._x, self._starts, axis=0)

    def _logits(self, w: Floats) -> Floats:
        return (w[self._place] * self._x).sum(axis=1)


@compiled
def add_squares(x: Any, weights: Any, place: Any, out: Any) -> None:
    """Add to `out` (g, d, d) the sums of h_j x_j x_j' of each group.

    Args:
        x: (n, d).
        weights: (n,) h.
        place: (n,) group of each row.
        out: symmetric; added to.
    """
    n_features = x.shape[1]
    for j in range(x.shape[0]):
        g = place[j]
        for d in range(n_features):
            scaled = weights[j] * x[j, d]
            for e in range(n_features):
                out[g, d, e] += scaled * x[j, e]
