"""What is believed of n users, an array for each thing known: what tastes and vectors have in common."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

import numpy as np

from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Ints, SmallInts


class UserRows:
    """A dataclass of arrays whose first axis is the user, by row of the history.

    Attributes:
        fill: (n, K) satiation on the morning of `last_day`, or later that day.
        last_day: (n,) the last day of a slate.
    """

    __slots__ = ()

    fill: Floats
    last_day: SmallInts

    def __len__(self) -> int:
        return len(self.last_day)

    def copy(self) -> Self:
        """Return the same in arrays of its own."""
        return type(self)(*(array.copy() for array in self.arrays().values()))

    def followed_by(self, more: Self) -> Self:
        """Return these users, then `more`."""
        others = more.arrays()
        return type(self)(*(np.concatenate([array, others[name]]) for name, array in self.arrays().items()))

    def fill_on(self, rows: Ints, day: int, fading: Floats) -> Floats:
        """Return (B, K) satiation of the users at `rows` on `day`.

        Args:
            rows: (B,) users.
            day: when.
            fading: (days,) what is left of satiation after so many days.
        """
        gap = np.clip(day - self.last_day[rows], 0, len(fading) - 1)
        return self.fill[rows] * fading[gap][:, None]

    def arrays(self) -> Arrays:
        """Return all of it."""
        own: Any = self
        return {field.name: getattr(self, field.name) for field in fields(own)}
