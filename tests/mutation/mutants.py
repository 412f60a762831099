"""The mutants that there can be: small changes to the source of one module, found and made by cosmic-ray."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from cosmic_ray.ast import Visitor, ast_nodes, get_ast
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import PythonNode

Position = tuple[int, int]
_NOT_OURS = ("RemoveDecorator", "Variable", "NoOp")


class ArgumentForCall(Operator):  # type: ignore[misc]
    """`abs(z)` becomes `z`: a call is left out and its only argument stands for what it returned."""

    def mutation_positions(self, node: Any) -> Any:
        """Yield the place of each call with one plain argument."""
        if _only_argument(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Return the argument in brackets, which binds as the call did."""
        changed = get_ast(f"({_only_argument(node).get_code().strip()})").children[0]
        changed.get_first_leaf().prefix = node.get_first_leaf().prefix
        return changed

    @classmethod
    def examples(cls) -> Any:
        """Return nothing: these are cosmic-ray's own tests."""
        return ()


def _only_argument(node: Any) -> Any:
    """Return the one positional argument of a call such as `abs(x)` or `np.sqrt(x)`; None for anything else."""
    if not isinstance(node, PythonNode) or node.type not in ("atom_expr", "power") or len(node.children) < 2:
        return None
    last = node.children[-1]
    if node.children[0].type != "name" or last.type != "trailer" or last.children[0].value != "(":
        return None
    if len(node.children) > 3 or (
        len(node.children) == 3 and node.children[0].value not in ("np", "math", "xp", "torch")
    ):
        return None  # a method: its receiver is the argument that counts
    inner, called = last.children[1], node.children[-2].get_last_leaf().value
    plain = inner.type not in ("operator", "arglist", "argument", "string", "fstring")
    return inner if plain and called not in _OTHER_TYPE else None


# What they return is of another type, or the same in another: without them the program falls at once, or is the same.
_OTHER_TYPE = {
    "len", "range", "list", "dict", "tuple", "set", "isinstance", "type", "iter", "repr", "str", "super", "field",
    "float", "int", "bool", "asarray", "array", "ascontiguousarray", "float32", "float64", "int32", "int64", "arange",
    "zeros", "ones", "empty", "eye", "from_numpy", "property", "print", "next", "sorted", "replace", "fields", "csr",
    "cast", "Path",
}  # fmt: skip


_NO_CHANGE = ("strict", "check_finite", "overwrite_a", "overwrite_b", "copy")  # checks and memory, not results


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Attributes:
        path: the module's file, from the repository's root.
        operator: what is changed, in cosmic-ray's words.
        occurrence: which of the places in the file where that could be done.
        start: line and column.
        code: the line as it is.
        place: how many-th of the same lines of its file it is, so that a name does not depend on what stands above.
    """

    path: str
    operator: str
    occurrence: int
    start: Position
    code: str
    place: int

    @property
    def site(self) -> str:
        """Where it is, in words that stay when other lines change."""
        return f"{self.path}|{self.code}|{self.place}|{self.start[1]}"

    @property
    def name(self) -> str:
        """What it is, likewise."""
        return f"{self.site}|{self.operator}"


def luck(seed: int, text: str) -> str:
    """Return a hash by which things are put in a random order that adding others does not change."""
    return hashlib.sha256(f"{seed}|{text}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _operators() -> dict[str, Any]:
    found = {name: get_operator(name) for name in operator_names() if not any(word in name for word in _NOT_OURS)}
    usable = {name: operator() for name, operator in found.items() if not operator.arguments()}
    return usable | {"argument-for-call": ArgumentForCall()}


def mutants_of(root: Path, path: str) -> list[Mutant]:
    """Return all mutants of the module at `path`, except in annotations, which nothing evaluates, and decorators."""
    source = (root / path).read_text(encoding="utf-8")
    lines, left_out = source.splitlines(), _silent(source)
    nodes = list(ast_nodes(get_ast(source)))
    found = list[Mutant]()
    for name, operator in _operators().items():
        places = (start for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, start in enumerate(places):
            if not any(first <= start < last for first, last in left_out):
                code = lines[start[0] - 1].strip()
                place = sum(line.strip() == code for line in lines[: start[0] - 1])
                found.append(Mutant(path, name, occurrence, start, code, place))
    return found


def _silent(source: str) -> list[tuple[Position, Position]]:
    """Return the spans of annotations, decorators, cards (declarations), and what only a type checker reads."""
    spans = list[Any]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            spans.append(node.annotation)
        elif isinstance(node, ast.keyword) and node.arg in _NO_CHANGE:
            spans.append(node.value)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            spans += [*node.decorator_list, getattr(node, "returns", None)]
        elif (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CARD") or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        ):
            spans.append(node)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and _is_union(node.value):
            spans.append(node.value)
    return [((span.lineno, span.col_offset), (span.end_lineno, span.end_col_offset)) for span in spans if span]


def _is_union(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.BitOr) and all(
        isinstance(side, ast.Name | ast.Attribute | ast.Subscript | ast.Constant) for side in (node.left, node.right)
    )


def sample(root: Path, mutants: list[Mutant], n: int, seed: int) -> list[Mutant]:
    """Return `n` mutants at as many places, drawn without regard to how many ways a place can be changed in."""
    by_site = dict[str, list[Mutant]]()
    for mutant in mutants:
        by_site.setdefault(mutant.site, []).append(mutant)
    sites = sorted(by_site, key=lambda site: luck(seed, site))
    one_each = (min(by_site[site], key=lambda mutant: luck(seed, mutant.name)) for site in sites)
    return list(islice((mutant for mutant in one_each if is_python(mutated(root, mutant))), n))


def is_python(source: str) -> bool:
    """Return whether `source` can be compiled; what cannot is no mutant."""
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def mutated(root: Path, mutant: Mutant) -> str:
    """Return the whole source of the module with the change in it."""
    visitor = _Visitor(_operators()[mutant.operator], mutant.occurrence)
    return visitor.walk(get_ast((root / mutant.path).read_text(encoding="utf-8"))).get_code()


class _Visitor(Visitor):  # type: ignore[misc]
    """Changes the one place that is meant."""

    def __init__(self, operator: Any, occurrence: int) -> None:
        self.operator, self.left = operator, occurrence

    def visit(self, node: Any) -> Any:
        for index, _ in enumerate(self.operator.mutation_positions(node)):
            self.left -= 1
            if self.left == -1:
                return self.operator.mutate(node, index)
        return node
