"""Every kind of part there is takes in one from outside: a file of its own, named once, and it is listed and found."""

from __future__ import annotations

import ast
import dataclasses
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import serendip
from serendip.experiments.__main__ import main
from serendip.experiments.cli.list import KINDS
from serendip.experiments.running.parts import REGISTRIES, registry_of
from serendip.simulator.cards import Registry
from serendip.simulator.errors import SettingsError

FILE = """
import dataclasses
import pkgutil

SHIPPED = pkgutil.resolve_name({where!r})
CARD = dataclasses.replace(SHIPPED.card({name!r}), name="toy-part", summary="A toy from outside.")
"""


def registries(root: Path) -> set[str]:
    """Return where the registries of the house stand, as its own files say."""
    found = set[str]()
    for floor in ("simulator", "agents", "envs", "experiments"):
        for path in (root / floor).rglob("__init__.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and "Registry" in ast.unparse(node.value).partition("(")[0]:
                    module = ".".join(("serendip", *path.parent.relative_to(root).parts))
                    found.add(f"{module}:{ast.unparse(node.targets[0])}")
    return found


@pytest.fixture(params=REGISTRIES)
def toy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Registry[Any]]]:
    """Return where a toy of each kind stands, and the registry of the kind."""
    where = REGISTRIES[request.param]
    registry: Registry[Any] = pkgutil.resolve_name(where)
    file = tmp_path / "toy_part.py"
    file.write_text(FILE.format(where=where, name=registry.names()[0]))
    yield f"{file}:CARD", registry
    registry.dismiss("toy-part")


def test_every_registry_takes_parts_from_outside_and_is_listed(root: Path) -> None:
    assert registries(root) == set(REGISTRIES.values())
    assert registries(root) <= set(KINDS.values())


def test_a_toy_of_each_kind_is_taken_in(toy: tuple[str, Registry[Any]], capsys: pytest.CaptureFixture[str]) -> None:
    where, registry = toy
    assert "toy-part" not in registry.names()
    assert serendip.add(where) == "toy-part"
    card = registry.card("toy-part")
    assert registry_of(card) is registry
    listed = next(kind for kind, place in KINDS.items() if pkgutil.resolve_name(place) is registry)
    assert main(["list", listed]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "toy-part" in line)
    assert "A toy from outside" in line
    with pytest.raises(SettingsError, match="shipped"):
        serendip.add(dataclasses.replace(card, name=registry.names()[0]))
