"""Thompson sampling with propensities that are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges

_DRAWS_OF_A_CONTINUUM = 16


@dataclass(frozen=True, slots=True)
class ThompsonSettings:
    """Settings of Thompson sampling.

    Attributes:
        draws: hypotheses S drawn at each visit; None: all there are, or 16 where they cannot be counted.
    """

    draws: Annotated[int, Range(least=1, most=10_000)] | None = None

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'thompson'")


class Thompson:
    """The best slate of each of S hypotheses; one of them is played.

    Thompson (1933), "On the likelihood that one unknown probability exceeds another in view of the evidence of two
    samples", over slates: one hypothesis a slate, so that a slate explores with one mind.
    """

    steady: ClassVar[bool] = True
    by_hypothesis: ClassVar[bool] = True

    def __init__(self, settings: ThompsonSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return S candidate slates, equally likely; of K countable hypotheses K slates, weighted by their draws."""
        countable, draws = posterior.n_hypotheses, self.settings.draws
        hypotheses = range(countable or draws or _DRAWS_OF_A_CONTINUUM)
        best_slates = ranker.best(posterior, hypotheses, luck)  # (B, S, L), one of each hypothesis
        drawn_shares = None if countable is None or draws is None else _shares(countable, draws, luck)  # (B, S)
        return best_slates, drawn_shares


def _shares(n: int, draws: int, luck: Luck) -> Floats:
    """Return (B, n) the share of each of n hypotheses among `draws` drawn with replacement."""
    shares = np.zeros((len(luck.visits), n))
    rows = np.arange(len(luck.visits))
    for s in range(draws):
        shares[rows, luck.of("member", s).below(n)] += 1.0
    return shares / draws


CARD = StrategyCard(
    name="thompson",
    summary="Shows what is best if one of the hypotheses is true: explores as much as the belief is unsure.",
    make=Thompson,
    settings=ThompsonSettings(),
)
