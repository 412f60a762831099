"""Weights of mean 1, of targets that show every item of a group alike: the questions that are put to propensities.

For a target that shows each of m items with a chance of 1 / m, the weight of a slot is 1 / (m propensity) where it
shows one of them and 0 elsewhere.  Whatever the logging policy, its mean is 1, if it can show all of them and
propensities are right.  Which items are meant may follow from what came before: the most shown ones so far, or those
that the user was shown.  A weight below is the mean over the slots of a user's day.
"""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.judging.audit import availability
from serendip.experiments.offline.judging.audit.evidence import Weighed, sums
from serendip.experiments.offline.judging.audit.rows import Rows
from serendip.experiments.offline.reading.table_files import occurrence
from serendip.simulator.interface import Floats, Ints

EARLY = 0.4  # share of the decisions that rank the items, which are then tested on the others
TENTHS = 10


def uniform(rows: Rows, column: Ints) -> Weighed:
    """Return the weights against uniformly random slates, in groups of a column whose values are those of blocks."""
    weight = _means(rows, 1.0 / (_available(rows) * rows.propensity))
    group = np.empty(rows.n_blocks, dtype=np.int64)
    group[rows.block] = column
    n = int(column.max()) + 1
    return Weighed(weight, group, np.bincount(group, minlength=n).astype(np.float64), np.full(n, _largest(rows, 1.0)))


def by_position(rows: Rows) -> Weighed:
    """Return the weights against uniformly random slates of each position."""
    n, every = rows.n_blocks, 1.0 / (_available(rows) * rows.propensity)
    cell = rows.position * n + rows.block
    used, at = np.unique(cell, return_inverse=True)
    weight = sums(at, every) / np.bincount(at)
    group = used // n
    n_groups = int(rows.position.max()) + 1
    decisions = np.bincount(group, minlength=n_groups).astype(np.float64)
    return Weighed(weight, group, decisions, np.full(n_groups, _largest(rows, 1.0)))


