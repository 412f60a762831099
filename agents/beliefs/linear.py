"""Clicks as a linear function of features, and how sure one can be of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from serendip.agents.beliefs.belief import Posterior, Situation
from serendip.agents.beliefs.events import Events
from serendip.agents.beliefs.features import Features, SiteFeatures
from serendip.agents.beliefs.regressions import Regressions
from serendip.agents.beliefs.weights import OwnWeightsPosterior, SharedWeightsPosterior
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator.interface import Feedback, Items, Slates
from serendip.simulator.ranges import Range, check_ranges

Owner = Literal["item", "shared"]


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """Settings of a linear belief.

    Attributes:
        of: who owns weights: each item has weights of its own (disjoint), or all share one set.
        penalty: prior precision of each weight, in units of the noise.
        noise: variance of the noise of a click that is thought likeliest at first; it is learned.
        trust: how much the guess of the noise weighs, in half events, above 1.
    """

    of: Owner = "item"
    penalty: Annotated[float, Range(above=0)] = 1.0
    noise: Annotated[float, Range(above=0)] = 0.2
    trust: Annotated[float, Range(above=1)] = 6.0

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'linear'")


class Linear:
    """Bayesian linear regressions of clicks on features: LinTS and LinUCB with the strategies of those names.

    Li et al. (2010), "A contextual-bandit approach to personalized news article recommendation", algorithm 1; Agrawal &
    Goyal (2013), "Thompson sampling for contextual bandits with linear payoffs".  Each event is learned once, with the
    features it had when it was shown, in time that does not grow with the log.
    """

    def __init__(self, settings: LinearSettings, items: Items, features: Features | None = None) -> None:
        self.settings = settings
        self.features = features or SiteFeatures(items)
        self.events = Events(self.features)
        self.regressions = Regressions(
            items.n_items if settings.of == "item" else 1,
            self.features.n_features,
            penalty=settings.penalty,
            noise=settings.noise,
            trust=settings.trust,
        )

    def observe(self, situation: Situation, slates: Slates, feedback: Feedback) -> None:
        """Keep the slots of B visits until the next update."""
        self.events.observe(situation, slates, feedback)

    def update(self, history: History, items: Items) -> None:
        """Learn what was observed since the last update."""
        new = self.events.take()
        rows = new.items if self.settings.of == "item" else np.zeros_like(new.items)
        self.regressions.learn(rows, new.x, new.y[:, None])
        self.features.refresh(history, items)

    def posterior(self, situation: Situation) -> Posterior:
        """Return the expected share of clicks, and how sure it is."""
        x, known = self.features.pairs(situation), self.regressions
        covariance = known.noise[:, None, None] * known.covariance
        if self.settings.of == "item":
            return OwnWeightsPosterior(x, known.mean[:, 0], covariance)
        return SharedWeightsPosterior(x, known.mean[0, 0], np.linalg.cholesky(covariance[0]))

    def arrays(self) -> Arrays:
        """Return what was learned, and what is yet to be."""
        return save_parts(self.regressions.arrays(), self.features, self.events)

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.regressions.restore(restore_parts(arrays, self.features, self.events))


def save_parts(learned: Arrays, features: Features, events: Events) -> Arrays:
    """Return the arrays of a belief that learns from events."""
    parts = {"learned": learned, "features": features.arrays(), "events": events.arrays()}
    return {name: array for part, arrays in parts.items() for name, array in with_prefix(part, arrays).items()}


def restore_parts(arrays: Arrays, features: Features, events: Events) -> Arrays:
    """Give `features` and `events` back what `save_parts` wrote, and return what was learned."""
    features.restore(without_prefix("features", arrays))
    events.restore(without_prefix("events", arrays))
    return without_prefix("learned", arrays)


def made(making: Making) -> Linear:
    """Return a belief that has learned nothing yet."""
    return Linear(making.settings, making.items)


CARD = BeliefCard(
    name="linear",
    summary="Clicks as a linear function of features, each item with its own weights: LinUCB and its kin.",
    make=made,
    settings=LinearSettings(),
)
