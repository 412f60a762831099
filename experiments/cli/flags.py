"""The kinds of words that stand on a command line, and how help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.constructors import PrimitiveConstructorSpec


def shown(metavar: str | None = None, hint: str = "") -> Any:
    """Return the annotation of an argument that help shows as `metavar`, followed by `hint`."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint)


def whole_number(text: str) -> int:
    """Return `text` as a whole number above 0; a ValueError says that it is none."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{text!r} is not a whole number above 0")
    return int(text)


WHOLE_NUMBER = PrimitiveConstructorSpec[Any](
    nargs=1,
    metavar="N",
    instance_from_str=lambda words: whole_number(words[0]),
    is_instance=lambda value: isinstance(value, int),
    str_from_instance=lambda value: [str(value)],
)

OWN = "(the study's own when left out)"

Count = Annotated[int | None, WHOLE_NUMBER, shown(hint=OWN)]
JsonFile = Annotated[Path | None, shown("FILE")]
ColumnName = Annotated[str | None, shown("COLUMN")]