def by_item(rows: Rows, *, positions: bool) -> Weighed:
    """Return the weights against always showing one item, somewhere or at each position; those of no showing left out.

    A decision counts for an item that was there on its day.
    """
    n_items, n_blocks, n_places = rows.items.n_items, rows.n_blocks, int(rows.position.max()) + 1
    size = np.bincount(rows.block) if not positions else _size_at(rows, n_places)
    group = rows.item + (rows.position * n_items if positions else 0)
    place = rows.block + (rows.position * n_blocks if positions else 0)
    cell, at = np.unique(group * n_blocks + rows.block, return_inverse=True)
    weight = sums(at, 1.0 / (rows.propensity * size[place]))
    n_groups = n_items * (n_places if positions else 1)
    decisions = _decisions(rows, n_places if positions else 0)
    longest = 1 if positions else n_places
    largest = np.full(n_groups, 1.0 / (rows.floor * longest) if rows.floor else np.inf)
    return Weighed(weight, cell // n_blocks, decisions, largest)


def by_popularity(rows: Rows, *, positions: bool) -> Weighed | None:
    """Return the weights by tenth of the items, ranked by their showings in early blocks and tested on later ones.

    None where there are too few blocks for both.
    """
    n_items = rows.items.n_items
    early = rows.block < int(EARLY * rows.n_blocks)
    if not early.any() or n_items < 2:
        return None
    shown = np.bincount(rows.item[early], minlength=n_items)
    n_tenths = min(TENTHS, n_items)
    tenth: Ints = np.empty(n_items, dtype=np.int64)
    tenth[np.argsort(-shown, kind="stable")] = np.arange(n_items) * n_tenths // n_items
    later = rows.pick(~early)
    return _by_kind(later, tenth, n_tenths, positions=positions)


def _by_kind(rows: Rows, kind: Ints, n_kinds: int, *, positions: bool) -> Weighed:
    """Return the weights against showing the items of one kind (M,) alike, somewhere or at each position."""
    n_places, n_blocks = int(rows.position.max()) + 1, rows.n_blocks
    there = availability.of_kinds(rows, kind, n_kinds)  # (B, kinds)
    of = kind[rows.item]
    place = rows.position if positions else np.zeros_like(rows.position)
    size = _size_at(rows, n_places)[rows.position * n_blocks + rows.block] if positions else _size(rows)[rows.block]
    group = place * n_kinds + of
    cell, into = np.unique(group * n_blocks + rows.block, return_inverse=True)
    weight = sums(into, 1.0 / (there[rows.block, of] * rows.propensity * size))
    n_groups = n_kinds * (n_places if positions else 1)
    blocks = there > 0  # (B, kinds)
    if positions:
        came = _size_at(rows, n_places).reshape(n_places, n_blocks) > 0
        decisions = (came.astype(np.float64) @ blocks.astype(np.float64)).ravel()
    else:
        decisions = blocks.sum(axis=0).astype(np.float64)
    fewest = np.where(there > 0, there, np.iinfo(np.int64).max).min(axis=0)
    largest = np.tile(1.0 / (fewest * rows.floor) if rows.floor else np.full(n_kinds, np.inf), n_groups // n_kinds)
    return Weighed(weight, cell // n_blocks, decisions, largest)


def seen_before(rows: Rows) -> Weighed | None:
    """Return the weights against showing each user alike what that user was shown on days before; None on one day.

    These are the items that a policy which knows its users shows again, so that its propensities are large here.
    """
    n_items, n = rows.items.n_items, len(rows)
    who = np.unique(rows.user, return_inverse=True)[1]
    pair = who * n_items + rows.item
    order = np.lexsort((rows.block, pair))
    new = np.concatenate([[True], np.diff(pair[order]) != 0])
    first = np.empty(n, dtype=np.int64)
    first[order] = rows.block[order][np.maximum.accumulate(np.where(new, np.arange(n), 0))]
    again = first < rows.block
    pairs = pair[order][new], rows.block[order][new]
    known = _known_before(rows, who, np.sort(order[new])) - availability.hidden_after(rows, *pairs)[0]  # (B,)
    asked = np.flatnonzero(known > 0)
    if not len(asked):
        return None
    slots = again & (known[rows.block] > 0)
    of = rows.block[slots]
    weight = sums(of, 1.0 / (known[of] * rows.propensity[slots] * _size(rows)[of]), rows.n_blocks)[asked]
    largest = 1.0 / rows.floor if rows.floor else np.inf
    return Weighed(weight, np.zeros(len(asked), dtype=np.int64), np.array([float(len(asked))]), np.array([largest]))


def by_item_seen_before(rows: Rows) -> Weighed | None:
    """Return the weights against always showing an item to those who were shown it on a day before; None on one day.

    Where a policy knows its users it shows them the item again with a large propensity, so that fewer decisions do.
    """
    n_items, who = rows.items.n_items, np.unique(rows.user, return_inverse=True)[1]
    pair, at = np.unique(who * n_items + rows.item, return_inverse=True)
    first = np.full(len(pair), rows.n_blocks)
    np.minimum.at(first, at, rows.block)
    owner = np.empty(rows.n_blocks, dtype=np.int64)
    owner[rows.block] = who
    turn = occurrence(owner)
    total = np.bincount(owner)
    later = total[pair // n_items] - turn[first] - 1  # (P,) blocks of the user after the first showing
    decisions = (
        sums(pair % n_items, later.astype(np.float64), n_items) - availability.hidden_after(rows, pair, first)[1]
    )
    again = np.flatnonzero(first[at] < rows.block)
    if not len(again):
        return None
    cell, into = np.unique(rows.item[again] * rows.n_blocks + rows.block[again], return_inverse=True)
    weight = sums(into, 1.0 / (rows.propensity[again] * _size(rows)[rows.block[again]]))
    largest = 1.0 / (rows.floor * (int(rows.position.max()) + 1)) if rows.floor else np.inf
    return Weighed(weight, cell // rows.n_blocks, decisions, np.full(n_items, largest))


def of_slates(rows: Rows) -> Weighed | None:
    """Return the weights of whole slates against uniformly random ones; None where their probability is not known."""
    n_places = int(rows.position.max()) + 1
    first = np.flatnonzero(rows.position == 0)
    if n_places == 1 or np.isnan(rows.whole).any() or len(first) * n_places != len(rows):
        return None
    ways = np.prod(_available(rows)[first, None] - np.arange(n_places), axis=1)
    block = rows.block[first]
    weight = sums(block, 1.0 / (ways * rows.whole[first])) / np.bincount(block)
    return Weighed(weight, np.zeros(len(weight), dtype=np.int64), np.array([float(len(weight))]), np.array([np.inf]))


def _known_before(rows: Rows, who: Ints, firsts: Ints) -> Ints:
    """Return (B,) different items that the user of each block was shown earlier; `firsts` are slots, in order."""
    fresh = np.bincount(rows.block[firsts], minlength=rows.n_blocks)
    owner = np.empty(rows.n_blocks, dtype=np.int64)
    owner[rows.block] = who
    order = np.argsort(owner, kind="stable")
    total = np.cumsum(fresh[order])
    begins = np.concatenate([[True], np.diff(owner[order]) != 0])
    base = np.maximum.accumulate(np.where(begins, total - fresh[order], 0))
    found = np.empty(rows.n_blocks, dtype=np.int64)
    found[order] = total - base - fresh[order]
    return found


def _available(rows: Rows) -> Floats:
    """Return (n,) number of items that could be shown at each slot."""
    return availability.of_blocks(rows).astype(np.float64)[rows.block]


def _decisions(rows: Rows, n_places: int) -> Floats:
    """Return the blocks in which each item could be shown, (M,), or at each position, (L M,)."""
    n_blocks = rows.n_blocks
    came = np.ones((1, n_blocks), bool) if not n_places else _size_at(rows, n_places).reshape(n_places, n_blocks) > 0
    return availability.of_items(rows, came).ravel()


def _means(rows: Rows, weight: Floats) -> Floats:
    """Return (B,) mean of the slots of each block."""
    return sums(rows.block, weight) / _size(rows)


def _size(rows: Rows) -> Ints:
    """Return (B,) slots of each block."""
    return np.bincount(rows.block)


def _size_at(rows: Rows, n_places: int) -> Ints:
    """Return (L B,) slots of each block at each position."""
    return np.bincount(rows.position * rows.n_blocks + rows.block, minlength=n_places * rows.n_blocks)


def _largest(rows: Rows, among: float) -> float:
    """Return what no weight exceeds, of a target that shows `among` of the fewest items there are, alike."""
    if not rows.floor:
        return np.inf
    return 1.0 / (among * float(availability.of_blocks(rows).min()) * rows.floor)
