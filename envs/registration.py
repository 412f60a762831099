"""The names under which Gymnasium finds the environments."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

ENVIRONMENTS = {
    "serendip/User-v0": "serendip.envs.user:UserEnv",
    "serendip/Population-v0": "serendip.envs.population:PopulationEnv",
    "serendip/UserTopic-v0": "serendip.envs.topics:user_topics",
    "serendip/PopulationTopic-v0": "serendip.envs.topics:population_topics",
}

VECTOR = {"serendip/User-v0": "serendip.envs.vector:UserVectorEnv"}


def register() -> None:
    """Make the environments known to Gymnasium: now where it is imported, else as soon as somebody imports it."""
    if "gymnasium" in sys.modules:
        _register()
    elif not any(isinstance(finder, _WhenImported) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WhenImported())


def _register() -> None:
    import gymnasium

    for name, entry_point in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=entry_point, vector_entry_point=VECTOR.get(name))


class _WhenImported:
    """Waits for the import of Gymnasium, which takes several times as long as that of `serendip` itself."""

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return Gymnasium's own spec, whose loader registers the environments when it is done; None for the others."""
        if fullname != "gymnasium":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def then_register(module: ModuleType) -> None:
                execute(module)
                _register()

            spec.loader.exec_module = then_register
        return spec
