"""Oracles that take part in a study beside the agents: what could be reached by who knows everything."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.dynamics import State
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Slates, Visits
from serendip.simulator.settings_json import settings_from_json, settings_to_json, write_json
from serendip.simulator.world import World

ORACLES = {
    "oracle-myopic": "serendip.simulator.oracle.slates:Myopic",
    "oracle-growth": "serendip.simulator.oracle.slates:Growth",
}
BOUND = "oracle-growth"  # the one whose lead the table shares out


class OraclePlayer:
    """Plays the slates of an oracle, which looks at the state of the world that it plays in."""

    def __init__(self, name: str, world: World, overrides: dict[str, Any]) -> None:
        """Make the oracle called `name`; SettingsError where `overrides` name no settings of it."""
        if name not in ORACLES:
            raise SettingsError(f"unknown oracle {name!r}; known oracles: {', '.join(ORACLES)}")
        self.settings: Any = settings_from_json(pkgutil.resolve_name(ORACLES[name]), overrides, f"agent {name}")
        self._name, self._world, self._state = name, world, world.start()

    def enter(self, state: State) -> None:
        """Look at the world's own `state` from now on, as it changes."""
        self._state = state

    def act(self, visits: Visits, key: int) -> Slates:
        """Return the oracle's slates; each is certain."""
        users = self._world.place(visits.user_ids)
        items = self.settings.slates(self._world, self._state, visits.day, users)
        return Slates(items, np.ones(items.shape), np.ones(len(items)), np.zeros(len(items), dtype=bool))

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Learn nothing: it knows."""

    def update(self) -> None:
        """Learn nothing: it knows."""

    def save(self, path: Path) -> None:
        """Write its settings; it cannot be loaded as an agent, because it is none."""
        path.mkdir(parents=True, exist_ok=True)
        write_json(path / "oracle.json", {"name": self._name, "settings": settings_to_json(self.settings)})
