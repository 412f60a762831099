"""The kinds of words that stand on a command line, and how help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from tyro.constructors import PrimitiveConstructorSpec


def shown(metavar: str | None = None, hint: str = "") -> Any:
    """Return the annotation of an argument that help shows as `metavar`, followed by `hint`."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint)


def whole_number(text: str, least: int = 1) -> int:
    """Return `text` as a whole number of `least` or more; a ValueError says that it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) >= least):
        raise ValueError(f"{text!r} is not a whole number of {least} or more, with at most {_DIGITS} digits")
    return int(text)


def pairs(words: tuple[str, ...]) -> dict[str, str]:
    """Return what columns are called, from words such as `reward=click`.

    Raises:
        SettingsError: a word is not NAME=COLUMN, or a name is given twice.
    """
    from serendip.simulator.errors import SettingsError

    wrong = [word for word in words if "=" not in word]
    if wrong:
        raise SettingsError(f"columns: {wrong[0]!r} is not NAME=COLUMN, such as reward=click or user=listener")
    found = dict(word.split("=", 1) for word in words)
    if len(found) < len(words):
        raise SettingsError("columns: a name is given twice; give each once")
    return found


def _numbers(least: int) -> PrimitiveConstructorSpec[Any]:
    """Return the parser of whole numbers of `least` or more."""
    return PrimitiveConstructorSpec[Any](
        nargs=1,
        metavar="N",
        instance_from_str=lambda words: whole_number(words[0], least),
        is_instance=lambda value: isinstance(value, int),
        str_from_instance=lambda value: [str(value)],
    )


WHOLE_NUMBER, WHOLE_NUMBER_OR_0 = _numbers(1), _numbers(0)
_DIGITS = 15

Parts = Annotated[tuple[str, ...], shown("FILE.py:CARD ...")]
OWN = "(the study's own when left out)"

Jobs = Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: one for each core)")]
Backend = Annotated[Literal["loky", "ray", "dask"], shown()]
Count = Annotated[int | None, WHOLE_NUMBER, shown(hint=OWN)]
JsonFile = Annotated[Path | None, shown("FILE")]
Pairs = Annotated[tuple[str, ...], shown("NAME=COLUMN ...")]
MinRating = Annotated[float | None, shown("RATING", "(default: 4/5 of the largest)")]
Positive = Annotated[str | None, shown("CONDITION")]
TimeUnit = Annotated[
    Literal["seconds", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days", "weeks"] | None,
    shown(hint="(default: told from the column)"),
]
Formats = Annotated[tuple[Literal["png", "svg", "pdf"], ...], shown("png|svg|pdf ...")]
TableFormats = Annotated[tuple[Literal["csv", "parquet"], ...], shown("csv|parquet ...")]
DPI = Annotated[int, WHOLE_NUMBER, shown("N")]
ColumnName = Annotated[str | None, shown("COLUMN")]
