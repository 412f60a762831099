"""Moments in seconds since 1970, from dates and from numbers of any unit, told from the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from serendip.simulator.interface import Bools, Floats, Ints

SECONDS_PER_DAY = 86_400
UNITS: dict[str, float] = {  # seconds in each
    "seconds": 1.0, "milliseconds": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9,
    "minutes": 60.0, "hours": 3_600.0, "days": 86_400.0, "weeks": 604_800.0,
}  # fmt: skip
SINCE_1970 = ("seconds", "milliseconds", "microseconds", "nanoseconds")
EARLIEST, LATEST = 1e8, 4.1e9  # seconds since 1970: March 1973 to the end of 2099
ANY = "a number or an ISO date such as 1997-09-20 or 1997-09-20T10:00:00Z"
_compute: Any = pc


@dataclass(frozen=True, slots=True)
class Times:
    """When things happened.

    Attributes:
        seconds: (n,) since 1970, or since an unknown start.
        read_as: what the column holds, in words: `dates`, or the unit of its numbers.
    """

    seconds: Floats
    read_as: str

    @property
    def day(self) -> Ints:
        """The day of each, from the first."""
        days = np.floor(self.seconds / SECONDS_PER_DAY).astype(np.int64)
        return days - days.min()

    @property
    def said(self) -> str:
        """What was read, such as `1997-09-20 to 1998-04-23, seconds`."""
        low, high = float(self.seconds.min()), float(self.seconds.max())
        if self.read_as != "dates" and high < EARLIEST:
            return f"{int(self.day.max()) + 1} days from an unknown start, {self.read_as}"
        return f"{_date(low)} to {_date(high)}, {self.read_as}"


@dataclass(frozen=True, slots=True)
class Misread:
    """Why a column holds no times.

    Attributes:
        row: the first row that is wrong, from 0.
        why: what is allowed there.
    """

    row: int
    why: str


def read_times(column: Any, name: str, unit: str | None = None) -> Times | Misread:
    """Return the times in a column, or the first row that is none.

    Numbers are seconds since 1970 or thousandths, millionths or billionths of them, or seconds from some start; whole
    numbers that all are days such as 20200705 are dates; a column called `day`, `week` or `hour` counts these.

    Args:
        column: an Arrow column of words, numbers, dates or moments, none missing.
        name: what it is called.
        unit: of numbers, where a person said it; one of `UNITS`.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _of_moments(column)
    words = column.cast(pa.string())
    try:
        numbers = _compute.cast(words, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return _of_words(words)
    if not np.isfinite(numbers).all():
        return Misread(_first(~np.isfinite(numbers)), ANY)
    if unit is None and _are_dates(numbers):
        return _of_moments(_compute.strptime(words, format="%Y%m%d", unit="s"))
    unit = unit or {"day": "days", "days": "days", "week": "weeks", "hour": "hours"}.get(name.lower())
    return Times(_seconds(numbers, unit), unit) if unit else _of_numbers(numbers)


def _of_numbers(stamps: Floats) -> Times | Misread:
    """Return times all in one unit since 1973, or all in seconds from some start, or the first that is in neither."""
    inside = {unit: (stamps >= EARLIEST / UNITS[unit]) & (stamps <= LATEST / UNITS[unit]) for unit in SINCE_1970}
    unit = max(inside, key=lambda one: int(inside[one].sum()))
    if inside[unit].all():
        return Times(_seconds(stamps, unit), unit)
    relative = (stamps >= 0.0) & (stamps < EARLIEST)
    if relative.all():
        return Times(stamps, "seconds")
    since = bool(inside[unit].sum() >= relative.sum())
    known = inside[unit] if since else relative
    if known.sum() < len(stamps) / 2:
        return Misread(_first(~known), f"one unit since 1973: {', '.join(SINCE_1970)}; or say it with --time-unit")
    usual = f"{unit} since 1970" if since else "seconds from some start"
    return Misread(_first(~known), f"what {known.mean():.1%} of the rows are: {usual}; mend the row or leave it out")


def _of_moments(column: Any) -> Times:
    """Return the times of a column of Arrow's dates or moments."""
    micro = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
    return Times(micro / 1e6, "dates")


def _of_words(words: Any) -> Times | Misread:
    """Return the times of words: dates of ISO 8601, all with a zone or all without."""
    for zone in (None, "UTC"):
        try:
            return _of_moments(words.cast(pa.timestamp("ns", zone)).cast(pa.timestamp("us", zone), safe=False))
        except pa.ArrowInvalid:
            continue
    found = [_is_moment(word) for word in words.to_pylist()]
    wrong = np.array([one is None for one in found])
    numbers = np.array([_is_number(word) for word in words])
    if wrong.any():
        return Misread(_first(~numbers if numbers.sum() > (~wrong).sum() else wrong), ANY)
    zoned = np.array(found, dtype=bool)
    return Misread(_first(zoned != zoned[0]), "a date as in the first row, with a time zone or without")


def _is_moment(word: str) -> bool | None:
    """Return whether a date has a time zone; None where it is no date."""
    try:
        return datetime.fromisoformat(word).tzinfo is not None
    except ValueError:
        return None


def _are_dates(numbers: Floats) -> bool:
    """Return whether all numbers are days of 1900 to 2100 as 20200705."""
    month, day = numbers // 100 % 100, numbers % 100
    whole = (numbers == np.floor(numbers)) & (numbers > 19_000_000) & (numbers < 21_010_000)
    return bool((whole & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def _seconds(numbers: Floats, unit: str) -> Floats:
    """Return numbers of a unit in seconds; of its parts by division, which rounds once."""
    return numbers * UNITS[unit] if UNITS[unit] >= 1.0 else numbers / round(1.0 / UNITS[unit])


def _is_number(word: Any) -> bool:
    """Return whether Arrow reads a word as a number; Python's `float` also takes 1_000 and digits of other scripts."""
    try:
        return word.cast(pa.float64()).is_valid
    except pa.ArrowInvalid:
        return False


def _first(wrong: Bools) -> int:
    return int(np.flatnonzero(wrong)[0])


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} s"
