"""Thompson sampling with its uncertainty on the wrong items: the control for whether knowing it helps."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.strategy import Ranker
from serendip.agents.strategies.thompson import Thompson, ThompsonSettings
from serendip.simulator.interface import Floats, Ints, Singles


class Shuffled(Thompson):
    """Thompson sampling in which each draw's deviations from the mean are permuted over the items of the visit.

    A draw is mean + P (draw - mean): as much noise as Thompson sampling has, of the same sizes, but no longer on the
    items that the belief is unsure of.  What Thompson sampling gains over it is due to knowing where to be unsure.
    """

    by_hypothesis: ClassVar[bool] = False  # what is permuted are scores

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
        to = np.argsort(np.where(available, places, np.inf), axis=1, kind="stable")  # (B, M) available first
        first = np.argsort(~available, axis=-1, kind="stable")  # (M,) or (B, M) likewise
        self._source = np.empty_like(to)  # (B, M) the item whose deviation each one gets
        np.put_along_axis(self._source, to, np.broadcast_to(first, to.shape), axis=1)

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
        return np.take_along_axis(values, self._source, axis=1)


CARD = StrategyCard(
    name="shuffled",
    summary="Thompson sampling with its doubts at the wrong items: the control for whether knowing them helps.",
    make=Shuffled,
    settings=ThompsonSettings(),
)
