"""Names that are resolved late must resolve, and help must not import what is heavy."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from serendip.envs.registration import ENVIRONMENTS
from serendip.experiments.cli.commands import COMMANDS
from serendip.experiments.cli.list import KINDS

FLOORS = ("api", "simulator", "agents", "envs", "experiments")
HEAVY = {"torch", "scipy", "pyarrow", "matplotlib", "pandas", "gymnasium", "numpy", "joblib"}
METADATA = {"email"}  # comes with importlib.metadata: a fifth of the time of `serendip --help`
LAZY = re.compile(r"serendip(\.\w+)+:\w+")


def lazy_strings(root: Path) -> list[tuple[str, str]]:
    """Return (file, string) for every `serendip.module:Name` that stands in the code."""
    found = list[tuple[str, str]]()
    for path in sorted(path for floor in FLOORS for path in (root / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and LAZY.fullmatch(node.value):
                found.append((path.relative_to(root).as_posix(), node.value))
    return found


def test_every_lazy_string_resolves(root: Path) -> None:
    strings = lazy_strings(root)
    assert len(strings) >= len(COMMANDS)
    broken = list[str]()
    for file, string in strings:
        try:
            pkgutil.resolve_name(string)
        except (ImportError, AttributeError) as error:
            broken.append(f"{file}: {string!r}: {error}")
    assert broken == []


def test_registries_hold_plain_strings_that_the_test_above_can_see(root: Path) -> None:
    seen = {string for _, string in lazy_strings(root)}
    for where in KINDS.values():
        registry = pkgutil.resolve_name(where)
        if isinstance(registry, Mapping):
            lazy = {value for value in registry.values() if isinstance(value, str)}
            assert lazy <= seen, f"{where}: write each entry out as one string"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=["serendip", *COMMANDS])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys; from serendip.experiments.__main__ import main; code = main(sys.argv[1:]); "
        "print('IMPORTED', *sorted({name.partition('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    run = [sys.executable, "-c", code, *command, "--help"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"usage: {' '.join(['serendip', *command])}" in done.stdout
    imported = set(done.stdout.rpartition("IMPORTED")[2].split())
    assert "tyro" in imported
    assert imported & (HEAVY if command else HEAVY | METADATA) == set()


def test_importing_serendip_imports_nothing_heavy_and_registers_the_environments_when_gymnasium_comes():
    code = (
        "import sys, serendip; print(*sorted({name.partition('.')[0] for name in sys.modules})); "
        "import gymnasium; print(*(name for name in gymnasium.registry if name.startswith('serendip/')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported, registered = done.stdout.splitlines()
    assert set(imported.split()) & (HEAVY | METADATA) == set()
    assert registered.split() == list(ENVIRONMENTS)
