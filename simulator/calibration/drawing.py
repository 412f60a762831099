"""Loops over people that no array operation says: items drawn without replacement, days drawn in order."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from serendip.simulator.interface import Bools, Floats, Ints, SmallInts

_compiled: Any = numba.njit(cache=True)


@_compiled
def draw_items(weight: Floats, row: Ints, n: Ints, rng: np.random.Generator) -> SmallInts:
    """Return n items for each of some rows of `weight`, row after row, in the order in which they are drawn.

    Each is drawn by its share of the weight of those that are left (Plackett-Luce): by its share of all, and again
    where it was drawn before; once such misses cost more than a pass over the items, those drawn are taken out.

    Args:
        weight: (B, M) how much each item is wanted, above 0.
        row: (P,) rows that are drawn for.
        n: (P,) how many are drawn for each, at most M.
        rng: what the draws come from.
    """
    n_items = weight.shape[1]
    found = np.empty(n.sum(), dtype=np.int32)
    sums = np.empty(n_items)
    at = 0
    for person in range(len(n)):
        wanted = weight[row[person]]
        taken = np.zeros(n_items, dtype=np.bool_)
        sums[:] = np.cumsum(wanted)
        misses = 0
        for _ in range(n[person]):
            item = min(np.searchsorted(sums, rng.random() * sums[-1], side="right"), n_items - 1)
            while taken[item]:
                misses += 1
                if misses * 32 > n_items:
                    misses, total = 0, 0.0
                    for other in range(n_items):
                        total += 0.0 if taken[other] else wanted[other]
                        sums[other] = total
                item = np.searchsorted(sums, rng.random() * sums[-1], side="right")
                if item == n_items:  # what is left weighs nothing: the first of it
                    item = np.flatnonzero(~taken)[0]
            taken[item] = True
            found[at] = item
            at += 1
    return found


@_compiled
def draw_days_of(watched: Ints, repeats: Ints, lasts: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return (user, day): day 0 and, in order, the first `lasts` of `repeats` days drawn from 1 to `watched`, of each.

    Args:
        watched: (N,) days that can be drawn.
        repeats: (N,) how many are drawn, none twice; at most `watched`.
        lasts: (N,) how many of them are kept.
        rng: what the draws come from.
    """
    total = len(watched) + np.minimum(repeats, lasts).sum()
    user, day = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    at = 0
    for u in range(len(watched)):
        user[at], day[at] = u, 0
        at += 1
        left, kept, when = repeats[u], min(repeats[u], lasts[u]), 0
        while kept > 0:  # each day is one of the `left` with probability left / days that are left
            when += 1
            if rng.random() * (watched[u] - when + 1) < left:
                user[at], day[at] = u, when
                at, left, kept = at + 1, left - 1, kept - 1
    return user, day


@_compiled
def first_of_topic(user: Ints, topic: Ints, n_topics: int) -> Bools:
    """Return (n,) whether each event is the user's first in its topic; events of a user stand together, in order."""
    seen = np.full(n_topics, -1, dtype=np.int64)
    new = np.zeros(len(user), dtype=np.bool_)
    for event in range(len(user)):
        if seen[topic[event]] != user[event]:
            seen[topic[event]] = user[event]
            new[event] = True
    return new
