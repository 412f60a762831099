"""Top-two Thompson sampling: now and then the best rival of what would be played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.strategy import Ranker
from serendip.agents.strategies.thompson import Thompson, ThompsonSettings
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class TopTwoSettings:
    """Settings of top-two Thompson sampling.

    Attributes:
        draws: hypotheses S drawn at each visit; None: all there are, or 16 where they cannot be counted.
        leader: probability that a hypothesis' own best slate is played, and not its challenger.
    """

    draws: Annotated[int, Range(least=1, most=10_000)] | None = None
    leader: Annotated[float, Range(least=0, most=1)] = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'top-two'")


class TopTwo:
    """A hypothesis' best slate, or that of the next hypothesis that disagrees with it.

    Russo (2016), "Simple Bayesian algorithms for best arm identification", section 3.3; hypotheses are drawn anew
    until one disagrees, here among the S that were drawn, in turn.
    """

    steady: ClassVar[bool] = False
    by_hypothesis: ClassVar[bool] = True

    def __init__(self, settings: TopTwoSettings) -> None:
        self.settings = settings
        self._thompson = Thompson(ThompsonSettings(settings.draws))

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return S candidate slates, weighted by how often each leads and challenges."""
        slates, shares = self._thompson.candidates(posterior, ranker, luck)
        n_visits, n_slates, _ = slates.shape
        leads = np.full((n_visits, n_slates), 1.0 / n_slates) if shares is None else shares
        rival = challengers(slates)
        challenges = np.zeros_like(leads)
        rows = np.arange(n_visits)
        for s in range(n_slates):
            challenges[rows, rival[:, s]] += leads[:, s]
        return slates, self.settings.leader * leads + (1.0 - self.settings.leader) * challenges


def challengers(slates: Ints) -> Ints:
    """Return (B, S) for each of `slates` (B, S, L) the next one, in turn, that differs from it; itself if none does."""
    n_slates = slates.shape[1]
    rival = np.tile(np.arange(n_slates), (len(slates), 1))
    open_ = np.ones(rival.shape, dtype=bool)
    for step in range(1, n_slates):
        other = (np.arange(n_slates) + step) % n_slates
        found = open_ & (slates[:, other] != slates).any(axis=2)
        rival = np.where(found, other, rival)
        open_ &= ~found
    return rival


CARD = StrategyCard(
    name="top-two",
    summary="Thompson sampling that often plays the best rival instead: for finding the best item soon.",
    make=TopTwo,
    settings=TopTwoSettings(),
)
