"""The cards of what agents are made of; light to import, for registries and the command line."""

from __future__ import annotations

from dataclasses import dataclass

from serendip.simulator.cards import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyCard(Card):
    """The card of a strategy, whose `make` takes its settings.

    Attributes:
        belief: the belief it is tried with where none is named.
        epsilon: how often its agent shows a uniformly random slate where nothing is said, a probability.
    """

    belief: str = "ensemble"
    epsilon: float = 0.05
