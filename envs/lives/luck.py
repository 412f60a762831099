"""The uniforms of one life, many days at a time: an array call costs as much as a number of them one by one."""

from __future__ import annotations

import numpy as np

from serendip.simulator.randomness import absorb, fraction, uniform

DAYS, VISITS = 64, 8  # drawn at a time


class Luck:
    """What a user's luck is on `DAYS` days from the first; the numbers are those of `World`.

    Attributes:
        first: the first day that is drawn.
        comes: (DAYS,) uniforms that decide whether the user comes.
        slates: (DAYS,) those that decide how many slates they see.
        leaves: (DAYS,) those that decide whether they leave for good.
    """

    def __init__(self, keys: dict[str, int], word: int, first: int) -> None:
        """Draw the luck that hangs on `word`."""
        days = np.arange(first, first + DAYS)
        self.first = first
        self.comes: list[float] = uniform(keys["return"], word, days).tolist()
        self.slates: list[float] = uniform(keys["slates"], word, days).tolist()
        self.leaves: list[float] = uniform(keys["leave"], word, days).tolist()
        self._clicks: list[list[float]] = uniform(keys["click"], word, days[:, None], np.arange(VISITS), 0).tolist()
        self._clicking = absorb(keys["click"] & ((1 << 64) - 1), word)

    def click(self, day: int, visit: int) -> float:
        """Return the uniform that decides which slot is clicked, one for the whole slate."""
        if visit < VISITS:
            return self._clicks[day - self.first][visit]
        return fraction(absorb(absorb(absorb(self._clicking, day), visit), 0))
