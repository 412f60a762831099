"""Which interactions count as positive: by a rating, or by a condition on any column."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from serendip.simulator.errors import SettingsError

POSITIVE_SHARE = 0.8  # of the largest rating: 4 of 5, 8 of 10, and 1 where ratings are 0 and 1
_CONDITION = re.compile(r"^\s*(.+?)\s*(>=|<=|==|!=|=|>|<)\s*(.+?)\s*$")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "=": operator.eq, "!=": operator.ne, ">": operator.gt,
    "<": operator.lt,
}  # fmt: skip
_compute: Any = pc


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row must have to count as a positive, such as `watch_ratio>=0.8`.

    Attributes:
        column: which is looked at.
        comparison: how, such as `>=`.
        value: what is compared with: a number, or a word where it is for `==` or `!=`.
    """

    column: str
    comparison: str
    value: float | str

    @property
    def is_number(self) -> bool:
        """Whether the column is compared as a number."""
        return not isinstance(self.value, str)

    def holds(self, values: Any) -> Any:
        """Return (n,) whether each of the values has it."""
        return _COMPARE[self.comparison](values, self.value)

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.column} {self.comparison} {value}"


def parse_condition(text: str) -> Condition:
    """Return the condition that is written as COLUMN, a comparison and a value.

    Raises:
        SettingsError: it is not written so.
    """
    found = _CONDITION.match(text)
    if not found:
        raise SettingsError(f"positive: {text!r} is no condition such as watch_ratio>=0.8 or event==purchase")
    column, comparison, value = found.groups()
    try:
        return Condition(column, comparison, float(value))
    except ValueError as error:
        if comparison in ("==", "=", "!="):
            return Condition(column, comparison, value.strip("'\""))
        raise SettingsError(f"positive: {text!r} compares with {value!r}; allowed is a number") from error


def as_numbers(column: Any) -> Any:
    """Return (n,) a column as floats, or None where a value is no number (a word, or none at all)."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    elif pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
        column = column.cast(pa.string())
    try:
        return _compute.cast(column, pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
