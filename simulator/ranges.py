"""Ranges of settings, declared once beside the field and checked by one function.

@dataclass(frozen=True, slots=True)
class Settings:
    epsilon: Annotated[float, Range(least=0, most=1)] = 0.1

    def __post_init__(self) -> None:
        check_ranges(self, "greedy")
"""

from __future__ import annotations

import dataclasses
import functools
import math
import typing
from dataclasses import dataclass
from typing import Any

from serendip.simulator.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be: from `least` to `most`, or beyond `above` and short of `below`; always finite.

    Attributes:
        least: smallest value allowed.
        most: largest value allowed.
        above: the value must be larger than this.
        below: the value must be smaller than this.
        infinite: whether infinity is allowed where nothing else forbids it.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    infinite: bool = False

    def allows(self, value: float) -> bool:
        """Return whether `value` lies in the range; what is not a number, or too large for one, never does."""
        try:
            number = float(value)
        except OverflowError:  # a whole number of hundreds of digits
            return False
        return (
            not math.isnan(number)
            and (self.infinite or math.isfinite(number))
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        """Return the range in words, such as `0 or more`, `more than 0 and at most 1` or `0 to 1`."""
        if self.least is not None and self.most is not None:
            return f"{_said(self.least)} to {_said(self.most)}"
        words = [
            *([f"{_said(self.least)} or more"] if self.least is not None else []),
            *([f"more than {_said(self.above)}"] if self.above is not None else []),
            *([f"at most {_said(self.most)}"] if self.most is not None else []),
            *([f"less than {_said(self.below)}"] if self.below is not None else []),
        ]
        return " and ".join(words) or "a finite number"


def _said(number: float) -> str:
    """Return a border as people write it: `100,000`, `0.5`."""
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def check_ranges(settings: Any, where: str) -> None:
    """Check each number of a settings dataclass against the `Range` its annotation carries; a tuple number by number.

    Args:
        settings: a dataclass instance; fields without a `Range`, and fields that are None, are left alone.
        where: whose settings they are, named in the error.

    Raises:
        SettingsError: a number out of its range; the message names the setting, the value and what is allowed.
    """
    for name, allowed in ranges_of(type(settings)).items():
        value = getattr(settings, name)
        for number in value if isinstance(value, tuple) else () if value is None else (value,):
            if not allowed.allows(typing.cast(float, number)):
                raise SettingsError(f"{where}: {name} is {value}; allowed is {allowed}")


MOST_COUNTED = 1_000_000  # of what is counted, where nothing else is said: more would neither fit nor end


@functools.cache
def ranges_of(kind: type[Any]) -> dict[str, Range]:
    """Return the range of each field of the dataclass `kind` that declares one; of counts, with an end."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = {field.name: (_range(hints[field.name]), hints[field.name]) for field in dataclasses.fields(kind)}
    return {name: _ended(allowed, hint) for name, (allowed, hint) in found.items() if allowed is not None}


def _ended(allowed: Range, hint: Any) -> Range:
    """Return a range that ends, where whole numbers are counted and it says no end."""
    whole = any(part is int for part in _parts(hint))
    endless = allowed.most is None and allowed.below is None
    return dataclasses.replace(allowed, most=MOST_COUNTED) if whole and endless else allowed


def _parts(hint: Any) -> typing.Iterator[Any]:
    """Yield an annotation and all that it consists of."""
    yield hint
    for inner in typing.get_args(hint):
        yield from _parts(inner)


def _range(hint: Any) -> Range | None:
    """Return the `Range` in an annotation, also inside `... | None` and `tuple[..., ...]`; None without one."""
    own = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Range)]
    inner = (_range(part) for part in typing.get_args(hint))
    return next((found for found in [*own, *inner] if found is not None), None)
