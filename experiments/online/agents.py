"""Agents as they are named on a command line: `NAME` or `NAME:SETTING=VALUE,SETTING=VALUE`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from serendip.agents import registry
from serendip.experiments.online.oracles import ORACLES, OraclePlayer
from serendip.simulator.errors import SettingsError
from serendip.simulator.world import World

_LONGEST = 120  # characters of a folder's name


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent by name, with settings that differ from the registered ones.

    Attributes:
        text: what was written on the command line, such as `ease-epsilon` or `ease-epsilon:epsilon=0.3`.
        name: the registered agent.
        overrides: settings that differ.
    """

    text: str
    name: str
    overrides: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def folder(self) -> str:
        """The name of the agent's folder: its text, with what could lead elsewhere written as `%` and two digits."""
        name, _, settings = self.text.partition(":")
        safe = quote(f"{name},{settings}" if settings else name, safe=",=+[]{}() '!@")
        if len(safe) <= _LONGEST:
            return safe
        return f"{safe[: _LONGEST - 13]}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def parse_agent(text: str) -> AgentSpec:
    """Return the agent that `text` names: `NAME` or `NAME:SETTING=VALUE,SETTING=VALUE`; values are JSON.

    Raises:
        SettingsError: no agent is registered under that name, or a setting has no value.
    """
    name, _, rest = text.partition(":")
    if name not in (*registry.names(), *ORACLES):
        known = f"{', '.join(registry.names())}; and the oracles {', '.join(ORACLES)}"
        raise SettingsError(f"unknown agent {name!r}; known agents: {known}")
    overrides = dict[str, Any]()
    for part in filter(None, rest.split(",")):
        setting, given, value = part.partition("=")
        if not given:
            raise SettingsError(f"agent {text!r}: {part!r} has no value; write SETTING=VALUE")
        try:
            overrides[setting] = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            overrides[setting] = value
    return AgentSpec(text, name, overrides)


def make_player(text: str, world: World) -> Any:
    """Return the agent, or the oracle, that `text` names, ready to live in `world`.

    Raises:
        SettingsError: there is no such agent, or a setting cannot be.
    """
    spec = parse_agent(text)
    if spec.name in ORACLES:
        return OraclePlayer(spec.name, world, spec.overrides)
    return registry.make(spec.name, world.items, world.settings.slate_size, world.seed, **spec.overrides)
