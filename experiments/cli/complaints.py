"""What the parser complains of, said in one sentence."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import tyro
from tyro import _errors as events  # the parser's own hooks, which its authors keep in this module

_PYTHONS = {  # how Python begins to say that a text is not a ...
    "invalid literal for int() with base 10: ": "whole number",
    "could not convert string to float: ": "number",
}


def sentence(event: events.ParseErrorEvent, arguments: Sequence[str], kinds: Mapping[str, Any]) -> str:
    """Return what is wrong with `arguments`, what is allowed, and where help is.

    Args:
        event: what the parser complains of.
        arguments: the words after `serendip`.
        kinds: the dataclass of each subcommand.
    """
    kind = kinds.get(arguments[0]) if arguments else None
    if kind is None:
        known = f"known subcommands: {', '.join(kinds)}"
        return f"unknown {' '.join(arguments[:1])!r}; {known}; see serendip --help"
    return f"{_wrong(event, arguments[0], kind)}; see serendip {arguments[0]} --help"


def _wrong(event: events.ParseErrorEvent, verb: str, kind: Any) -> str:
    """Return what is wrong and what is allowed."""
    match event:
        case events.UnrecognizedArgs(tokens=tokens):
            return f"{verb} does not know {' '.join(tokens)}; its flags are {', '.join(flags(kind))}"
        case events.MissingArgs(missing_arguments=missing, unrecognized_tokens=unknown):
            lacking = f"{verb} needs {', '.join(_name(argument.arg) for argument in missing)}"
            return f"{lacking}, and does not know {' '.join(unknown)}" if unknown else lacking
        case events.InvalidChoice(argument=argument, value=value, choices=choices):
            return f"{_name(argument)}: {value!r} is not one of {', '.join(choices)}"
        case events.BadValue(argument=argument, reason="too_few_values"):
            return f"{_name(argument)} needs a value: {argument.lowered.metavar}"
        case events.BadValue(argument=argument, offending_value=value):
            return f"{_name(argument)} takes no value, and {value!r} was given"
        case events.InstantiationFailure(argument=argument, message=message) if argument is not None:
            return f"{_name(argument)}: {_plain(message)}"
        case events.InstantiationFailure(message=message):
            return _plain(message)
        case _:
            return f"{verb} cannot be understood"


def _plain(message: str) -> str:
    """Return a complaint about a value, Python's own in plain words."""
    for start, kind in _PYTHONS.items():
        if message.startswith(start):
            return f"{message.removeprefix(start)} is not a {kind}"
    return message.strip().rstrip(".")


def _name(argument: Any) -> str:
    """Return how an argument is typed: its flag, or what stands for it in the help."""
    lowered = argument.lowered
    return str(lowered.metavar) if argument.is_positional() else "/".join(lowered.name_or_flags)


def flags(kind: Any) -> list[str]:
    """Return the flags of a subcommand's dataclass, as they are typed."""
    hints = typing.get_type_hints(kind, include_extras=True)
    named = [field.name for field in dataclasses.fields(kind) if tyro.conf.Positional not in _marks(hints[field.name])]
    return ["--" + name.replace("_", "-") for name in named]


def _marks(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())
