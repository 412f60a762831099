"""Which modules are mutated, and which quick tests belong to each."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

# Modules by pattern, and the tests that belong to all of them besides those that name the module.
BELONGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "agents/strategies/*.py",
        (
            "tests/agents/strategies",
            "tests/agents/test_controls.py",
            "tests/agents/test_exact_propensities.py",
            "tests/contracts/test_defaults.py",
        ),
    ),
    ("agents/propensity.py", ("tests/agents/test_exact_propensities.py", "tests/agents/test_kept_hypothesis.py")),
    (
        "agents/beliefs/d*.py",
        ("tests/agents/test_controls.py", "tests/agents/test_catalogue.py", "tests/contracts/test_defaults.py"),
    ),
    ("agents/beliefs/*.py", ("tests/agents/test_controls.py", "tests/contracts/test_defaults.py")),
    (
        "simulator/dynamics/*.py",
        ("tests/simulator/test_dynamics.py", "tests/simulator/test_repertoire.py", "tests/contracts/test_defaults.py"),
    ),
    ("simulator/choice/*.py", ("tests/simulator/test_choice.py", "tests/contracts/test_defaults.py")),
    ("experiments/offline/estimators/*.py", ("tests/experiments/offline/estimators",)),
    (
        "experiments/offline/intervals/*.py",
        ("tests/experiments/offline/intervals", "tests/experiments/offline/test_valuation.py"),
    ),
    ("experiments/offline/judging/verdict.py", ("tests/experiments/offline/test_evaluate.py",)),
    ("experiments/offline/judging/recommendation.py", ("tests/experiments/offline/test_evaluate.py",)),
    ("experiments/online/statistics.py", ("tests/experiments/online/test_statistics.py",)),
    (
        "experiments/online/unit.py",
        ("tests/experiments/online/test_study.py", "tests/experiments/test_static_world.py"),
    ),
)
SLOW = ("tests/contracts", "tests/architecture", "tests/experiments/figures", "tests/experiments/bandits", "tests/fuzz")

CHECKS = ("contracts.py",)  # they are tests themselves, of parts from outside
_AT_ONCE = 3  # files in the second round


def modules(root: Path) -> list[str]:
    """Return the paths of all modules that are mutated."""
    found = {path for pattern, _ in BELONGS for path in root.glob(pattern) if path.name not in CHECKS}
    return sorted(path.relative_to(root).as_posix() for path in found)


def tests_of(root: Path, module: str) -> tuple[tuple[str, ...], ...]:
    """Return the tests of `module` in rounds: the file of its own name, those that import it, others that belong."""
    stem = Path(module).stem
    name = "serendip." + module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    named = [path for path, text in _texts(root) if re.search(rf"{re.escape(name)}\b(?!\.)", text)]
    others = next(tests for pattern, tests in BELONGS if fnmatch(module, pattern))
    rounds, before = list[tuple[str, ...]](), set[str]()
    for tests in ([path for path in named if stem in Path(path).stem], named[:_AT_ONCE], [*named, *others]):
        new = tuple(test for test in dict.fromkeys(tests) if test not in before and (root / test).exists())
        rounds += [new] if new else []
        before.update(new)
    return tuple(rounds)


@lru_cache
def _texts(root: Path) -> tuple[tuple[str, str], ...]:
    """Return the path and the text of each file of quick tests."""
    paths = [path.relative_to(root).as_posix() for path in sorted((root / "tests").rglob("test_*.py"))]
    return tuple((path, (root / path).read_text(encoding="utf-8")) for path in paths if not path.startswith(SLOW))
