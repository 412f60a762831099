"""The cards of what agents are made of; light to import, for registries and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serendip.simulator.cards import Card
from serendip.simulator.errors import SettingsError

if TYPE_CHECKING:
    from serendip.simulator.interface import Items


CHOICE_MODEL = "a choice model"  # a posterior that says how users choose from a slate


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
        seed: seed of all that is random in how the belief learns.
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
        gives: what strategies may need of it, such as `a choice model`.
        sequential: whether its models read a user's clicks in the order in which they came.
    """

    model: str | None = None
    gives: tuple[str, ...] = ()
    sequential: bool = False


def _unmade(*_: Any, **__: Any) -> Any:
    raise SettingsError("the card of an agent names a strategy and a belief, or has a `make` of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard(Card):
    """The card of an agent: a combination by its parts, or one whose `make` takes the items, slate size and seed.

    Attributes:
        make: makes an agent that is no combination of the items, the slots of a slate, a seed and settings by name.
        strategy: the kind of strategy, a name in its registry; None where `make` makes the agent.
        belief: the kind of belief, likewise.
        model: the kind of model, likewise, where the belief is about one.
        epsilon: probability of a uniformly random slate.
        belief_settings: settings of the belief that are not its defaults, as JSON values.
        strategy_settings: settings of the strategy that are not its defaults.
        model_settings: settings of the model that are not its defaults.
    """

    make: Callable[..., Any] = _unmade
    strategy: str | None = None
    belief: str | None = None
    model: str | None = None
    epsilon: float = 0.0
    belief_settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    strategy_settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    model_settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def parts(self) -> dict[str, Any]:
        """Return what the agent is made of, as settings of a `Recommender`."""
        named = ("strategy", "belief", "model", "epsilon", "belief_settings", "strategy_settings", "model_settings")
        return {name: getattr(self, name) for name in named}
