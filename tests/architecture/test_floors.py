"""Who may import whom: simulator at the bottom, then agents and envs, then experiments, then api, `serendip` itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOORS = ("simulator", "agents", "envs", "experiments", "api")
BELOW = FLOORS[:-1]
SEEN_BY_AGENTS = (
    "simulator.cards",
    "simulator.errors",
    "simulator.files",
    "simulator.interface",
    "simulator.logs",
    "simulator.randomness",
    "simulator.ranges",
    "simulator.reading",
    "simulator.settings_json",
    "simulator.site",
)
ALLOWED = {  # a file answers to the longest prefix of its module's name
    "simulator": ("simulator",),
    "simulator.logs": (
        "simulator.logs",
        "simulator.errors",
        "simulator.files",
        "simulator.interface",
        "simulator.ranges",
        "simulator.settings_json",
    ),
    "simulator.interface": ("simulator.errors",),
    "simulator.reading": ("simulator.reading", "simulator.errors", "simulator.files", "simulator.interface"),
    "simulator.errors": (),
    "simulator.files": (),
    "simulator.settings_json": ("simulator.errors", "simulator.files"),
    "simulator.ranges": ("simulator.errors",),
    "simulator.cards": ("simulator.errors", "simulator.ranges"),
    "simulator.randomness": (),
    "simulator.site": ("simulator.interface",),
    "envs": ("simulator", "envs"),
    "agents": ("agents", *SEEN_BY_AGENTS),
    "api": FLOORS,
    "experiments": BELOW,
    "experiments.cli": FLOORS,
    "experiments.offline": ("experiments.offline", "agents", *SEEN_BY_AGENTS),
}
LAZY = re.compile(r"serendip(\.\w+)+(:\w+)?")


def modules(root: Path) -> dict[str, Path]:
    """Return every module of the floors by its name without `serendip.`; a package by its folder's name."""
    found = dict[str, Path]()
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, name: str, known: set[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield (line, module, is it a lazy string) for all that `path` imports from `serendip`, wherever it stands in it.

    Bare imports of a floor (`import simulator`) come back as `bare simulator`.
    """
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        names = list[str]()
        lazy = False
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = ["serendip", *package.split(".")]
                base = ".".join([*above[: len(above) - node.level + 1], *([base] if base else [])])
            inner = [f"{base}.{alias.name}" for alias in node.names]
            names = [full if full.removeprefix("serendip.") in known else base for full in inner]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LAZY.fullmatch(node.value):
            names, lazy = [node.value.partition(":")[0]], True
        for full in names:
            head, _, rest = full.partition(".")
            if head == "serendip":
                own = rest if rest.partition(".")[0] in BELOW else f"api.{rest}".rstrip(".")
                yield getattr(node, "lineno", 0), own, lazy
            elif head in FLOORS and not lazy:
                yield getattr(node, "lineno", 0), f"bare {full}", lazy


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


def wrong_imports(root: Path) -> list[str]:
    """Return one sentence for each import that goes where it must not."""
    known = modules(root)
    wrong = list[str]()
    for name, path in known.items():
        floor = max((prefix for prefix in ALLOWED if within(name, (prefix,))), key=len)
        allowed = ALLOWED[floor]
        for line, module, _ in imports(path, name, set(known)):
            if not within(module, (*allowed, name)):
                may = ", ".join(allowed) or "nothing of serendip"
                wrong.append(f"{path.relative_to(root)}:{line}: imports {module}; {floor} may import {may}")
    return wrong


def cycles(root: Path) -> list[str]:
    """Return the modules that stand in a circle of imports, lazy strings aside."""
    known = modules(root)
    graph = {
        name: {module for _, module, lazy in imports(path, name, set(known)) if not lazy and module in known}
        for name, path in known.items()
    }
    loose = set(graph)
    while loose:  # modules that need none of those left, or that none of those left needs
        wanted = {module for needs in graph.values() for module in needs}
        loose = {name for name, needs in graph.items() if not needs & graph.keys() or name not in wanted}
        graph = {name: needs for name, needs in graph.items() if name not in loose}
    return sorted(graph)


def test_no_import_goes_upwards_or_peeks(root: Path) -> None:
    assert wrong_imports(root) == []


def test_no_imports_stand_in_a_circle(root: Path) -> None:
    assert cycles(root) == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house in order."""
    files = {
        "simulator/__init__.py": "",
        "simulator/interface.py": "import numpy",
        "simulator/world.py": "from serendip.simulator.interface import Visits",
        "agents/__init__.py": "",
        "agents/agent.py": "from serendip.simulator import interface",
        "envs/__init__.py": "",
        "experiments/__init__.py": "",
        "experiments/offline/__init__.py": "",
        "experiments/offline/ips.py": "from serendip.agents.agent import Agent",
        "experiments/study.py": "import serendip.simulator.world\nAGENT = 'serendip.agents.agent:Agent'",
        "experiments/cli/__init__.py": "from serendip import make",
        "api/__init__.py": "from serendip.parts import make",
        "api/parts.py": "import serendip.experiments.study",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert wrong_imports(tmp_path) == []
    assert cycles(tmp_path) == []
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("simulator/world.py", "from serendip.agents.agent import Agent"),
        ("simulator/world.py", "def late():\n    import serendip.experiments.study"),
        ("simulator/world.py", "from ..agents import agent"),
        ("simulator/interface.py", "from serendip.simulator.world import World"),
        ("agents/agent.py", "from serendip.simulator.world import World"),
        ("agents/agent.py", "from serendip.simulator import world"),
        ("agents/agent.py", "from serendip import simulator"),
        ("agents/agent.py", "WORLD = 'serendip.simulator.world:World'"),
        ("agents/agent.py", "from ..simulator.world import World"),
        ("envs/__init__.py", "import serendip.agents"),
        ("experiments/offline/ips.py", "from serendip.simulator.world import World"),
        ("experiments/offline/ips.py", "from serendip.experiments.study import AGENT"),
        ("experiments/study.py", "import simulator.world"),
        ("experiments/study.py", "import serendip"),
        ("agents/agent.py", "from serendip.parts import make"),
        ("experiments/study.py", "from agents import agent"),
    ],
)
def test_the_test_sees_an_import_that_is_not_allowed(house: Path, file: str, text: str) -> None:
    (house / file).write_text(text)
    wrong = wrong_imports(house)
    assert len(wrong) == 1
    assert wrong[0].startswith(file)


def test_the_test_sees_a_circle(house: Path) -> None:
    (house / "simulator/interface.py").write_text("def late():\n    from serendip.simulator import world")
    assert cycles(house) == ["simulator.interface", "simulator.world"]
