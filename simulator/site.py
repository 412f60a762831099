"""What a site sees and keeps of its users beside the log itself; whoever wants such a number takes it from here.

How long things are remembered is said once: a visit counts for `ACTIVITY_DAYS`, what was shown and clicked for
`MEMORY_DAYS`.
"""

from __future__ import annotations

import numpy as np

from serendip.simulator.interface import Array, Bools, Ints, Singles, SmallInts

ACTIVITY_DAYS = 14.0  # days in which a visit fades to 1/e of what it counts for as recent activity
MEMORY_DAYS = 7.0  # days in which a click or an exposure fades to 1/e
HALF_GAP = 7.0  # days since the last visit that read as 1/2
HALF_TENURE = 30.0  # days since the first visit that read as 1/2
HALF_VISIT = 3.0  # slates seen in this visit that read as 1/2


class RecentVisits:
    """Visits per day of n users, exponentially weighted: a day with a visit, t days ago, counts e^(-t / days) / days.

    Attributes:
        rate: (n,) visits per day, as of this morning and what has been counted today.
    """

    def __init__(self, n_users: int, days: float = ACTIVITY_DAYS, dtype: type[np.floating] = np.float32) -> None:
        """Count from nothing; a visit fades to 1/e in `days`."""
        self.rate: Array = np.zeros(n_users, dtype)
        self._step, self._fade = dtype(1.0 / days), dtype(np.exp(-1.0 / days))

    def came(self, users: Ints | Bools) -> None:
        """Count today's visit of `users`, rows without repeats or a mask."""
        self.rate[users] += self._step

    def night(self) -> None:
        """Let a day pass."""
        self.rate *= self._fade


class Observed:
    """The `state` columns of a decision: recent activity, breadth of clicks and tenure of n users.

    Recent activity is that of `RecentVisits`; distinct topics are those ever clicked; tenure is days since arrival.
    """

    def __init__(self, first_day: SmallInts, topic: SmallInts, n_topics: int) -> None:
        """Have seen nothing yet of users who arrived on `first_day` (n,), among items of `topic` (M,)."""
        self._first_day = first_day
        self._topic = topic
        self._recent = RecentVisits(len(first_day))
        self._clicked = np.zeros((len(first_day), n_topics), dtype=bool)

    def state(self, users: Ints, day: int) -> Singles:
        """Return (B, 3) recent activity, distinct topics clicked, tenure in days."""
        columns = (self._recent.rate[users], self._clicked[users].sum(axis=1), day - self._first_day[users])
        return np.stack(columns, axis=1).astype(np.float32)

    def came(self, users: Ints) -> None:
        """Count today's visit of `users` (B,)."""
        self._recent.came(users)

    def clicked(self, users: Ints, items: Ints, clicked: Bools) -> None:
        """Count the topics of what `users` (B,) clicked in slates `items` (B, L)."""
        rows, slots = np.nonzero(clicked)
        self._clicked[users[rows], self._topic[items[rows, slots]]] = True

    def night(self) -> None:
        """Let a day pass."""
        self._recent.night()


def n_features(n_topics: int) -> int:
    """Return how many numbers `Memory` has of a user: clicks and exposures by topic, gap, tenure, slates."""
    return 2 * n_topics + 3


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
        np.add.at(self.exposures, (rows[:, None], topics), np.float32(1.0))
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
