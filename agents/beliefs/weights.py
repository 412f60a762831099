"""Posteriors over weights: what beliefs about w say of the scores w.x."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.gaussian import IndependentScores
from serendip.agents.compiled import compiled
from serendip.simulator.interface import Floats, Singles

_TERMS = 32


@dataclass(frozen=True)
class OwnWeightsPosterior(IndependentScores):
    """Scores w_i . x_ui where each item has weights of its own, independent of the others': so are the scores.

    Attributes:
        x: (B, M, d) features, or (B, 1, d) where all items have the same.
        center: (M, d) mean of the weights.
        covariance: (M, d, d) of the weights.
    """

    x: Singles
    center: Floats
    covariance: Floats

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) means."""
        return self.location

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations."""
        return self.deviation

    @cached_property
    def location(self) -> Singles:
        """(B, M) means."""
        out = np.empty((len(self.x), len(self.center)), dtype=np.float32)
        fill_means(self._x, np.ascontiguousarray(self.center.T), out)
        return out

    @cached_property
    def deviation(self) -> Singles:
        """(B, M) standard deviations: most of the work, of which greed needs none."""
        out = np.empty((len(self.x), len(self.center)), dtype=np.float32)
        fill_deviations(self._x, np.ascontiguousarray(self.covariance.transpose(1, 2, 0)), out)
        return out

    @property
    def _x(self) -> Singles:
        return np.broadcast_to(self.x, (len(self.x), *self.center.shape))


@compiled
def fill_means(x: Any, center: Any, out: Any) -> None:
    """Fill `out` (B, M) with x_bi . m_i.

    Args:
        x: (B, M, d) single precision; a feature that is 0 for a whole visit costs nothing.
        center: (d, M) m.
        out: filled.
    """
    n_features, n_items = center.shape
    total = np.zeros(n_items)
    for b in range(x.shape[0]):
        total[:] = 0.0
        for d in range(n_features):
            for i in range(n_items):
                total[i] += x[b, i, d] * center[d, i]
        for i in range(n_items):
            out[b, i] = total[i]


@compiled
def fill_deviations(x: Any, covariance: Any, out: Any) -> None:
    """Fill `out` (B, M) with the square root of x_bi' C_i x_bi, by sums of products of two features, item by item.

    Args:
        x: (B, M, d) single precision.
        covariance: (d, d, M) C, symmetric.
        out: filled.
    """
    n_features, n_items = covariance.shape[0], covariance.shape[2]
    features = np.zeros((n_features, n_items))
    total = np.zeros(n_items)
    for b in range(x.shape[0]):
        total[:] = 0.0
        for i in range(n_items):
            for d in range(n_features):
                features[d, i] = x[b, i, d]
        for d in range(n_features):
            for e in range(d + 1):
                factor = 1.0 if d == e else 2.0
                for i in range(n_items):
                    total[i] += factor * features[d, i] * features[e, i] * covariance[d, e, i]
        for i in range(n_items):
            out[b, i] = np.sqrt(max(total[i], 0.0))


def products(x: Singles, weights: Singles, out: Singles | None = None) -> Singles:
    """Return (B, M) `x` (B, d) times `weights` (d, M), the same bits for a row whatever else is in the batch.

    A BLAS adds up short sums in one order, and may add up long ones in another for another size of the batch; so that a
    few features are taken at a time.
    """
    if x.shape[1] <= _TERMS:
        return np.dot(x, weights, out)
    scores = np.matmul(x[:, :_TERMS], weights[:_TERMS], out=out)
    for start in range(_TERMS, x.shape[1], _TERMS):
        scores += np.matmul(x[:, start : start + _TERMS], weights[start : start + _TERMS])
    return scores


@dataclass(frozen=True, slots=True)
class SharedWeightsPosterior:
    """Scores w . x_ui with w ~ N(mean, root root'), one w for all items: a draw is one w for each visit.

    Attributes:
        x: (B, M, d) features.
        center: (d,) or (B, d) mean of w.
        root: (d, d) or (B, d, d).
    """

    x: Singles
    center: Floats
    root: Floats

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) w.x at the mean of w."""
        return self._scores(np.broadcast_to(self.center, (len(self.x), self.x.shape[2])))

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations, |root' x|."""
        # one product a visit, each of the same shape, so that the size of the batch changes no bit
        return np.sqrt((np.matmul(self.x, self.root) ** 2).sum(axis=2)).astype(np.float32)

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores under a w drawn anew for each visit and index."""
        z = luck.of("weights", index).normals(self.x.shape[2])  # (B, d)
        return self._scores(self.center + np.matmul(self.root, z[:, :, None])[:, :, 0])

    def _scores(self, w: Floats) -> Singles:
        # in the precision of x, of which a copy in another would cost more than the products
        return np.matmul(self.x, w.astype(np.float32)[:, :, None])[:, :, 0]


@dataclass(frozen=True, slots=True)
class MemberWeightsPosterior:
    """Scores under each of K sets of weights.

    Attributes:
        x: (B, M, d) features, or (B, 1, d) where all items have the same.
        weights: (K, M, d), or (K, 1, d) where items share them, or (K, B, M, d).
    """

    x: Singles
    weights: Singles

    @property
    def n_hypotheses(self) -> int:
        """Number of sets of weights K."""
        return len(self.weights)

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) mean over the sets."""
        return self._scores(self.weights.mean(axis=0))

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviation over the sets."""
        center = self.weights.mean(axis=0)
        variance = np.mean([self._scores(weights - center) ** 2 for weights in self.weights], axis=0)
        return np.sqrt(variance).astype(np.float32)

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores under set `index`."""
        return self._scores(self.weights[index])

    def _scores(self, weights: Singles) -> Singles:
        if self.x.shape[1] == 1 and weights.ndim == 2:
            return products(self.x[:, 0], np.ascontiguousarray(weights.T))
        shape = (len(self.x), max(self.x.shape[1], weights.shape[-2]), self.x.shape[2])
        return np.einsum("bmd,bmd->bm", np.broadcast_to(self.x, shape), np.broadcast_to(weights, shape))
