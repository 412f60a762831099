"""A slate is read from the top; the first item that attracts is clicked and ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.choice import ChoiceCard, Draw, attraction, examined
from serendip.simulator.interface import Array
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class Cascade:
    """P(click j) = gamma_j sigma_j prod_{l<j} (1 - sigma_l), sigma_j = sigma(x_j - x_0); at most one click a slate.

    Craswell, Zoeter, Taylor & Ramsey (2008), "An experimental comparison of click position-bias models", with readers
    who give up: each goes on to the next slot with probability `examination`.
    """

    outside: Annotated[float, Range()] = 1.0
    """Utility x_0 at which an item that is read is clicked half the time."""
    examination: Annotated[float, Range(above=0, most=1)] = 0.85
    """Probability that who did not click reads on, in (0, 1]."""

    def __post_init__(self) -> None:
        check_ranges(self, "choice")

    def click(self, utility: Array, draw: Draw) -> Array:
        """Return (B, L) bool the slot that a single uniform falls on, if any."""
        xp = array_api_compat.array_namespace(utility)
        upper = xp.cumulative_sum(self.probabilities(utility), axis=1)
        point = xp.astype(draw(0), utility.dtype)
        clicked = upper > point[:, None]
        clicked[:, 1:] = clicked[:, 1:] & (upper[:, :-1] <= point[:, None])
        return clicked

    def probabilities(self, utility: Array) -> Array:
        """Return (B, L) probability that each slot is clicked."""
        xp = array_api_compat.array_namespace(utility)
        attracted = attraction(utility, self.outside)
        passed, slots = xp.ones_like(utility[:, 0]), list[Array]()
        for j in range(utility.shape[1]):
            slots.append(passed * attracted[:, j])
            passed = passed * (1.0 - attracted[:, j])
        return xp.stack(slots, axis=1) * examined(self.examination, utility)


CARD = ChoiceCard(
    name="cascade",
    summary="A reader who stops at the first item that attracts: a slot counts only if all above it failed.",
    make=Cascade,
    settings=Cascade(),
)
