"""What the entries of a registry are, in a few words, without importing what they name."""

from __future__ import annotations

import ast
import importlib.util
import json
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from serendip.simulator.cards import Card, Registry
from serendip.simulator.errors import SettingsError


def described(registry: str) -> dict[str, str]:
    """Return the names in `registry` (a lazy string) and what each one is.

    A registry maps names to lazy strings (described by the card or the docstring there) or to settings (written out),
    or is a function that returns names and what they are.  Parts from outside are described by their cards.
    """
    found = pkgutil.resolve_name(registry)
    if not isinstance(found, Mapping):
        return found()
    shipped = {name: summary(value) for name, value in cast("Mapping[str, Any]", found).items()}
    if not isinstance(found, Registry):
        return shipped
    parts = cast("Registry[Card]", found)
    all_of_them = shipped | {name: parts.card(name).summary for name in parts.names() if name not in shipped}
    return {name: what + _size_of_study(parts, name) for name, what in all_of_them.items()}


def _size_of_study(parts: Registry[Card], name: str) -> str:
    """Return which agents, seeds and days a study has, in brackets; nothing for what is no study."""
    study: Any = parts.card(name).settings if parts.kind == "study" else None
    if study is None:
        return ""
    return (
        f" ({study.seeds} seeds, {study.days} days, world {study.world}; "
        f"{len(study.agents)} agents: {', '.join(study.agents)})"
    )


def in_full(registry: str, kind: str, name: str) -> str:
    """Return what the part called `name` is, and its settings, a line each: name, default, range, what it is.

    Args:
        registry: a lazy string, as `described` takes it.
        kind: what the parts are called, such as `agents`.
        name: of the part.

    Raises:
        SettingsError: there is no such part; the known ones are listed.
    """
    from serendip.agents import registry as agents

    found = pkgutil.resolve_name(registry)
    if kind == "agents":
        card, options = agents.described(name), agents.options(name)
    elif isinstance(found, Registry):
        card = cast("Registry[Card]", found).card(name)
        options = card.options()
    else:
        entries = described(registry)
        if name not in entries:
            raise SettingsError(f"unknown {kind} {name!r}; known: {', '.join(entries)}")
        return f"{name}: {entries[name]}"
    rows = [(option.name, json.dumps(option.default, default=str), option.allowed, option.about) for option in options]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    padded = (zip(row, [*widths, 0], strict=True) for row in rows)
    lines = ["  " + "  ".join(f"{text:<{width}}" for text, width in row) for row in padded]
    return "\n".join([f"{name}: {card.summary}", *(line.rstrip() for line in lines)])


def summary(value: Any) -> str:
    """Return what a registry's `value` is: the first line of a docstring, or the settings it stands for."""
    if isinstance(value, str):
        return first_line(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {setting}" for name, setting in cast("Mapping[str, Any]", value).items())
    return ""


def first_line(lazy: str) -> str:
    """Return what a lazy string names: what its card is about, or the first line of its docstring or of its file's.

    It is read from the file: nothing is imported.
    """
    module, _, name = lazy.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    named = [n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name]
    docstring = next(filter(None, [_about(tree, name), *map(ast.get_docstring, [*named, tree])]), "")
    line = docstring.partition("\n")[0].rstrip(".").removeprefix("Return ")
    return line[:1].upper() + line[1:]


def _about(tree: ast.Module, name: str) -> str | None:
    """Return the text in the `summary`, `about` or first argument of the call that is assigned to `name`, if any."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            texts = [word.value for word in node.value.keywords if word.arg in ("summary", "about")] + node.value.args[
                :1
            ]
            if name in targets and texts and isinstance(texts[0], ast.Constant):
                return str(texts[0].value)
    return None


def worlds() -> dict[str, str]:
    """Return the worlds that have a name, what each is good for and its size."""
    from serendip.simulator.settings import read_world, world_names

    found = dict[str, str]()
    for name in world_names():
        world, _ = read_world(name)
        size = f"{world.population.n_users:,} users, {world.catalogue.n_items:,} items, slates of {world.slate_size}"
        found[name] = f"{world.summary} ({size}; dynamics {world.dynamics['kind']})"
    return found
