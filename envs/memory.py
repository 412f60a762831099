"""What a site sees of its users, as numbers that a learning library can use."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from gymnasium import spaces

from serendip.simulator.arrays import add_at
from serendip.simulator.interface import Bools, Ints, Singles

Array = Any
MEMORY_DAYS = 7.0  # days in which a click or an exposure fades to 1/e
HALF_GAP = 7.0  # days since the last visit that read as 1/2
HALF_TENURE = 30.0  # days since the first visit that read as 1/2
HALF_VISIT = 3.0  # slates seen in this visit that read as 1/2


def n_features(n_topics: int) -> int:
    """Return the length of an observation: clicks and exposures by topic, gap, tenure, slates of this visit."""
    return 2 * n_topics + 3


def observation_space(n_topics: int) -> spaces.Space[Singles]:
    """Return the space of what a site sees of one user."""
    return cast("spaces.Space[Singles]", spaces.Box(0.0, 1.0, (n_features(n_topics),), np.float32))


def fade_table(max_days: int) -> Singles:
    """Return (max_days + 1,) what is left of a click after 0, 1, ... days."""
    return np.exp(-np.arange(max_days + 1) / MEMORY_DAYS).astype(np.float32)


class Memory:
    """What a site remembers of n users: recent clicks and exposures by topic, first and last visit.

    Attributes:
        clicks: (n, K) float32 clicks by topic, each fading with `MEMORY_DAYS`, as of the last visit.
        exposures: (n, K) float32 items shown by topic, likewise.
        first: (n,) day of the first visit.
        last: (n,) day of the last visit.
        gap: (n,) days between the last visit and the one before it; 0 at the first.
    """

    def __init__(self, n_users: int, n_topics: int, max_days: int) -> None:
        """Remember nothing yet of any user; no visit is more than `max_days` after another."""
        self.clicks = np.zeros((n_users, n_topics), np.float32)
        self.exposures = np.zeros((n_users, n_topics), np.float32)
        self.first = np.full(n_users, -1, np.int64)
        self.last = np.full(n_users, -1, np.int64)
        self.gap = np.zeros(n_users, np.int64)
        self._fade = fade_table(max_days)

    def forget(self, rows: Ints) -> None:
        """Forget what was seen of the users at `rows` (B,)."""
        self.clicks[rows] = 0.0
        self.exposures[rows] = 0.0
        self.first[rows] = -1
        self.last[rows] = -1
        self.gap[rows] = 0

    def meet(self, rows: Ints, day: Array) -> None:
        """Note that the users at `rows` (B,) are here on `day`, one for all or (B,): what they did has faded since."""
        new = self.first[rows] < 0
        self.first[rows] = np.where(new, day, self.first[rows])
        gap = np.where(new, 0, day - self.last[rows])
        self.last[rows] = day
        self.gap[rows] = gap
        fade = self._fade[gap][:, None]
        self.clicks[rows] *= fade
        self.exposures[rows] *= fade

    def note(self, rows: Ints, topics: Ints, clicked: Bools) -> None:
        """Note that slates of `topics` (B, L) were shown to the users at `rows` (B,), and what they clicked."""
        add_at(self.exposures, rows, topics, 1.0)
        slates, slots = np.nonzero(clicked)
        np.add.at(self.clicks, (rows[slates], topics[slates, slots]), 1.0)

    def features(self, rows: Ints, visit: Array) -> Singles:
        """Return (B, 2K + 3) in [0, 1): clicks, exposures, gap, tenure, slates of this visit, as x / (x + half).

        Args:
            visit: number of the slate within the day, one for all or (B,).
        """
        n_topics = self.clicks.shape[1]
        seen = np.empty((len(rows), n_features(n_topics)), np.float32)
        seen[:, :n_topics] = self.clicks[rows]
        seen[:, n_topics : 2 * n_topics] = self.exposures[rows]
        seen[:, -3] = self.gap[rows] / HALF_GAP
        seen[:, -2] = (self.last[rows] - self.first[rows]) / HALF_TENURE
        seen[:, -1] = visit / HALF_VISIT
        return np.asarray(seen / (seen + 1.0), np.float32)
