"""Whether a propensity belongs to its own slot, or to that of another position, slate or user.

What a user was often shown before is likely to be shown again: within slots, the logarithm of a propensity goes up with
how often its item came up so far.  If it goes up with that of another slot instead, propensities have slipped.  Both
sums below run over the same slots in another order, so that what is common to slates, positions or days cancels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from serendip.experiments.offline.judging.audit.rows import Rows
from serendip.simulator.interface import Floats, Ints

CLEAR = 5.0  # standard errors by which another slot must fit better: false alarms 1 in 10^6
_FLAT = 1e-9  # spread of log propensities that is rounding
_PRIOR = 5.0  # showings that an item's share of all showings counts for, beside those of the user


def slips(rows: Rows) -> Iterator[tuple[str, float]]:
    """Yield where else propensities could belong, and by how many standard errors they fit better there."""
    n_places = int(rows.position.max()) + 1
    familiar = _familiarity(rows, n_places)
    likely = _less_mean(np.log(rows.propensity), rows.position)
    if np.abs(likely).max(initial=0.0) < _FLAT:
        return
    familiar = _less_mean(familiar, rows.position)
    who = np.unique(rows.user, return_inverse=True)[1]
    whole = len(rows) % n_places == 0 and bool((rows.position.reshape(-1, n_places) == np.arange(n_places)).all())
    if whole:
        grid: Ints = np.arange(len(rows)).reshape(-1, n_places)
        for step in range(1, n_places):
            other = np.roll(grid, -step, axis=1).ravel()
            yield f"position {step} further on (of {n_places}, in a circle)", _fits(likely, familiar, other, who)
    in_turn = np.argsort(rows.position, kind="stable")
    of_user = np.lexsort((np.arange(len(rows)), who, rows.position))
    for name, order in (("in the log", in_turn), ("of the user", of_user)):
        for step, which in ((-1, "next"), (1, "last")):
            other = np.empty(len(rows), dtype=np.int64)
            other[order] = np.roll(order, step)
            yield f"{which} slate {name}", _fits(likely, familiar, other, who)


def _familiarity(rows: Rows, n_places: int) -> Floats:
    """Return (n,) log of the share of earlier showings at the position that the item had, of the user and of all."""
    n_items, n = rows.items.n_items, len(rows)
    who = np.unique(rows.user, return_inverse=True)[1]
    place = rows.position * n_items + rows.item
    mine = _earlier(rows, who * (n_places * n_items) + place)
    of_user = _earlier(rows, who * n_places + rows.position)
    of_all, every = _earlier(rows, place), _earlier(rows, rows.position)
    share = (of_all + 1.0) / (every + n_items)
    return np.log((mine + _PRIOR * share) / (of_user + _PRIOR)) if n else np.zeros(0)


def _earlier(rows: Rows, key: Ints) -> Floats:
    """Return (n,) how many slots of the same key there were in blocks of days before."""
    order = np.lexsort((rows.day, key))
    sorted_key, day = key[order], rows.day[order]
    fresh = np.concatenate([[True], (np.diff(sorted_key) != 0)])
    turn = fresh | np.concatenate([[True], np.diff(day) != 0])
    index = np.arange(len(key))
    begins = np.maximum.accumulate(np.where(fresh, index, 0))
    today = np.maximum.accumulate(np.where(turn, index, 0))
    found = np.empty(len(key))
    found[order] = today - begins
    return found


def _less_mean(values: Floats, group: Ints) -> Floats:
    """Return the values less the mean of their group."""
    return values - (np.bincount(group, values) / np.maximum(np.bincount(group), 1))[group]


def _fits(likely: Floats, familiar: Floats, other: Ints, who: Ints) -> float:
    """Return by how many standard errors, over users, `likely` goes with what is familiar elsewhere, not there."""
    by_user = np.bincount(who, likely * (familiar[other] - familiar))
    error = float(np.sqrt(np.sum(by_user**2)))
    return float(by_user.sum()) / error if error > 0.0 else 0.0
