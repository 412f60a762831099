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
    from serendip.agents.contract import check_agent
    from serendip.agents.models.contract import check_model
    from serendip.agents.own import OwnAgent as Agent
    from serendip.experiments.offline.contract import check_estimator, check_interval, check_reward_model
    from serendip.logs import audit, learn
    from serendip.off_policy import evaluate
    from serendip.parts import add, list, make
    from serendip.ranking import benchmark
    from serendip.reading import load
    from serendip.simulator.dynamics.contracts import check_choice, check_dynamics
    from serendip.simulator.interface import Feedback
    from serendip.simulator.world import World
    from serendip.studies import run
    from serendip.worlds import calibrate

__version__ = "0.1.0"

_LAZY = {
    "Agent": "serendip.agents.own:OwnAgent",
    "Feedback": "serendip.simulator.interface:Feedback",
    "World": "serendip.simulator.world:World",
    "add": "serendip.parts:add",
    "audit": "serendip.logs:audit",
    "benchmark": "serendip.ranking:benchmark",
    "calibrate": "serendip.worlds:calibrate",
    "check_agent": "serendip.agents.contract:check_agent",
    "check_choice": "serendip.simulator.dynamics.contracts:check_choice",
    "check_dynamics": "serendip.simulator.dynamics.contracts:check_dynamics",
    "check_estimator": "serendip.experiments.offline.contract:check_estimator",
    "check_model": "serendip.agents.models.contract:check_model",
    "check_reward_model": "serendip.experiments.offline.contract:check_reward_model",
    "check_interval": "serendip.experiments.offline.contract:check_interval",
    "evaluate": "serendip.off_policy:evaluate",
    "learn": "serendip.logs:learn",
    "list": "serendip.parts:list",
    "load": "serendip.reading:load",
    "make": "serendip.parts:make",
    "run": "serendip.studies:run",
}

__all__ = [
    "Agent",
    "Feedback",
    "World",
    "__version__",
    "add",
    "audit",
    "benchmark",
    "calibrate",
    "check_agent",
    "check_choice",
    "check_dynamics",
    "check_estimator",
    "check_interval",
    "check_model",
    "check_reward_model",
    "evaluate",
    "learn",
    "list",
    "load",
    "make",
    "run",
]

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
