"""What everyone clicks: no model of the user at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.beliefs.belief import PointPosterior, Situation
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Items, Singles


@dataclass(frozen=True, slots=True)
class PopularitySettings:
    """Popularity has nothing to set."""


class Popularity:
    """Believes that an item is worth the number of users who clicked it."""

    def __init__(self, settings: PopularitySettings) -> None:
        self.settings = settings
        self._n_users: Singles = np.zeros(0, dtype=np.float32)

    def update(self, history: History, items: Items) -> None:
        """Count the users who clicked each item."""
        clicked = history.clicks.matrix(history.n_users).indices
        self._n_users = np.bincount(clicked, minlength=history.n_items).astype(np.float32)

    def posterior(self, situation: Situation) -> PointPosterior:
        """Return the counts, the same for all."""
        return PointPosterior(np.broadcast_to(self._n_users, (len(situation), len(self._n_users))))

    def arrays(self) -> Arrays:
        """Return the counts."""
        return {"n_users": self._n_users}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._n_users = arrays["n_users"]


def made(making: Making) -> Popularity:
    """Return a belief that has learned nothing yet."""
    return Popularity(making.settings)


CARD = BeliefCard(
    name="popularity",
    summary="An item is worth the number of users who clicked it: the least that any model has to beat.",
    make=made,
    settings=PopularitySettings(),
)
