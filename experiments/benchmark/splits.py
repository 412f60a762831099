"""Who is held out: other users, other clicks of the same users, what a file says, last clicks, or the last days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from serendip.agents.models.model import in_order
from serendip.experiments.benchmark.data import Events
from serendip.simulator import randomness
from serendip.simulator.errors import DataError

Protocol = Literal["strong", "weak", "given", "last", "time"]


@dataclass(frozen=True, slots=True)
class Part:
    """Users to be ranked for: what is known of each, and what is asked.

    Attributes:
        known: (n, n_items) CSR, folded in; never counted as a hit.
        asked: (n, n_items) CSR, what was held out.
    """

    known: Any
    asked: Any


@dataclass(frozen=True, slots=True)
class Split:
    """What is learned from, what is tuned on, and what is looked at once; rows in time order (see `in_order`).

    Attributes:
        train: (n_users, n_items) CSR.
        validation: users that models are tuned on.
        test: users that the table is made of.
    """

    train: Any
    validation: Part
    test: Part


def split(events: Events, protocol: Protocol, seed: int, min_events: int = 5) -> Split:
    """Return the split of `events`.

    strong: a tenth of the users each (at most 10,000) for validation and test, 80% of whose clicks are folded in, as
    in Liang et al. (2018); items that no training user clicked are left out.  weak: 10% of every user's clicks each.
    given: a file of the data set says what is the test; 10% of each user's other clicks are for validation.
    last: the last click of every user is the test, the one before it the validation.  time: two moments for all cut
    off the last tenth of the events as the test and the tenth before it as the validation; nothing that is learned,
    folded in or decides who takes part happened later than what is asked.

    Args:
        events: what happened.
        protocol: who and what is held out.
        seed: decides it, where chance does.
        min_events: events before the moment that a user needs who takes part; for `time` alone.

    Raises:
        DataError: the order in time, or what a file holds out, is asked for and not known; or too few users.
    """
    if protocol == "given":
        return _given(events, seed)
    if protocol == "last":
        return _last(events)
    if protocol == "time":
        return _by_time(events, min_events)
    return _strong(events, seed) if protocol == "strong" else _weak(events, seed)


def _strong(events: Events, seed: int) -> Split:
    n_users = events.shape[0]
    n_held = min(10_000, n_users // 10)
    if n_held < 1:
        raise DataError(f"strong generalisation holds out a tenth of the users; {n_users} are too few, ten are needed")
    role = np.zeros(n_users, dtype=np.int64)
    order = randomness.generator(seed, "users").permutation(n_users)
    role[order[:n_held]], role[order[n_held : 2 * n_held]] = 1, 2
    learned = np.unique(events.items[role[events.users] == 0])
    kept = np.isin(events.items, learned)
    users, items = events.users[kept], np.searchsorted(learned, events.items[kept])
    shape = (n_users, len(learned))
    rank, counts = _ranks(users, seed)
    asked = rank < np.floor(0.2 * counts)[users]
    train, known = in_order(users, items, shape), in_order(users[~asked], items[~asked], shape)
    test = in_order(users[asked], items[asked], shape)
    rows = [np.flatnonzero(role == part) for part in range(3)]
    return Split(train[rows[0]], _part(known[rows[1]], test[rows[1]]), _part(known[rows[2]], test[rows[2]]))


def _weak(events: Events, seed: int) -> Split:
    rank, counts = _ranks(events.users, seed)
    tenth = np.maximum(np.floor(0.1 * counts), 1.0)[events.users]
    role = np.where(rank < tenth, 2, np.where(rank < 2 * tenth, 1, 0))
    return _by_role(events, role)


def _given(events: Events, seed: int) -> Split:
    if events.given is None:
        raise DataError("these data come without a test.txt that holds out; use the protocol 'strong' or 'weak'")
    learned = events.users[~events.given]
    rank, counts = _ranks(learned, seed)
    role = np.full(len(events.users), 2)
    role[~events.given] = rank < np.floor(0.1 * counts)[learned]
    return _by_role(events, role)


def _last(events: Events) -> Split:
    if not events.timed:
        raise DataError("leaving out the last click needs an order in time, which these data do not have")
    order = np.lexsort((np.arange(len(events.users)), events.times, events.users))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    ends = np.cumsum(np.bincount(events.users))
    from_end = ends[events.users] - 1 - place
    return _by_role(events, np.where(from_end == 0, 2, np.where(from_end == 1, 1, 0)))


def _by_time(events: Events, min_events: int) -> Split:
    """Split at two moments; items nobody clicked before the first are not asked, for nothing can be learned of them."""
    if not events.timed:
        raise DataError("a split at moments needs times, which these data do not have")
    first, second = np.quantile(events.times, [0.8, 0.9], method="higher")
    before, later = events.times < first, events.times < second
    known = np.bincount(events.users[before], minlength=events.shape[0]) >= min_events
    learned = np.unique(events.items[before & known[events.users]])
    if not len(learned) or not (~later).any():
        raise DataError(
            f"nobody has {min_events} positives before the last fifth of the events; --min-events changes it"
        )
    kept = np.isin(events.items, learned)
    users, before, later = events.users[kept], before[kept], later[kept]
    items, shape = np.searchsorted(learned, events.items[kept]), (events.shape[0], len(learned))
    train, between, known_later, asked = (
        in_order(users[part], items[part], shape) for part in (before, later & ~before, later, ~later)
    )
    parts = [_part(*_enough(known, asked, min_events)) for known, asked in ((train, between), (known_later, asked))]
    if not all(part.asked.shape[0] for part in parts):
        raise DataError("no user comes back in the last tenth of the events, or the one before; nothing can be asked")
    return Split(train[np.flatnonzero(known)], *parts)


def _enough(known: Any, asked: Any, min_events: int) -> tuple[Any, Any]:
    """Return the users of whom enough is known."""
    rows = np.flatnonzero(np.diff(known.indptr) >= min_events)
    return known[rows], asked[rows]


def _by_role(events: Events, role: Any) -> Split:
    """Split each user's own events; for the test, what was held out to tune on is known."""
    train, validation, test, known = (
        in_order(events.users[part], events.items[part], events.shape)
        for part in (role == 0, role == 1, role == 2, role < 2)
    )
    return Split(train, _part(train, validation), _part(known, test))


def _part(known: Any, asked: Any) -> Part:
    """Return the users of whom something is asked."""
    rows = np.flatnonzero(np.diff(asked.indptr))
    return Part(known[rows], asked[rows])


def _ranks(users: Any, seed: int) -> tuple[Any, Any]:
    """Return (n,) each event's random rank among its user's, and (n_users,) how many there are."""
    luck = randomness.generator(seed, "events").random(len(users))
    order = np.lexsort((luck, users))
    counts = np.bincount(users)
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(users), dtype=np.int64)
    rank[order] = np.arange(len(users)) - starts[users[order]]
    return rank, counts
