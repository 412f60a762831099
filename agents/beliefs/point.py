"""A belief without doubt: one model, believed."""

from __future__ import annotations

from dataclasses import dataclass

from serendip.agents.beliefs.belief import PointPosterior, Situation
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays, Model
from serendip.simulator.interface import Items


@dataclass(frozen=True, slots=True)
class PointSettings:
    """A point belief has nothing to set."""


class Point:
    """Believes what its model says."""

    def __init__(self, settings: PointSettings, model: Model) -> None:
        self.settings = settings
        self.model = model

    def update(self, history: History, items: Items) -> None:
        """Fit the model to all that was seen."""
        self.model.fit(history.interactions())

    def posterior(self, situation: Situation) -> PointPosterior:
        """Return the model's scores."""
        return PointPosterior(self.model.scores(situation.clicks))

    def arrays(self) -> Arrays:
        """Return what the model learned."""
        return self.model.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.model.restore(arrays)


def made(making: Making) -> Point:
    """Return a belief that has learned nothing yet."""
    return Point(making.settings, making.new_model())


CARD = BeliefCard(
    name="point",
    summary="What one model says, believed without doubt: greed, and controls that explore without knowing where.",
    make=made,
    settings=PointSettings(),
    needs=("a model",),
    model="ease",
)
