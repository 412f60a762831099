"""Which modules are mutated, and which quick tests belong to each."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

STRATEGIES = (
    "tests/agents/strategies",
    "tests/agents/test_exact_propensities.py",
    "tests/agents/test_kept_hypothesis.py",
)
BELIEFS = ("tests/agents/beliefs",)
ESTIMATORS = ("tests/experiments/offline/estimators", "tests/experiments/offline/test_evaluate.py")
INTERVALS = ("tests/experiments/offline/intervals", "tests/experiments/offline/test_valuation.py")
JUDGING = ("tests/experiments/offline/judging", "tests/experiments/offline/test_evaluate.py")

# The first pattern that fits a module says its tests; the most telling come first, as the first failure ends a run.
BELONGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("agents/strategies/*.py", STRATEGIES),
    (
        "agents/propensity.py",
        ("tests/agents/test_exact_propensities.py", "tests/agents/test_propensity_kinds.py", *STRATEGIES),
    ),
    ("agents/beliefs/dropout.py", ("tests/agents/beliefs/test_dropout.py", *BELIEFS)),
    ("agents/beliefs/gaussian_field.py", ("tests/agents/beliefs/test_gaussian_field.py", *BELIEFS)),
    ("agents/beliefs/laplace_factors.py", ("tests/agents/beliefs/test_laplace_factors.py", *BELIEFS)),
    ("agents/beliefs/user_factors.py", ("tests/agents/beliefs/test_user_factors.py", *BELIEFS)),
    ("agents/beliefs/l*.py", ("tests/agents/beliefs/test_last_layer.py", *BELIEFS)),
    ("agents/beliefs/*.py", BELIEFS),
    ("simulator/dynamics/*.py", ("tests/simulator/test_repertoire.py", "tests/simulator/test_dynamics.py")),
    ("simulator/choice/*.py", ("tests/simulator/test_choice.py",)),
    ("experiments/offline/estimators/*.py", ESTIMATORS),
    ("experiments/offline/intervals/*.py", INTERVALS),
    ("experiments/offline/judging/*.py", JUDGING),
    ("experiments/online/statistics.py", ("tests/experiments/online/test_statistics.py",)),
    ("experiments/online/unit.py", ("tests/experiments/online/test_study.py", "tests/experiments/online/test_life.py")),
)


def modules(root: Path) -> list[str]:
    """Return the paths of all modules that are mutated."""
    found = {path for pattern, _ in BELONGS for path in root.glob(pattern)}
    return sorted(path.relative_to(root).as_posix() for path in found)


def tests_of(root: Path, module: str) -> tuple[str, ...]:
    """Return pytest's arguments for `module`: the tests that belong to it and are there, each once."""
    chosen = next(tests for pattern, tests in BELONGS if fnmatch(module, pattern))
    return tuple(test for test in dict.fromkeys(chosen) if (root / test.split("::")[0]).exists())
