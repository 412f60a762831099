"""An ensemble of linear regressions on features, each with its own bootstrap of the events and its own prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.events import Events, bootstrap_counts
from serendip.agents.beliefs.features import Features, SiteFeatures
from serendip.agents.beliefs.linear import Owner, restore_parts, save_parts
from serendip.agents.beliefs.regressions import Regressions
from serendip.agents.beliefs.weights import MemberWeightsPosterior
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Floats, Items, Singles, Slates
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class LinearEnsembleSettings:
    """Settings of an ensemble of linear regressions.

    Attributes:
        of: who owns weights: each item has its own, or all share one set.
        members: number of regressions K for each owner of weights.
        penalty: how strongly a member is held to its prior, in events.
        prior_scale: standard deviation of the random weights that each member starts from and is held to.
    """

    of: Owner = "item"
    members: Annotated[int, Range(least=2, most=1_000)] = 10
    penalty: Annotated[float, Range(above=0)] = 1.0
    prior_scale: Annotated[float, Range(least=0)] = 0.3

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'linear-ensemble'")


class LinearEnsemble:
    """K ridge regressions of clicks on features; member k counts each event Poisson(1) times.

    Osband & Van Roy (2015), "Bootstrapped Thompson sampling and deep exploration"; the random prior as in Osband,
    Aslanides & Cassirer (2018), without which members agree on what was never shown.
    """

    def __init__(
        self, settings: LinearEnsembleSettings, items: Items, seed: int, features: Features | None = None
    ) -> None:
        """Start from the prior.

        Args:
            settings: settings of the belief.
            items: what the site knows of its catalogue.
            seed: seed of the members' priors and of how they count events.
            features: what is known of users and items; None: what a site sees.
        """
        self.settings = settings
        self.features = features or SiteFeatures(items)
        self.events = Events(self.features)
        self._key = randomness.derive(seed, "linear ensemble")
        self._n_rows = items.n_items if settings.of == "item" else 1
        self.regressions = member_regressions(
            settings.members * self._n_rows, self.features.n_features, settings.penalty, settings.prior_scale, self._key
        )

    def observe(self, situation: Situation, slates: Slates, feedback: Feedback) -> None:
        """Keep the slots of B visits until the next update."""
        self.events.observe(situation, slates, feedback)

    def update(self, history: History, items: Items) -> None:
        """Learn what was observed since the last update."""
        new = self.events.take()
        rows = new.items if self.settings.of == "item" else np.zeros_like(new.items)
        for member in range(self.settings.members):
            counts = bootstrap_counts(self._key, new.ids, member)
            self.regressions.learn(member * self._n_rows + rows, new.x, new.y[:, None], counts)
        self.features.refresh(history, items)

    @property
    def weights(self) -> Singles:
        """(K, M, d) weights of each member for each item; (K, 1, d) where items share them."""
        shape = (self.settings.members, self._n_rows, self.features.n_features)
        return self.regressions.mean.reshape(shape).astype(np.float32)

    def posterior(self, situation: Situation) -> MemberWeightsPosterior:
        """Return the expected share of clicks, member by member."""
        return MemberWeightsPosterior(self.features.pairs(situation), self.weights)

    def arrays(self) -> Arrays:
        """Return what was learned, and what is yet to be."""
        return save_parts(self.regressions.arrays(), self.features, self.events)

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.regressions.restore(restore_parts(arrays, self.features, self.events))


def member_regressions(n: int, n_features: int, penalty: float, prior_scale: float, key: int) -> Regressions:
    """Return n regressions, each held to random weights N(0, prior_scale^2) of its own.

    Args:
        n: number of regressions.
        n_features: length of an event's features.
        penalty: how strongly each is held to its prior, in events.
        prior_scale: standard deviation of the prior's weights.
        key: key of the stream of the prior's weights.
    """
    prior: Floats = randomness.normal(key, np.arange(n)[:, None], np.arange(n_features))
    return Regressions(n, n_features, penalty=penalty, prior=prior_scale * prior[:, None, :], trust=np.inf)


def made(making: Making) -> LinearEnsemble:
    """Return a belief that has learned nothing yet."""
    return LinearEnsemble(making.settings, making.items, making.seed)


CARD = BeliefCard(
    name="linear-ensemble",
    summary="Linear regressions that disagree, each with its own bootstrap: as `linear`, and quick to serve.",
    make=made,
    settings=LinearEnsembleSettings(),
    small={"members": 3},
)
