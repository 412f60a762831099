"""What a site keeps of each user beside the log itself: the `state` columns of a decision."""

from __future__ import annotations

import numpy as np

from serendip.simulator.interface import Bools, Ints, Singles, SmallInts

MEMORY_DAYS = 14.0


class Observed:
    """Recent activity, breadth of clicks and tenure of n users, as a site could count them.

    Recent activity is visits per day, exponentially weighted over `MEMORY_DAYS`; distinct topics are those ever
    clicked; tenure is days since arrival.
    """

    def __init__(self, first_day: SmallInts, topic: SmallInts, n_topics: int) -> None:
        n = len(first_day)
        self._first_day = first_day
        self._topic = topic
        self._recent = np.zeros(n, np.float32)
        self._clicked = np.zeros((n, n_topics), dtype=bool)

    def state(self, users: Ints, day: int) -> Singles:
        """Return (B, 3) recent activity, distinct topics clicked, tenure in days."""
        columns = (self._recent[users], self._clicked[users].sum(axis=1), day - self._first_day[users])
        return np.stack(columns, axis=1).astype(np.float32)

    def came(self, users: Ints) -> None:
        """Count today's visit of `users` (B,)."""
        self._recent[users] += np.float32(1.0 / MEMORY_DAYS)

    def clicked(self, users: Ints, items: Ints, clicked: Bools) -> None:
        """Count the topics of what `users` (B,) clicked in slates `items` (B, L)."""
        rows, slots = np.nonzero(clicked)
        self._clicked[users[rows], self._topic[items[rows, slots]]] = True

    def night(self) -> None:
        """Let a day pass."""
        self._recent *= np.float32(np.exp(-1.0 / MEMORY_DAYS))
