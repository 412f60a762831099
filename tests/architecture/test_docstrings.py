"""Documentation that stands alone: parameters and errors of public functions, attributes of classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOORS = ("simulator", "agents", "envs", "experiments", "api")
MANY = 4  # parameters from which on each is documented
FRAGMENT = re.compile(r"^(of|to|for|by|with|from|in|on|at|over|likewise|the same|as above)\b", re.IGNORECASE)
ENTRY = re.compile(r"^    (\w+): (.*)$", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(tree: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef, ast.ClassDef | None]]:
    """Yield (name, node, class it stands in) for what a module and its classes offer."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node, None
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, Function) and (not inner.name.startswith("_") or inner.name == "__init__"):
                    yield f"{node.name}.{inner.name}", inner, node


def section(docstring: str, title: str) -> dict[str, str]:
    """Return the entries of a section of a docstring: `Args:`, `Attributes:`, `Raises:`."""
    found = re.search(rf"^{title}:\n((?:    .*\n?|\n)*)", docstring + "\n", re.MULTILINE)
    return dict(ENTRY.findall(found.group(1))) if found else {}


def parameters(function: Function) -> list[str]:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def raised(function: Function) -> set[str]:
    """Names of the errors that the body of a function itself raises."""
    found = set[str]()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            found.add(node.exc.func.id)
    return found - {"AssertionError", "NotImplementedError"}


def inherited(name: str, owner: ast.ClassDef | None) -> bool:
    """Whether a method is documented where its contract stands, not at each class that keeps it."""
    return owner is not None and bool(owner.bases) and not name.endswith("__init__")


def wrong(text: str) -> list[str]:
    """Return a sentence for each thing that a module's text leaves unsaid."""
    found = list[str]()
    for name, node, owner in public(ast.parse(text)):
        docstring = ast.get_docstring(node) or ""
        if isinstance(node, ast.ClassDef):
            found += [
                f"{name}: attribute {key!r} is a fragment: {what!r}"
                for key, what in section(docstring, "Attributes").items()
                if FRAGMENT.match(what)
            ]
            continue
        names = parameters(node)
        if len(names) < MANY or inherited(name, owner):
            continue
        said = section(docstring, "Args") | (
            section(ast.get_docstring(owner) or "", "Attributes") if owner and name.endswith("__init__") else {}
        )
        found += [f"{name}: parameter {key!r} is not documented" for key in names if key not in said]
        found += [
            f"{name}: raises {error}, and does not say so"
            for error in raised(node)
            if error not in section(docstring, "Raises")
        ]
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_documentation_stands_alone(root: Path, floor: str) -> None:
    found = list[str]()
    for path in sorted((root / floor).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        found += [f"{name}: {what}" for what in wrong(path.read_text(encoding="utf-8"))]
    assert found == []


UNSAID = """def f(a, b, c, d):
    '''Return.

    Args:
        a: one.
        b: two.
        c: three.
        d: four.
    '''
    raise SettingsError("no")
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('def f(a, b, c, d):\n    """Return."""', "parameter 'a' is not documented"),
        ('class A:\n    """A.\n\n    Attributes:\n        rate: of Adam.\n    """', "attribute 'rate' is a fragment"),
        (UNSAID, "raises SettingsError"),
    ],
)
def test_the_test_sees_what_is_left_unsaid(text: str, sentence: str) -> None:
    assert any(sentence in what for what in wrong(text))
