"""Multinomial logit with a no-click option and examination by position."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.choice import ChoiceCard, Draw, examined
from serendip.simulator.interface import Array
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class MultinomialLogit:
    """P(click j) = gamma_j exp(x_j) / (exp(x_0) + sum_l gamma_l exp(x_l)), gamma_j = examination^j.

    McFadden (1974), "Conditional logit analysis of qualitative choice behavior"; at most one click a slate.
    """

    outside: Annotated[float, Range()] = 1.0
    """Utility x_0 of clicking nothing."""
    examination: Annotated[float, Range(above=0, most=1)] = 0.85
    """How much less each further position is looked at, in (0, 1]."""

    def __post_init__(self) -> None:
        check_ranges(self, "choice")

    def click(self, utility: Array, draw: Draw) -> Array:
        """Return (B, L) bool the slot that a single uniform falls on, if any."""
        xp = array_api_compat.array_namespace(utility)
        upper = xp.cumulative_sum(self._weight(utility), axis=1)  # (B, L) right ends of the slots' intervals
        point = xp.astype(draw(0), utility.dtype) * (upper[:, -1] + math.exp(self.outside))  # (B,)
        clicked = upper > point[:, None]
        clicked[:, 1:] = clicked[:, 1:] & (upper[:, :-1] <= point[:, None])
        return clicked

    def probabilities(self, utility: Array) -> Array:
        """Return (B, L) probability that each slot is clicked."""
        xp = array_api_compat.array_namespace(utility)
        weight = self._weight(utility)
        return weight / (math.exp(self.outside) + xp.sum(weight, axis=1, keepdims=True))

    def _weight(self, utility: Array) -> Array:
        """Return (B, L) gamma_j exp(x_j)."""
        xp = array_api_compat.array_namespace(utility)
        return xp.exp(utility) * examined(self.examination, utility)


CARD = ChoiceCard(
    name="multinomial-logit",
    summary="Items of a slate compete for one click, or none: what is shown beside an item takes clicks from it.",
    make=MultinomialLogit,
    settings=MultinomialLogit(),
)
