"""What `import serendip` offers: agents made, lists, and what was written loaded by what it is."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import pytest

import serendip
from serendip.simulator.errors import DataError, SettingsError


def test_every_public_name_is_there_and_no_other():
    for name in serendip.__all__:
        assert getattr(serendip, name) is not None
    with pytest.raises(AttributeError, match="serendip has no 'nonsense'; it has"):
        _ = serendip.nonsense  # pyright: ignore[reportAttributeAccessIssue]


def test_an_agent_is_made_for_an_environment_a_world_or_items():
    world = serendip.load("tiny", seed=4)
    env = gymnasium.make("serendip/Population-v0", world=world, slate_size=2)
    assert serendip.make("ease-greedy", env).slate_size == 2
    assert serendip.make("ease-greedy", world).seed == 4
    assert serendip.make("ease-greedy", world.items, slate_size=3, seed=9).slate_size == 3
    with pytest.raises(SettingsError, match="slate_size is needed"):
        serendip.make("ease-greedy", world.items)
    with pytest.raises(SettingsError, match="has no items"):
        serendip.make("ease-greedy", "default")


def test_what_was_saved_is_loaded_by_what_it_is(tmp_path: Path):
    world = serendip.load("tiny")
    world.save(tmp_path / "world")
    serendip.make("ease-greedy", world).save(tmp_path / "agent")
    assert serendip.load(tmp_path / "world", seed=1).seed == 1
    assert serendip.load(tmp_path / "agent").settings.name == "ease-greedy"
    with pytest.raises(DataError, match="no such folder, and no preset world; presets: "):
        serendip.load("nonsense")
    with pytest.raises(DataError, match="holds none of an agent"):
        serendip.load(tmp_path)


def test_kinds_and_names_are_listed():
    assert "agents" in serendip.list()
    with pytest.raises(SettingsError, match="unknown kind 'things'; known kinds: "):
        serendip.list("things")
