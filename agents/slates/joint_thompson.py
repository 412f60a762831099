"""Thompson sampling over joint hypotheses, more or less unsure than the belief, and with the doubts of controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import CHOICE_MODEL, StrategyCard
from serendip.agents.slates.choices import DoubtSettings, drawn_weights, require_choices, shelves
from serendip.agents.slates.filling import fill_top
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class JointThompsonSettings(DoubtSettings):
    """Settings of Thompson sampling over joint hypotheses.

    Attributes:
        draws: hypotheses S drawn at each visit, of which one is played.
    """

    draws: Annotated[int, Range(least=1, most=10_000)] = 8

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'joint-thompson'")


class JointThompson:
    """The best slate under each of S joint draws of what the user likes; one of them is played."""

    steady: ClassVar[bool] = True

    def __init__(self, settings: JointThompsonSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, None]:
        """Return (B, S, L) candidate slates, equally likely."""
        choices = require_choices(posterior, "joint-thompson")
        weights = drawn_weights(choices, self.settings, ranker, self.settings.draws, luck)  # (B, S, G)
        shelf = shelves(choices, ranker, self.settings.item_width, luck).repeated(weights.shape[1])
        out = np.empty((weights.shape[0] * weights.shape[1], ranker.slate_size), dtype=np.int64)
        rows = weights.reshape(len(out), weights.shape[2])
        fill_top(rows, shelf, out)
        return out.reshape(*weights.shape[:2], ranker.slate_size), None


CARD = StrategyCard(
    name="joint-thompson",
    summary="Shows what is best if one joint guess of what the user likes is true; its width can be set.",
    make=JointThompson,
    settings=JointThompsonSettings(),
    belief="choice-mixture",
    needs=(CHOICE_MODEL,),
)
