"""Parts from outside, taken along into the processes that work for this one."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from serendip.simulator.cards import OF_FILE, Card, Registry, module_of_file
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
    "propensity model": "serendip.experiments.offline.reading:PROPENSITY_MODELS",
    "situation": "serendip.experiments.ope_study.gauntlet:SITUATIONS",
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


@dataclass(frozen=True, slots=True)
class Carried:
    """Parts on their way to another process.

    Attributes:
        files: the files that they stand in, to be imported there first.
        cards: their cards, pickled, and by module the names that the annotations of their settings use, which nothing
            else takes along.
    """

    files: tuple[str, ...]
    cards: bytes


def carried() -> Carried:
    """Return all parts that were admitted here: what a file holds is imported there too, as a person named it."""
    import cloudpickle

    found = list[Card]()
    for where in REGISTRIES.values():
        module, _, _ = where.partition(":")
        if module in sys.modules:  # else nothing was admitted to it
            registry: Registry[Any] = pkgutil.resolve_name(where)
            found += registry.admitted()
    if not found:
        return Carried((), b"")
    modules = {_module_of(card) for card in found} - {None}
    files = tuple(sorted(str(module.__file__) for module in modules if module and module.__name__.startswith(OF_FILE)))
    for module in modules:
        if module and not module.__name__.startswith(OF_FILE) and not _importable(module.__name__):
            cloudpickle.register_pickle_by_value(module)
    return Carried(files, cloudpickle.dumps((_names(found), found)))


def _names(cards: Iterable[Card]) -> dict[str, dict[str, Any]]:
    """Return, for each module that another process cannot import, the names in annotations of the settings there."""
    names = dict[str, dict[str, Any]]()
    for kind in (type(card.settings) for card in cards):
        module = sys.modules.get(kind.__module__)
        if module is None or (kind.__module__ != "__main__" and _importable(kind.__module__)):
            continue
        for text in filter(_is_text, vars(kind).get("__annotations__", {}).values()):
            used = compile(text, "annotation", "eval").co_names
            here = {name: vars(module)[name] for name in used if name in vars(module)}
            names.setdefault(kind.__module__, {}).update(here)
    return names


def _is_text(annotation: Any) -> bool:
    return isinstance(annotation, str)


def _module_of(card: Card) -> ModuleType | None:
    """Return the module in which what a card makes is written."""
    made: Any = getattr(card.make, "kind", card.make)
    return sys.modules.get(getattr(made, "__module__", ""))


def _importable(module: str) -> bool:
    """Return whether another process finds that module by its name."""
    return module == "__main__" or PathFinder.find_spec(module.partition(".")[0]) is not None


def take(parts: Carried) -> None:
    """Admit here what was admitted elsewhere."""
    import pickle

    for file in parts.files:
        module_of_file(Path(file))
    names, cards = pickle.loads(parts.cards) if parts.cards else ({}, [])
    for module, used in names.items():
        there = sys.modules.setdefault(module, ModuleType(module))
        vars(there).update({name: value for name, value in used.items() if name not in vars(there)})
    for card in cards:
        registry_of(card).admit(card)
