"""The cards of what agents are made of; light to import, for registries and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serendip.simulator.cards import Card

if TYPE_CHECKING:
    from serendip.simulator.interface import Items


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyCard(Card):
    """The card of a strategy, whose `make` takes its settings.

    Attributes:
        belief: the belief it is tried with where none is named.
        epsilon: how often its agent shows a uniformly random slate where nothing is said, a probability.
    """

    belief: str = "ensemble"
    epsilon: float = 0.05


@dataclass(frozen=True, slots=True)
class Making:
    """What a belief is made from.

    Attributes:
        settings: the settings of the belief.
        items: what the site knows of its catalogue.
        seed: of all that is random in how the belief learns.
        new_model: returns a new model of the kind that the agent names, with luck of its own for each stream it is
            given, such as the number of a member; it raises a SettingsError where the agent names none.
    """

    settings: Any
    items: Items
    seed: int
    new_model: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefCard(Card):
    """The card of a belief, whose `make` takes a `Making`.

    Attributes:
        model: the model it is about where none is named; None for a belief that is about no model.
    """

    model: str | None = None
