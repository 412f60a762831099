"""Agents as they are named on a command line: `NAME` or `NAME:SETTING=VALUE,SETTING=VALUE`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from serendip.agents import AGENTS, registry
from serendip.agents.cards import AgentCard
from serendip.agents.own import card_of
from serendip.experiments.online.oracles import ORACLES, OraclePlayer
from serendip.simulator.cards import find
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items
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
        name, settings = self.name.replace(":", "."), self.text.removeprefix(self.name).removeprefix(":")
        safe = quote(f"{name},{settings}" if settings else name, safe=",=+[]{}() '!@")
        if len(safe) <= _LONGEST:
            return safe
        return f"{safe[: _LONGEST - 13]}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def read_agent(text: str) -> AgentSpec:
    """Return what `text` says: `NAME` or `NAME:SETTING=VALUE,SETTING=VALUE`, values in JSON; imports nothing.

    NAME is a registered agent or an oracle, `file.py:Class`, `package.module:Class`, or the folder of a saved agent.

    Raises:
        SettingsError: a setting has no value, or is given twice.
    """
    if _is_saved(text):  # a folder, in whose name a colon may stand
        return AgentSpec(text, text)
    return AgentSpec(text, *registry.read_name(text, tuple(ORACLES)))


def parse_agent(text: str) -> AgentSpec:
    """Return the agent that `text` names (see `read_agent`), which is registered or was admitted.

    Raises:
        SettingsError: no agent is known under that name, or a setting has no value.
    """
    spec = read_agent(text)
    if spec.name in (*registry.names(), *ORACLES):
        return spec
    if ":" in spec.name:
        raise SettingsError(f"agent {spec.name}: code of one's own runs only where it is named; name it among --agents")
    known = f"{', '.join(registry.names())}; and the oracles {', '.join(ORACLES)}"
    raise SettingsError(f"unknown agent {spec.name!r}; known agents: {known}")


def admit_agents(texts: Sequence[str]) -> None:
    """Import the agents of one's own among those that a person named, and take in the folders of saved ones.

    Raises:
        SettingsError: there is no such file, module, class or agent.
        DataError: a folder holds no whole agent.
    """
    for text in texts:
        name = read_agent(text).name
        if name in (*registry.names(), *ORACLES):
            continue
        if ":" in name and not _is_saved(name):
            AGENTS.admit(card_of(find(name), name))
        elif _is_saved(name):
            registry.load(Path(name))  # what is wrong with it is said now
            saved = SavedAgent(Path(name).resolve())
            AGENTS.admit(AgentCard(name=name, summary="A saved agent, as it is.", make=saved))


def _is_saved(text: str) -> bool:
    """Return whether `text` is the folder of a saved agent; what can be no path is none."""
    return os.path.isfile(os.path.join(text, "agent.json"))


@dataclass(frozen=True, slots=True)
class SavedAgent:
    """Reads a saved agent for a site of the same items.

    Attributes:
        path: the folder.
    """

    path: Path

    def __call__(self, items: Items, slate_size: int, seed: int) -> Any:
        """Return the agent with all that it learned and nothing that it remembers of its users.

        Raises:
            SettingsError: it was made for other items or other slates.
        """
        agent = registry.load(self.path)
        if agent.items.n_items != items.n_items or agent.slate_size != slate_size:
            raise SettingsError(
                f"{self.path}: an agent for {agent.items.n_items} items and slates of {agent.slate_size}; "
                f"here are {items.n_items} items and slates of {slate_size}"
            )
        agent.forget()
        return agent


def make_player(text: str, world: World) -> Any:
    """Return the agent, or the oracle, that `text` names, ready to live in `world`.

    Raises:
        SettingsError: there is no such agent, or a setting cannot be.
    """
    spec = parse_agent(text)
    if spec.name in ORACLES:
        return OraclePlayer(spec.name, world, spec.overrides)
    return registry.make(spec.name, world.items, world.settings.slate_size, world.seed, **spec.overrides)
