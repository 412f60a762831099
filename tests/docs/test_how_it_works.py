"""The page on the user model names every setting of it, with the value that `default` has."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from serendip.simulator.choice import make_choice
from serendip.simulator.dynamics import make_dynamics
from serendip.simulator.settings import read_world


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[str, list[str]]]:
    """Where each setting is said to stand, and its value in `default`."""
    text = (Path(__file__).parents[2] / "docs/how-it-works.md").read_text(encoding="utf-8")
    found = dict[str, tuple[str, list[str]]]()
    for cells in re.findall(r"^\| [^|]*\| ([^|]*`[^|]*) \| (\w+) \| ([^|]+) \|", text, re.MULTILINE):
        names, values = re.findall(r"`(\w+)`", cells[0]), cells[2].strip().split(", ")
        values = values * len(names) if len(values) == 1 else values
        found |= {name: (cells[1], value) for name, value in zip(names, values, strict=True)}
    return found


def test_every_setting_of_how_users_change_and_choose_is_there(rows: dict[str, Any]) -> None:
    world, _ = read_world("default")
    for part in (make_dynamics(world.dynamics), make_choice(world.choice)):
        assert {field.name for field in fields(part)} <= set(rows)


def test_every_setting_that_is_named_has_the_value_that_is_said(rows: dict[str, Any]) -> None:
    world, _ = read_world("default")
    where = {
        "dynamics": make_dynamics(world.dynamics),
        "choice": make_choice(world.choice),
        "population": world.population,
        "catalogue": world.catalogue,
        "world": world,
    }
    for name, (part, value) in rows.items():
        assert getattr(where[part], name) == float(value), name
    assert len(rows) >= 30
