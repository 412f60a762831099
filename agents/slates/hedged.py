"""Slates that hedge: something in them should be clicked, whichever hypothesis is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import CHOICE_MODEL, StrategyCard
from serendip.agents.slates.choices import ChoicePosterior, DoubtSettings, drawn_weights, require_choices, shelves
from serendip.agents.slates.filling import fill_hedged
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class HedgedSettings(DoubtSettings):
    """Settings of hedged slates.

    Attributes:
        draws: hypotheses S that one slate hedges against.
        sets: sets of such hypotheses, each with a slate, of which one is played.
    """

    draws: Annotated[int, Range(least=1, most=10_000)] = 8
    sets: Annotated[int, Range(least=1)] = 2

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'hedged'")


class Hedged:
    """Fills slots one by one by what each item adds to the chance of a click, averaged over joint hypotheses.

    Where doubts go together, a slate of the best single items stakes all on one guess; this one does not.  The chance
    of a click is submodular in the slate under each hypothesis, so that filling it greedily reaches 1 - 1/e of the best
    (Nemhauser, Wolsey & Fisher 1978, "An analysis of approximations for maximizing submodular set functions").
    """

    steady: ClassVar[bool] = True

    def __init__(self, settings: HedgedSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, None]:
        """Return (B, sets, L) candidate slates, equally likely."""
        choices, chosen = require_choices(posterior, "hedged"), self.settings
        weights = drawn_weights(choices, chosen, ranker, chosen.sets * chosen.draws, luck)  # (B, sets * S, G)
        n_groups = weights.shape[2]
        sets = weights.reshape(len(weights) * chosen.sets, chosen.draws, n_groups)
        value = np.repeat(self.value(choices, ranker), chosen.sets, axis=0)
        shelf = shelves(choices, ranker, chosen.item_width, luck).repeated(chosen.sets)
        out = np.empty((len(sets), ranker.slate_size), dtype=np.int64)
        looks = choices.examination(ranker.slate_size)
        fill_hedged(sets, value, shelf, looks, choices.outside, out)
        return out.reshape(len(weights), chosen.sets, ranker.slate_size), None

    def value(self, choices: ChoicePosterior, ranker: Ranker) -> Floats:
        """Return (B, G) what a click on each group is worth: all the same."""
        return np.ones(choices.appetite.shape)


CARD = StrategyCard(
    name="hedged",
    summary="Fills a slate so that something in it is clicked, whichever of several joint guesses is true.",
    make=Hedged,
    settings=HedgedSettings(),
    belief="choice-mixture",
    needs=(CHOICE_MODEL,),
)
