"""The choice model without topics: groups of items are learned from who clicks and who passes over what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.choice.clusters import cluster_items, regrouped, score_groups
from serendip.agents.beliefs.choice.tastes import slate_arrays
from serendip.agents.beliefs.choice_mixture import ChoiceMixture, ChoiceMixtureSettings
from serendip.agents.cards import CHOICE_MODEL, BeliefCard, Making
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator import randomness
from serendip.simulator.interface import Ints, Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class ChoiceClustersSettings(ChoiceMixtureSettings):
    """Settings of a mixture of tastes for groups of items.

    Attributes:
        groups: most groups of items; one more holds those of which nothing is known.
    """

    groups: Annotated[int, Range(least=1)] = 64

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'choice-clusters'")


class ChoiceClusters(ChoiceMixture):
    """`ChoiceMixture` with groups of items in place of topics, which it never looks at.

    Groups are first those of items that the same users clicked (spectral clustering).  Whenever all is read anew, an
    item moves to the group that makes who clicked it and who passed it over likeliest, given all that is believed of
    the users: one step of hard EM.
    """

    def __init__(self, settings: ChoiceClustersSettings, n_items: int, seed: int) -> None:
        super().__init__(settings, np.full(n_items, settings.groups), settings.groups + 1, seed)
        self._n_groups = settings.groups
        self._grouped = False

    def prepare(self, history: History) -> None:
        """Group the items by who clicked them, as soon as anybody clicked two."""
        if self._grouped:
            return
        rng = randomness.generator(self.seed, "groups", self.n_updates)
        self.topics = cluster_items(history.interactions().clicks, self._n_groups, rng)
        self._grouped = bool((self.topics < self._n_groups).any())

    def look_back(self, everything: Shown, fills: Singles) -> None:
        """Move each item to the group that makes what happened with it likeliest."""
        scores = np.zeros((len(self.topics), self._n_groups + 1))
        expected = self.tastes.expected(self.people)
        score_groups(slate_arrays(everything), self.scene(), expected, fills, scores)
        moved: Ints = regrouped(self.topics, scores)
        self.topics = moved

    def arrays(self) -> Arrays:
        """Return what was learned, and what is believed of every user."""
        return super().arrays() | {"groups": self.topics}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        super().restore(arrays)
        self.topics = arrays["groups"].copy()
        self._grouped = bool((self.topics < self._n_groups).any())


def made(making: Making) -> ChoiceClusters:
    """Return a belief that has learned nothing yet."""
    return ChoiceClusters(making.settings, making.items.n_items, making.seed)


CARD = BeliefCard(
    name="choice-clusters",
    summary="The choice model where no topics are known: groups of items are learned from who clicks what.",
    make=made,
    settings=ChoiceClustersSettings(),
    gives=(CHOICE_MODEL,),
    small={"personas": 3, "restarts": 1, "groups": 5},
)
