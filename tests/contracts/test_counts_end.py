"""Of everything that is counted a thousand million is refused at once: it would neither fit nor end."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from serendip.agents.beliefs import BELIEFS
from serendip.agents.models import MODELS
from serendip.agents.strategies import STRATEGIES
from serendip.simulator.cards import Registry
from serendip.simulator.choice import CHOICES
from serendip.simulator.dynamics import DYNAMICS
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import WorldSettings

KINDS: tuple[Registry[Any], ...] = (MODELS, BELIEFS, STRATEGIES, DYNAMICS, CHOICES)
PARTS = [pytest.param(kind, name, id=name) for kind in KINDS for name in kind.names()]
FAR = 2_000_000_000


def counts(settings: Any) -> list[str]:
    """Return the names of the settings that are whole numbers, or may be, and no seeds."""
    whole = [field for field in dataclasses.fields(settings) if "int" in str(field.type) and "seed" not in field.name]
    return [field.name for field in whole if not str(field.type).startswith("tuple")]


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_a_thousand_million_of_anything_is_refused(kind: Registry[Any], name: str) -> None:
    settings = kind.card(name).settings
    for count in counts(settings):
        with pytest.raises(SettingsError, match=count):
            dataclasses.replace(settings, **{count: FAR})


@pytest.mark.parametrize("part", ["catalogue", "population"])
def test_so_it_is_of_worlds(part: str) -> None:
    world = WorldSettings()
    settings = getattr(world, part)
    for count in counts(settings):
        with pytest.raises(SettingsError, match="users x .* GB of memory" if count == "n_users" else count):
            dataclasses.replace(world, **{part: dataclasses.replace(settings, **{count: FAR})})


def test_counts_are_found() -> None:
    assert "members" in counts(BELIEFS.card("ensemble").settings)
    assert "draws" in counts(STRATEGIES.card("thompson").settings)
    assert "n_users" in counts(WorldSettings().population)
