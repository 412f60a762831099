"""Each slot is looked at with a probability of its own, and then clicked or not, whatever the others do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.choice import ChoiceCard, Draw, attraction, examined
from serendip.simulator.interface import Array
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class PositionBased:
    """P(click j) = gamma_j sigma(x_j - x_0), independently; several clicks a slate are possible.

    Richardson, Dominowska & Ragno (2007), "Predicting clicks".
    """

    outside: Annotated[float, Range()] = 1.0
    """Utility x_0 at which an item that is looked at is clicked half the time."""
    examination: Annotated[float, Range(above=0, most=1)] = 0.85
    """How much less each further position is looked at, in (0, 1]."""

    def __post_init__(self) -> None:
        check_ranges(self, "choice")

    def click(self, utility: Array, draw: Draw) -> Array:
        """Return (B, L) bool which slots are clicked."""
        xp = array_api_compat.array_namespace(utility)
        probability = self.probabilities(utility)
        slots = [xp.astype(draw(j), utility.dtype) < probability[:, j] for j in range(utility.shape[1])]
        return xp.stack(slots, axis=1)

    def probabilities(self, utility: Array) -> Array:
        """Return (B, L) probability that each slot is clicked."""
        return attraction(utility, self.outside) * examined(self.examination, utility)


CARD = ChoiceCard(
    name="position-based",
    summary="Each slot is looked at and clicked for itself, several of them perhaps: what most estimators assume.",
    make=PositionBased,
    settings=PositionBased(),
)
