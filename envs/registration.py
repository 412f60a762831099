"""The names under which Gymnasium finds the environments."""

from __future__ import annotations

import gymnasium

ENVIRONMENTS = {
    "serendip/User-v0": "serendip.envs.user:UserEnv",
    "serendip/Population-v0": "serendip.envs.population:PopulationEnv",
}

VECTOR = {"serendip/User-v0": "serendip.envs.vector:UserVectorEnv"}


def register() -> None:
    """Make the environments known to Gymnasium, once."""
    for name, entry_point in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=entry_point, vector_entry_point=VECTOR.get(name))
