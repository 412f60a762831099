"""Risk aversion: an item counts for what it is worth at least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import CHOICE_MODEL, StrategyCard
from serendip.agents.slates.choices import DoubtSettings, deviations, require_choices, shelves, widths
from serendip.agents.slates.filling import fill_top
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges

_LEAST = 1e-3  # of the mean weight that is left, so that what is unsure still has an order


@dataclass(frozen=True, slots=True)
class LowerBoundSettings(DoubtSettings):
    """Settings of the lower bound.

    Attributes:
        draws: hypotheses that a standard deviation is taken from.
    """

    draws: Annotated[int, Range(least=2, most=10_000)] = 16

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'lower-bound'")


class LowerBound:
    """The largest mean weights less `width` standard deviations: what is unsure is shown less, the opposite of UCB."""

    steady: ClassVar[bool] = True

    def __init__(self, settings: LowerBoundSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, None]:
        """Return (B, 1, L) the one slate."""
        choices, chosen = require_choices(posterior, "lower-bound"), self.settings
        mean: Floats = np.exp(choices.level().astype(np.float64))
        if chosen.doubts == "noise":
            spread = np.broadcast_to(mean.mean(axis=1, keepdims=True), mean.shape)
        else:
            spread = np.sqrt((deviations(choices, chosen.doubts, chosen.draws, luck) ** 2).mean(axis=1))
        scores = np.maximum(mean - widths(chosen, ranker)[:, None] * spread, _LEAST * mean) * choices.appetite
        shelf = shelves(choices, ranker, chosen.item_width, luck)
        out = np.empty((len(mean), ranker.slate_size), dtype=np.int64)
        fill_top(scores, shelf, out)
        return out[:, None, :], None


CARD = StrategyCard(
    name="lower-bound",
    summary="Shows what is good for certain, and less of what is unsure: for users who must not be disappointed.",
    make=LowerBound,
    settings=LowerBoundSettings(width=0.3),
    belief="choice-mixture",
    needs=(CHOICE_MODEL,),
)
