"""What each item is about: a few factors with shares that sum to 1, learned from who clicked it and passed it over."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from serendip.agents.beliefs.vectors.arrays import ItemArrays
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Ints

MOST_FACTORS = 4  # of one item
_WORTH = 3.0  # log likelihood by which another mix must be better
_LEAST = 0.05  # of a share
_PRIOR = 2.0  # curvature that is taken for granted


@dataclass(frozen=True, slots=True)
class Loadings:
    """What M items are about.

    Attributes:
        index: (M, J) factors, the main one first; unused ones are 0.
        share: (M, J) v, how much of each; rows sum to 1, unused ones are 0.
    """

    index: Ints
    share: Floats

    @classmethod
    def single(cls, groups: Ints) -> Loadings:
        """Return loadings of items (M,) that are about one factor each."""
        index = np.zeros((len(groups), MOST_FACTORS), dtype=np.int64)
        share = np.zeros(index.shape)
        index[:, 0], share[:, 0] = groups, 1.0
        return cls(index, share)

    @property
    def n_factors(self) -> Ints:
        """(M,) factors of each item that are used."""
        return np.count_nonzero(self.share > 0.0, axis=1)

    @property
    def unit(self) -> Floats:
        """(M, J) shares over their length."""
        return self.share / np.linalg.norm(self.share, axis=1, keepdims=True)

    def dense(self, n_factors: int) -> Floats:
        """Return (M, d) shares."""
        out = np.zeros((len(self.index), n_factors))
        np.add.at(out, (np.arange(len(self.index))[:, None], self.index), self.share)
        return out

    def moved(self, toward: Floats, bend: Floats) -> Loadings:
        """Return what a step of Frank and Wolfe, towards or away from one factor each, makes of the items.

        v += t (e_k - v), with k and t in [-v_k / (1 - v_k), 1] for which the log likelihood rises most, where it rises
        clearly.  Lacoste-Julien & Jaggi (2015), "On the global linear convergence of Frank-Wolfe optimization
        variants": with steps away, weight is taken back from what was wrong.

        Args:
            toward: (M, d) gradients of the log likelihood in t.
            bend: (M, d) curvatures.
        """
        v = self.dense(toward.shape[1])
        rows = np.arange(len(v))
        back = np.where(v < 1.0, -v / np.maximum(1.0 - v, 1e-9), 0.0)
        step = np.clip(toward / (bend + _PRIOR), back, 1.0)
        gain = step * toward - 0.5 * step * step * (bend + _PRIOR)
        best = np.argmax(gain, axis=1)
        taken = np.where(gain[rows, best] > _WORTH, step[rows, best], 0.0)
        v *= 1.0 - taken[:, None]
        v[rows, best] += taken
        return Loadings.of(v)

    @classmethod
    def of(cls, shares: Floats) -> Loadings:
        """Return the largest of the shares (M, d), which then sum to 1."""
        kept = np.where(shares < _LEAST, 0.0, shares)
        index = np.argsort(-kept, axis=1, kind="stable")[:, :MOST_FACTORS]
        share = np.take_along_axis(kept, index, axis=1)
        share /= share.sum(axis=1, keepdims=True)
        return cls(np.where(share > 0.0, index, 0), share)

    def view(self) -> ItemArrays:
        """Return the arrays as compiled loops take them."""
        share, unit = self.share.astype(np.float32), self.unit.astype(np.float32)
        return ItemArrays(self.index, share, unit, self.n_factors)

    def arrays(self) -> Arrays:
        """Return all of it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
