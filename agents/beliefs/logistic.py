"""Log odds of a click as a linear function of features, with a Gaussian over the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.belief import Posterior, Situation
from serendip.agents.beliefs.events import Events
from serendip.agents.beliefs.features import Features, SiteFeatures
from serendip.agents.beliefs.linear import Owner, restore_parts, save_parts
from serendip.agents.beliefs.logistic_regressions import LogisticRegressions
from serendip.agents.beliefs.weights import OwnWeightsPosterior, SharedWeightsPosterior
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Feedback, Items, Slates
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class LogisticSettings:
    """Settings of a logistic belief.

    Attributes:
        of: who owns weights: each item has weights of its own (disjoint), or all share one set.
        penalty: prior precision of each weight.
    """

    of: Owner = "item"
    penalty: Annotated[float, Range(above=0)] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'logistic'")


class Logistic:
    """Bayesian logistic regressions of clicks on features, each event with the features it had when it was shown."""

    def __init__(self, settings: LogisticSettings, items: Items, features: Features | None = None) -> None:
        self.settings = settings
        self.features = features or SiteFeatures(items)
        self.events = Events(self.features)
        n_rows = items.n_items if settings.of == "item" else 1
        self.regressions = LogisticRegressions(n_rows, self.features.n_features, penalty=settings.penalty)

    def observe(self, situation: Situation, slates: Slates, feedback: Feedback) -> None:
        """Keep the slots of B visits until the next update."""
        self.events.observe(situation, slates, feedback)

    def update(self, history: History, items: Items) -> None:
        """Learn what was observed since the last update."""
        new = self.events.take()
        rows = new.items if self.settings.of == "item" else np.zeros_like(new.items)
        self.regressions.learn(rows, new.x, new.y)
        self.features.refresh(history, items)

    def posterior(self, situation: Situation) -> Posterior:
        """Return the log odds of a click, and how sure they are."""
        x, known = self.features.pairs(situation), self.regressions
        if self.settings.of == "item":
            return OwnWeightsPosterior(x, known.mean, known.covariance)
        return SharedWeightsPosterior(x, known.mean[0], np.linalg.cholesky(known.covariance[0]))

    def arrays(self) -> Arrays:
        """Return what was learned, and what is yet to be."""
        return save_parts(self.regressions.arrays(), self.features, self.events)

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.regressions.restore(restore_parts(arrays, self.features, self.events))


def made(making: Making) -> Logistic:
    """Return a belief that has learned nothing yet."""
    return Logistic(making.settings, making.items)


CARD = BeliefCard(
    name="logistic",
    summary="Log odds of a click as a linear function of features: what most sites have, with its doubts.",
    make=made,
    settings=LogisticSettings(),
)
