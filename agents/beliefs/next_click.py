"""A belief about what is clicked next: a model that reads each user's clicks in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.beliefs.belief import PointPosterior, Situation
from serendip.agents.beliefs.point import Point
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.agents.models.model import Interactions, Sparse, in_order
from serendip.simulator.interface import Ints, Items


@dataclass(frozen=True, slots=True)
class NextClickSettings:
    """A belief about the next click has nothing to set; its model has."""


class NextClick(Point):
    """Believes what its model says of the clicks in order, those from before the log first.

    An item that was clicked twice stands twice.  Of very long histories the last slots are kept (`EventLog.most`).
    """

    def update(self, history: History, items: Items) -> None:
        """Fit the model to all clicks, user after user in order of their ids."""
        slots = history.events.of(history.rows_of(history.user_ids))
        self.model.fit(Interactions(clicks_in_order(*slots, items.n_items), history.interactions().exposures))

    def posterior(self, situation: Situation) -> PointPosterior:
        """Return the model's scores after each user's last click."""
        return PointPosterior(self.model.scores(clicks_in_order(*situation.events, situation.items.n_items)))


def clicks_in_order(shown: Shown, starts: Ints, n_items: int) -> Sparse:
    """Return the clicks among slots as rows of B users, (B, n_items) CSR, each row in the order of its clicks.

    Args:
        shown: slots, user after user, in the order they came.
        starts: (B + 1,) where each user's begin.
        n_items: items of the catalogue.
    """
    n_users = len(starts) - 1
    owner = np.repeat(np.arange(n_users), np.diff(starts))
    return in_order(owner[shown.clicked], shown.items[shown.clicked], (n_users, n_items))


def made(making: Making) -> NextClick:
    """Return a belief that has learned nothing yet."""
    return NextClick(making.settings, making.new_model())


CARD = BeliefCard(
    name="next-click",
    summary="What one model says is clicked next, from the order of the clicks: for sites where order tells.",
    make=made,
    settings=NextClickSettings(),
    needs=("a model of the next click",),
    model="gru",
    sequential=True,
)
