"""Clicks made up in any size, for benchmarks: users of a few topics each, items with a long tail."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

_LIKED = 6  # topics of a user
_ANYTHING = 0.15  # of clicks that follow popularity alone
_DRAWN = 1.6  # for each click wanted: repeats are lost


def made_up(n_users: int, n_items: int, n_clicks: int, n_topics: int = 50, seed: int = 0) -> Any:
    """Return (n_users, n_items) float32 CSR with `n_clicks` ones, or a few less.

    Activity is log-normal (spread 1.2), as in public ratings; an item's popularity falls as 1 / (rank + 50)^1.1 within
    the catalogue; a user likes six topics, the first much more than the last, and clicks within them by popularity.

    Args:
        n_users: rows.
        n_items: columns.
        n_clicks: pairs of user and item, about.
        n_topics: of the items.
        seed: decides it all.
    """
    rng = np.random.default_rng(seed)
    popularity = (np.arange(n_items) + 50.0) ** -1.1
    rng.shuffle(popularity)
    topic = rng.integers(n_topics, size=n_items)
    order = np.argsort(topic, kind="stable")  # items by topic
    share = popularity[order] / np.bincount(topic, weights=popularity, minlength=n_topics)[topic[order]]
    heights = np.cumsum(share)  # topic t lies between t and t + 1, if each has items
    activity = rng.lognormal(0.0, 1.2, n_users)
    counts = np.maximum(activity / activity.sum() * _DRAWN * n_clicks, 7.0).astype(np.int64)
    users = np.repeat(np.arange(n_users, dtype=np.int32), counts)
    liked = rng.integers(n_topics, size=(n_users, _LIKED), dtype=np.int32)
    which = np.minimum((_LIKED * rng.random(len(users), dtype=np.float32) ** 2).astype(np.int8), _LIKED - 1)
    at = liked[users, which] + rng.random(len(users))
    items = order[np.minimum(np.searchsorted(heights, at), n_items - 1)].astype(np.int32)
    free = np.flatnonzero(rng.random(len(users), dtype=np.float32) < _ANYTHING)
    everyone = np.cumsum(popularity / popularity.sum())
    items[free] = np.minimum(np.searchsorted(everyone, rng.random(len(free))), n_items - 1)
    pairs = np.unique(users.astype(np.int64) * n_items + items)
    if len(pairs) > n_clicks:
        pairs = np.sort(rng.choice(pairs, n_clicks, replace=False))
    users, items = np.divmod(pairs, n_items)
    starts = np.searchsorted(users, np.arange(n_users + 1))
    ones = np.ones(len(items), dtype=np.float32)
    out: Any = scipy.sparse.csr_array((ones, items.astype(np.int32), starts.astype(np.int32)), shape=(n_users, n_items))
    return out
