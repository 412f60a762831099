"""No belief: every item is worth the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.beliefs.belief import PointPosterior, Situation
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Items


@dataclass(frozen=True, slots=True)
class NothingSettings:
    """Nothing to set."""


class Nothing:
    """Believes nothing."""

    def __init__(self, settings: NothingSettings) -> None:
        self.settings = settings

    def update(self, history: History, items: Items) -> None:
        """Learn nothing."""

    def posterior(self, situation: Situation) -> PointPosterior:
        """Return zeros."""
        shape = (len(situation), situation.items.n_items)
        return PointPosterior(np.broadcast_to(np.float32(0.0), shape))

    def arrays(self) -> Arrays:
        """Return no arrays."""
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Take nothing back."""


def made(making: Making) -> Nothing:
    """Return a belief that has learned nothing yet."""
    return Nothing(making.settings)


CARD = BeliefCard(
    name="nothing",
    summary="Every item is worth the same: for agents that leave all to chance.",
    make=made,
    settings=NothingSettings(),
)
