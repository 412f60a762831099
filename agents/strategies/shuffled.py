"""Thompson sampling with its uncertainty on the wrong items: the control for whether knowing it helps."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.strategies.strategy import Ranker
from serendip.agents.strategies.thompson import Thompson
from serendip.simulator.interface import Floats, Ints, Singles


class Shuffled(Thompson):
    """Thompson sampling in which each draw's deviations from the mean are permuted over the items of the visit.

    A draw is mean + P (draw - mean): as much noise as Thompson sampling has, of the same sizes, but no longer on the
    items that the belief is unsure of.  What Thompson sampling gains over it is due to knowing where to be unsure.
    """

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the candidate slates of the permuted posterior."""
        return super().candidates(_Permuted(posterior, ranker, luck), ranker, luck)


class _Permuted:
    """A posterior whose deviations stand at other items."""

    def __init__(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> None:
        self._posterior = posterior
        self._mean = posterior.mean(luck)  # (B, M)
        places = luck.of("permutation").uniforms(self._mean.shape[1])
        available = ranker.available
        self._to = np.argsort(np.where(available, places, np.inf), axis=1, kind="stable")  # (B, M) available first
        self._from = np.argsort(~available, kind="stable")[None, :]  # (1, M)

    @property
    def n_hypotheses(self) -> int | None:
        """As many as there were."""
        return self._posterior.n_hypotheses

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) expected scores, as they were."""
        return self._mean

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations, permuted."""
        return self._permuted(self._posterior.spread(luck))

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores under hypothesis `index`, its deviations permuted."""
        return self._mean + self._permuted(self._posterior.draw(index, luck) - self._mean)

    def _permuted(self, values: Singles) -> Singles:
        moved = np.empty_like(values)
        np.put_along_axis(moved, self._to, np.take_along_axis(values, self._from, axis=1), axis=1)
        return moved
