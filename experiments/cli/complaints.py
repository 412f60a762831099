"""The parser's framed complaints, said in one sentence."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import tyro


def sentence(box: str, arguments: Sequence[str], kinds: Mapping[str, Any]) -> str:
    """Return what is wrong with `arguments`, what is allowed, and where help is.

    Args:
        box: what the parser printed: a title, then parts between rules.
        kinds: the dataclass of each subcommand.
    """
    parts = [part for part in parts_of(box) if not part.startswith("For full help")]
    wrong = parts[0] if parts else "cannot be understood"
    kind = kinds.get(arguments[0]) if arguments else None
    if kind is None:
        known = f"known subcommands: {', '.join(kinds)}"
        return f"unknown {' '.join(arguments[:1])!r}; {known}; see serendip --help"
    unknown = re.match(r"Unrecognized (?:or misplaced )?options: (.*?)(?: \(applied to .*\))?$", wrong)
    if unknown:
        wrong = f"{arguments[0]} does not know {unknown[1]}; its flags are {', '.join(flags(kind))}"
    return f"{wrong.removeprefix('Error parsing ')}; see serendip {arguments[0]} --help"


def parts_of(box: str) -> list[str]:
    """Return the parts of a framed complaint, each on one line, without its title."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    rows = [re.sub(r"[│╭╮╰╯]", "", line).strip() for line in plain.splitlines()][1:]
    parts = re.split(r"\n[─\s]*(?:\n|$)", "\n".join(rows))
    return [" ".join(part.split()).rstrip(".") for part in parts if part.strip("─ \n")]


def flags(kind: Any) -> list[str]:
    """Return the flags of a subcommand's dataclass, as they are typed."""
    hints = typing.get_type_hints(kind, include_extras=True)
    named = [field.name for field in dataclasses.fields(kind) if tyro.conf.Positional not in _marks(hints[field.name])]
    return ["--" + name.replace("_", "-") for name in named]


def _marks(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())
