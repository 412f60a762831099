"""Times of a file: which unit they are in, told from the whole column, and the days they fall on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints

SECONDS_PER_DAY = 86_400
UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
EARLIEST, LATEST = 1e8, 4.1e9  # seconds since 1970: March 1973 to the end of 2099


@dataclass(frozen=True, slots=True)
class Times:
    """What the times of a file say.

    Attributes:
        seconds: (n,) seconds, since 1970 or since an unknown start.
        day: (n,) day, from the first of the file.
        said: how they were read, such as "1997-09-20 to 1998-04-23, seconds".
    """

    seconds: Floats
    day: Ints
    said: str


def read_times(stamps: Floats, name: str, where: str) -> Times:
    """Return what `stamps` (n,) say: all of them dates since 1973 in one unit, or all of them seconds from some start.

    Args:
        stamps: numbers as they stand in the file.
        name: what their column is called.
        where: what the file is called.

    Raises:
        DataError: they are in no unit, or all but a few are; the message names the first row that is not.
    """
    inside = {unit: (stamps >= EARLIEST * size) & (stamps <= LATEST * size) for unit, size in UNITS.items()}
    unit = max(inside, key=lambda one: int(inside[one].sum()))
    if inside[unit].all():
        seconds = stamps / UNITS[unit]
        said = f"{_date(seconds.min())} to {_date(seconds.max())}, {unit}"
        return Times(seconds, _days(seconds), said)
    relative = (stamps >= 0.0) & (stamps < EARLIEST)
    if relative.all():
        day = _days(stamps)
        return Times(stamps, day, f"{int(day.max()) + 1} days from an unknown start, seconds")
    known = inside[unit] if inside[unit].sum() >= relative.sum() else relative
    row = int(np.flatnonzero(~known)[0])
    usual = f"{unit} since 1970" if known is inside[unit] else "seconds from some start"
    if known.sum() < len(stamps) / 2:
        raise DataError(
            f"{where}: row {row + 2}: {name} is {stamps[row]:.15g}; allowed is one unit: {', '.join(UNITS)}"
        )
    raise DataError(
        f"{where}: row {row + 2}: {name} is {stamps[row]:.15g}, but {known.mean():.1%} of the rows are {usual}; "
        "mend the row or leave it out"
    )


def _days(seconds: Floats) -> Ints:
    days = np.floor(seconds / SECONDS_PER_DAY).astype(np.int64)
    return days - days.min()


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(float(seconds), tz=UTC).strftime("%Y-%m-%d")
