"""What interactions say of their users before any fit: the positives that count, when people came, what they knew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.rates import Activity, activity_of
from serendip.simulator.calibration.reading import Dated
from serendip.simulator.calibration.replicas import History
from serendip.simulator.dynamics.learning import worth
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats

MIN_POSITIVES = 5
KEPT_SHARE = 0.8
EARLY = 8


def positives(data: Dated, path: Path) -> History:
    """Return the positives of the items that have enough of them: 5 each, or fewer if that keeps too little."""
    user, item, day = data.user[data.liked], data.item[data.liked], data.day[data.liked]
    pair = user * len(data.item_names) + item
    first = np.sort(np.unique(pair, return_index=True)[1])  # an item liked twice counts once
    user, item, day = user[first], item[first], day[first]
    count = np.bincount(item)
    enough = [k for k in range(1, MIN_POSITIVES + 1) if count[count >= k].sum() >= KEPT_SHARE * len(item)]
    keep = count[item] >= max(enough)
    people, user = np.unique(user[keep], return_inverse=True)
    kept, item = np.unique(item[keep], return_inverse=True)
    if len(people) < 2 or len(kept) < 2:
        raise DataError(
            f"{path}: {len(people)} users and {len(kept)} items with a positive ({data.rule}); a world needs 2 of each"
        )
    end = int(data.day.max()) + 1
    visitor, visit_day = np.divmod(np.unique(data.user * end + data.day), end)
    came = np.isin(visitor, people)
    return History(user, item, day[keep], people, kept, np.searchsorted(people, visitor[came]), visit_day[came])


def activity_in(data: Dated, history: History) -> Activity:
    """Return when the people of `history` were active, positives or not."""
    activity = activity_of(data.user, data.day, len(data.user_names))
    at = history.people
    return Activity(activity.repeats[at], activity.recency[at], activity.watched[at])


def known_at_first(
    history: History, topic: Any, n_topics: int, taste: Floats, factors: Floats, quality: Floats
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return (N, K) the repertoire that each user's first positives gave, by the world's own rule of learning.

    Args:
        history: the positives of the data.
        topic: (M,) topic of each item.
        n_topics: number of topics.
        taste: (N, d) tastes of the users.
        factors: (M, d) factors of the items.
        quality: (M,) quality of each item, in units of utility.
    """
    rank = np.arange(len(history.user)) - np.searchsorted(history.user, history.user)
    early = rank < EARLY
    user, item = history.user[early], history.item[early]
    match = (taste[user] * factors[item]).sum(axis=1) + quality[item]
    missing = np.ones((len(taste), n_topics))
    np.multiply.at(missing, (user, topic[item]), 1.0 - Repertoire().learning * np.clip(worth(match), 0.0, 1.0))
    return (1.0 - missing).astype(np.float32)
