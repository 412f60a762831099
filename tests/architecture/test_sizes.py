"""The house stays one to walk through: short files and functions, small rooms, and `offline` sees no world."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from architecture.test_floors import FLOORS, imports, modules

LINES = 300  # of a file
IMPORTED = 15  # other modules of the project that one module imports
ROOM = 15  # modules in a folder
MEDIAN, NINETIETH = 6, 20  # lines of a function, its docstring aside, which says more the more parameters there are
ONE_KIND = (  # folders whose files are parts of one kind; they may hold any number
    "agents/beliefs",
    "agents/models",
    "agents/slates",
    "agents/strategies",
    "experiments/cli",
    "experiments/figures",
    "experiments/offline/estimators",
    "experiments/ope_study/gauntlet",
    "simulator/choice",
    "simulator/dynamics",
)
SEEN_BY_OFFLINE = (  # of the simulator, at any number of steps
    "simulator",
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


def functions(text: str) -> list[int]:
    """Return the lines of each function and method, docstrings aside."""
    found = list[int]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            said = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
            found.append((node.end_lineno or 0) - node.lineno + 1 - said)
    return found


def share(lengths: list[int], of: float) -> int:
    """Return the length that a share of the functions does not exceed."""
    return sorted(lengths)[int(of * len(lengths))]


def too_large(root: Path) -> list[str]:
    """Return a sentence for each file, room and list of imports that is larger than it may be."""
    known = modules(root)
    wrong = list[str]()
    rooms = Counter[str]()
    for name, path in known.items():
        where = path.relative_to(root)
        rooms[where.parent.as_posix()] += path.name != "__init__.py"
        n_lines = len(path.read_text(encoding="utf-8").splitlines())
        needs = {module for _, module, lazy in imports(path, name, set(known)) if not lazy} - {name}
        if n_lines > LINES:
            wrong.append(f"{where}: {n_lines} lines; at most {LINES}")
        if len(needs) > IMPORTED:
            wrong.append(f"{where}: imports {len(needs)} modules of the project; at most {IMPORTED}")
    return wrong + [
        f"{room}/: {n} modules; at most {ROOM}, or parts of one kind (see ONE_KIND)"
        for room, n in rooms.items()
        if n > ROOM and room not in ONE_KIND
    ]


def worlds_seen(root: Path) -> list[str]:
    """Return the modules of the simulator that `offline` reaches, at any number of steps, and should not."""
    known = modules(root)
    reached = {name for name in known if name.startswith("experiments.offline")}
    new = reached
    while new:
        found = {m for name in new for _, m, lazy in imports(known[name], name, set(known)) if not lazy and m in known}
        new = found - reached
        reached = reached | new
    inside = tuple(f"{seen}." for seen in ("simulator.logs", "simulator.reading"))
    return sorted(
        name
        for name in reached
        if name.startswith("simulator") and name not in SEEN_BY_OFFLINE and not name.startswith(inside)
    )


def test_files_rooms_and_imports_stay_small(root: Path) -> None:
    assert too_large(root) == []


def test_functions_stay_short(root: Path) -> None:
    lengths = [n for path in modules(root).values() for n in functions(path.read_text(encoding="utf-8"))]
    assert share(lengths, 0.5) <= MEDIAN
    assert share(lengths, 0.9) <= NINETIETH


def test_kinds_that_are_declared_are_there(root: Path) -> None:
    assert [room for room in ONE_KIND if not (root / room / "__init__.py").exists()] == []


def test_offline_reaches_neither_a_world_nor_its_numbers(root: Path) -> None:
    assert worlds_seen(root) == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a small house, in order."""
    for floor in FLOORS:
        (tmp_path / floor).mkdir()
        (tmp_path / floor / "__init__.py").write_text("")
    for n in range(ROOM):
        (tmp_path / f"simulator/part_{n}.py").write_text("")
    offline = tmp_path / "experiments/offline"
    offline.mkdir()
    (offline / "__init__.py").write_text("from serendip.agents import agent")
    (tmp_path / "agents/agent.py").write_text("")
    assert too_large(tmp_path) == worlds_seen(tmp_path) == []
    return tmp_path


def test_the_test_sees_a_long_file_a_full_room_and_many_imports(house: Path) -> None:
    (house / "agents/agent.py").write_text("\n" * (LINES + 1))
    assert [what.partition(":")[0] for what in too_large(house)] == ["agents/agent.py"]
    (house / "agents/agent.py").write_text("")
    (house / "simulator/one_more.py").write_text("")
    assert [what.partition(":")[0] for what in too_large(house)] == ["simulator/"]
    names = ", ".join(["one_more", *(f"part_{n}" for n in range(ROOM))])
    (house / "experiments/all.py").write_text(f"from serendip.simulator import {names}")
    assert [what.partition(":")[0] for what in too_large(house)] == ["experiments/all.py", "simulator/"]


def test_the_test_sees_a_world_behind_an_agent(house: Path) -> None:
    (house / "agents/agent.py").write_text("from serendip.simulator.part_3 import CONSTANT")
    assert worlds_seen(house) == ["simulator.part_3"]


def test_the_test_measures_functions() -> None:
    assert functions(
        "def f():\n    pass\n\nclass A:\n    def g(self):\n        'Return.'\n        x = 1\n        return x\n"
    ) == [2, 3]
    assert share([1, 2, 3, 9], 0.5) == 3
