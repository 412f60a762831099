"""Parts from outside, taken along into the processes that work for this one."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from typing import Any

from serendip.simulator.cards import Card, Registry
from serendip.simulator.errors import SettingsError

REGISTRIES = {
    "agent": "serendip.agents:AGENTS",
    "strategy": "serendip.agents.strategies:STRATEGIES",
    "belief": "serendip.agents.beliefs:BELIEFS",
    "model": "serendip.agents.models:MODELS",
    "dynamics": "serendip.simulator.dynamics:DYNAMICS",
    "choice": "serendip.simulator.choice:CHOICES",
    "estimator": "serendip.experiments.offline.estimators:ESTIMATORS",
    "reward model": "serendip.experiments.offline.reward_models:REWARD_MODELS",
    "interval": "serendip.experiments.offline.intervals:INTERVALS",
    "study": "serendip.experiments.online.studies:STUDIES",
    "figure": "serendip.experiments.figures:FIGURES",
}


def registry_of(part: Any) -> Registry[Any]:
    """Return the registry that a card belongs to.

    Raises:
        SettingsError: it is no card of any kind.
    """
    for where in REGISTRIES.values():
        registry: Registry[Any] = pkgutil.resolve_name(where)
        if registry.takes(part):
            return registry
    raise SettingsError(f"{part!r} is no part: expected a card, whose kind is one of {', '.join(REGISTRIES)}")


def carried() -> list[Card]:
    """Return the cards of all parts that were admitted here, ready to be sent to another process.

    What a file holds is sent along whole; what a package holds is imported there.
    """
    from cloudpickle import register_pickle_by_value

    found = list[Card]()
    for where in REGISTRIES.values():
        module, _, _ = where.partition(":")
        if module in sys.modules:  # else nothing was admitted to it
            registry: Registry[Any] = pkgutil.resolve_name(where)
            found += registry.admitted()
    for card in found:
        made: Any = getattr(card.make, "kind", card.make)
        module = sys.modules.get(getattr(made, "__module__", ""))
        if module is not None and not _importable(module.__name__):
            register_pickle_by_value(module)
    return found


def _importable(module: str) -> bool:
    """Return whether another process finds that module by its name."""
    return module == "__main__" or PathFinder.find_spec(module.partition(".")[0]) is not None


def take(cards: Sequence[Card]) -> None:
    """Admit here what was admitted elsewhere."""
    for card in cards:
        registry_of(card).admit(card)
