"""Bayesian linear regressions, many side by side, learned an event at a time or in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Ints

Real = NDArray[Any]  # single or double precision; sums are kept in double

_AT_ONCE = 1 << 14  # numbers of a covariance: what stays in the cache


class Regressions:
    """G regressions y = w_g . x + noise, each with K targets that share its x.

    With prior w ~ N(m_0, s^2 / penalty I) and noise N(0, s^2), the posterior is N(m, s^2 C), where

        A = penalty I + X'X,  C = A^-1,  m = C (penalty m_0 + X'y).

    The variance s^2 is inverse-gamma(a, b) of the first target; its mean, b / (a - 1), stands for it.  One event costs
    O(d^2) (Sherman & Morrison 1950, "Adjustment of an inverse matrix corresponding to a change in one element"), a
    block of them one inversion.  Bishop (2006), "Pattern recognition and machine learning", equations 3.50 and 3.51.

    Attributes:
        precision: A (G, d, d).
        covariance: C (G, d, d), without s^2.
        mean: m (G, K, d).
        shape: a (G,).
        scale: b (G,).
    """

    def __init__(
        self,
        n: int,
        n_features: int,
        *,
        penalty: float,
        prior: Floats | None = None,
        noise: float = 1.0,
        trust: float = 6,
    ) -> None:
        """Start from the prior.

        Args:
            n: G.
            n_features: d.
            penalty: prior precision of each weight in units of the noise, > 0.
            prior: m_0 (G, K, d); None: zero, for one target.
            noise: variance of the noise that is thought likeliest at first.
            trust: a of the prior, > 1; inf: the noise is known.
        """
        eye = np.eye(n_features)
        self.precision: Floats = np.repeat((penalty * eye)[None], n, axis=0)
        self.covariance: Floats = np.repeat((eye / penalty)[None], n, axis=0)
        self.mean: Floats = np.zeros((n, 1, n_features)) if prior is None else prior.astype(np.float64)
        self._known = noise if np.isinf(trust) else None
        self.shape: Floats = np.full(n, 2.0 if self._known else float(trust))
        self.scale: Floats = (self.shape - 1.0) * noise

    @property
    def noise(self) -> Floats:
        """(G,) variance of the noise."""
        return np.full(len(self.shape), self._known) if self._known else self.scale / (self.shape - 1.0)

    def learn(self, rows: Ints, x: Real, y: Real, weights: Floats | None = None) -> None:
        """Learn n events.

        Args:
            rows: (n,) which regression each is of.
            x: (n, d) features.
            y: (n, K) targets.
            weights: (n,) how often each counts; None: once.
        """
        if weights is not None:
            kept = np.flatnonzero(weights > 0.0)
            root = np.sqrt(weights[kept])[:, None]
            rows, x, y = rows[kept], x[kept] * root, y[kept] * root
        if len(rows) == 0:
            return
        small = rows.astype(np.uint16) if len(self.mean) <= 1 << 16 else rows  # sorted by radix, many times faster
        order = np.argsort(small, kind="stable")
        ordered = rows.take(order)
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        if len(starts) == len(rows):
            step = max(_AT_ONCE // x.shape[1] ** 2, 1)
            for part in (slice(start, start + step) for start in range(0, len(rows), step)):
                self._learn_one_each(rows[part], x[part].astype(np.float64), y[part].astype(np.float64))
        else:
            x, y = (values.take(order, axis=0).astype(np.float64) for values in (x, y))
            self._learn_blocks(ordered[starts], starts, x, y)

    def variance(self, rows: Any, x: Floats) -> Floats:
        """Return (n,) s^2 x'Cx, the variance of w.x in regressions `rows` (n,) at `x` (n, d)."""
        return self.noise[rows] * np.einsum("nd,nde,ne->n", x, self.covariance[rows], x)

    def arrays(self) -> Arrays:
        """Return all that was learned."""
        return {
            "precision": self.precision,
            "covariance": self.covariance,
            "mean": self.mean,
            "shape": self.shape,
            "scale": self.scale,
        }

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.precision, self.covariance, self.mean = (
            arrays[name].copy() for name in ("precision", "covariance", "mean")
        )
        self.shape, self.scale = arrays["shape"].copy(), arrays["scale"].copy()

    def _learn_one_each(self, rows: Ints, x: Floats, y: Floats) -> None:
        """Learn one event in each of `rows`, none twice: C -= uu' / (1 + x'u), m += u (y - m.x) / (1 + x'u), u = Cx."""
        covariance, mean = self.covariance[rows], self.mean[rows]
        u = np.matmul(covariance, x[:, :, None])[:, :, 0]  # (n, d)
        total = 1.0 + (x * u).sum(axis=1)  # (n,)
        off = y - np.matmul(mean, x[:, :, None])[:, :, 0]  # (n, K)
        gain = u / total[:, None]
        self.covariance[rows] = covariance - gain[:, :, None] * u[:, None, :]
        self.precision[rows] += x[:, :, None] * x[:, None, :]
        self.mean[rows] = mean + off[:, :, None] * gain[:, None, :]
        self._learn_noise(rows, np.ones(len(rows)), off[:, 0] ** 2 / total)

    def _learn_blocks(self, groups: Ints, starts: Ints, x: Floats, y: Floats) -> None:
        """Learn the events of each of `groups`, which stand together from `starts` on."""
        ends = np.append(starts[1:], len(x))
        before, mean = self.precision[groups], self.mean[groups]
        held = np.matmul(mean, before)  # (n, K, d), A m
        after, right = before.copy(), held.copy()
        for g, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            here = x[start:end]
            after[g] += here.T @ here
            right[g] += y[start:end].T @ here
        covariance = np.linalg.inv(after)
        covariance = 0.5 * (covariance + covariance.transpose(0, 2, 1))
        learned = np.matmul(right, covariance)
        squares = np.add.reduceat(y[:, 0] ** 2, starts) + (held[:, 0] * mean[:, 0]).sum(axis=1)
        self.precision[groups], self.covariance[groups], self.mean[groups] = after, covariance, learned
        left = squares - (right[:, 0] * learned[:, 0]).sum(axis=1)
        self._learn_noise(groups, (ends - starts).astype(np.float64), np.maximum(left, 0.0))

    def _learn_noise(self, rows: Ints, n: Floats, squares: Floats) -> None:
        self.shape[rows] += 0.5 * n
        self.scale[rows] += 0.5 * squares
