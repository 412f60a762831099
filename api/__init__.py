"""Serendip: a laboratory for exploration in recommender systems.

Importing it is cheap and makes the environments known to Gymnasium; what a name needs is imported when it is used.

- `run` a study of agents in a world, `make` an agent, `list` what there is;
- `evaluate` a policy from a log, `audit` a log, `learn` a policy from one;
- `calibrate` a world from ratings or a log, `benchmark` models on data;
- `load` what was written: results, an agent, a log, a world;
- `check_agent`, `check_dynamics`, `check_estimator`, `check_model`: does a part of one's own keep its contract?
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING, Any

from serendip.envs.registration import register

if TYPE_CHECKING:
    from serendip.parts import list, make
    from serendip.reading import load
    from serendip.simulator.world import World

__version__ = "0.1.0"

_LAZY = {
    "World": "serendip.simulator.world:World",
    "list": "serendip.parts:list",
    "load": "serendip.reading:load",
    "make": "serendip.parts:make",
}

__all__ = ["World", "__version__", "list", "load", "make"]

register()


def __getattr__(name: str) -> Any:
    """Return a public name, imported now that it is used."""
    if name not in _LAZY:
        raise AttributeError(f"serendip has no {name!r}; it has {', '.join(__all__)}")
    found = pkgutil.resolve_name(_LAZY[name])
    globals()[name] = found
    return found


def __dir__() -> Any:
    return sorted([*globals(), *_LAZY])
