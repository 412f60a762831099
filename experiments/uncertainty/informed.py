"""Greed on the exact prior: knows the world's numbers and learns only who its users are.  The ceiling of exploration.

It is no agent: it looks into the world.  What an oracle, who knows the users too, has more is all that exploring them
could ever bring; what it has more than an agent is what learning the population costs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from serendip.agents import registry
from serendip.agents.beliefs.choice.items import Shelf
from serendip.agents.beliefs.choice.population import People
from serendip.agents.beliefs.choice.tastes import Tastes
from serendip.agents.beliefs.choice_mixture import ChoiceMixture
from serendip.agents.history import History
from serendip.experiments.online.agents import make_player
from serendip.experiments.uncertainty.declaration import INFORMED
from serendip.simulator.arrays import to_numpy
from serendip.simulator.choice.multinomial_logit import MultinomialLogit
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items
from serendip.simulator.population import personas
from serendip.simulator.world import World

_CERTAIN = 1e9  # precision of what is known


def player(text: str, world: World) -> Any:
    """Return the agent that `text` names, an oracle, or greed that is informed of the world's numbers."""
    if text != INFORMED:
        return make_player(text, world)
    agent = registry.make("choice-greedy", world.items, world.settings.slate_size, world.seed)
    belief = agent.belief
    agent.belief = Informed(replace(belief.settings, fading_days=_repertoire(world).satiation_days), world)
    return agent


def is_known(world: World) -> bool:
    """Return whether the world's numbers are those of a mixture over topics, so that greed can be informed of them."""
    try:
        true_people(world)
        true_shelf(world)
    except SettingsError:
        return False
    return True


class Informed(ChoiceMixture):
    """The mixture of tastes with the world's own personas, tastes' means, qualities, positions and satiation."""

    def __init__(self, settings: Any, world: World) -> None:
        """Take the numbers of `world`; SettingsError where its users are none of a mixture over topics."""
        topics = np.asarray(world.items.topic).astype(np.int64)
        super().__init__(settings, topics, world.catalogue.n_topics, world.seed)
        self.people, self.shelf = true_people(world), true_shelf(world)
        self.tastes, self.others = Tastes.unknown(self.people, 0), Tastes.unknown(self.people, 1)

    def update(self, history: History, items: Items) -> None:
        """Take in what was shown; of the world's numbers nothing is left to learn."""
        self.read(history)
        self.tastes.judge(self.people)
        self._fills = []
        self.n_updates += 1


def true_people(world: World) -> People:
    """Return personas and tastes as the world draws them."""
    own, n_topics = world.settings.population, world.catalogue.n_topics
    if world.catalogue.factors is not None:
        raise SettingsError(
            f"world {world.settings.name!r}: tastes are not for topics, so that no exact prior is known"
        )
    pools = personas(own, n_topics, world.seed)
    liked = np.full((len(pools), n_topics), 1e-4)
    np.put_along_axis(liked, pools, min(own.liked_topics / pools.shape[1], 1.0 - 1e-4), axis=1)
    spread = np.full(2, max(own.taste_spread, 0.1))
    return People(np.full(len(pools), 1.0 / len(pools)), liked, np.array([own.other_mean, own.liked_mean]), spread)


def true_shelf(world: World) -> Shelf:
    """Return qualities, positions and satiation as they are; utilities count from that of no click less 1."""
    choice = world.choice
    if not isinstance(choice, MultinomialLogit) or choice.outside != 1.0:
        raise SettingsError(f"world {world.settings.name!r}: its choice is not the one that the belief knows")
    quality = to_numpy(world.catalogue.quality).astype(np.float64)
    examination = np.log(choice.examination) * np.arange(world.settings.slate_size)
    effect = np.array([_repertoire(world).satiation_effect * _repertoire(world).satiation_step, _CERTAIN])
    certain = np.full(len(quality), _CERTAIN)
    return Shelf(quality, certain, examination, np.full(len(examination), _CERTAIN), effect)


def _repertoire(world: World) -> Repertoire:
    if not isinstance(world.dynamics, Repertoire):
        raise SettingsError(f"world {world.settings.name!r}: satiation is that of other dynamics than 'repertoire'")
    return world.dynamics
