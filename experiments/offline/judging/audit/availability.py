"""How many items could be shown at each decision: what was released, less what was hidden from the user."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from serendip.experiments.offline.judging.audit.rows import Rows
from serendip.simulator.interface import Ints
from serendip.simulator.logs.spells import moment


class _Stretches(NamedTuple):
    """Spells as stretches of the blocks in order of user and time.

    Attributes:
        item: (S,) what was hidden.
        low: (S,) place of the first block.
        high: (S,) place after the last one.
        order: (B,) the block at each place.
    """

    item: Ints
    low: Ints
    high: Ints
    order: Ints


def day_of_blocks(rows: Rows) -> tuple[Ints, Ints]:
    """Return the days (D,) of a log, and (B,) which of them each block is of."""
    days, at = np.unique(rows.day, return_inverse=True)
    return days, _of_blocks(rows, at)


def of_kinds(rows: Rows, kind: Ints, n_kinds: int) -> Ints:
    """Return (B, n_kinds) how many items of each kind could be shown at each block; `kind` (M,) is that of an item."""
    days, at = day_of_blocks(rows)
    there = np.stack([np.bincount(kind[rows.items.available(int(d))], minlength=n_kinds) for d in days])[at]
    if rows.hidden is not None:
        there -= _hidden(_stretches(rows), kind, n_kinds)
    return there


def of_blocks(rows: Rows) -> Ints:
    """Return (B,) how many items could be shown at each block."""
    return of_kinds(rows, np.zeros(rows.items.n_items, dtype=np.int64), 1)[:, 0]


def of_items(rows: Rows, came: Any) -> Any:
    """Return (R, M) at how many of the blocks that `came` (R, B) each item could be shown."""
    days, at = day_of_blocks(rows)
    found = np.zeros((len(came), rows.items.n_items))
    for row, day in enumerate(days):
        found += np.outer((came & (at == row)).sum(axis=1), rows.items.available(int(day)))
    if rows.hidden is not None:
        spells = _stretches(rows)
        for row, counted in enumerate(came):
            found[row] -= _lengths(spells, counted, rows.items.n_items)
    return found


def hidden_after(rows: Rows, pair: Ints, first: Ints) -> tuple[Ints, Any]:
    """Return what is hidden of what a user was shown before: (B,) items at each block, and (M,) blocks of each item.

    Args:
        rows: the slots.
        pair: (P,) the pairs of user and item that were shown, in order: the user's rank times M and the item.
        first: (P,) block of the first showing of each.
    """
    n_items = rows.items.n_items
    nothing = np.zeros(rows.n_blocks, dtype=np.int64), np.zeros(n_items)
    if rows.hidden is None:
        return nothing
    spells = _stretches(rows)
    place = np.empty(rows.n_blocks, dtype=np.int64)
    place[spells.order] = np.arange(rows.n_blocks)
    user = np.unique(rows.user, return_inverse=True)[1]
    who = _of_blocks(rows, user)[spells.order[np.minimum(spells.low, rows.n_blocks - 1)]]
    sought = who * n_items + spells.item
    at = np.minimum(np.searchsorted(pair, sought), len(pair) - 1)
    low = np.maximum(spells.low, np.where(pair[at] == sought, place[first[at]] + 1, spells.high))
    later = spells._replace(low=np.minimum(low, spells.high))
    every = np.ones(rows.n_blocks, dtype=bool)
    return _hidden(later, np.zeros(n_items, dtype=np.int64), 1)[:, 0], _lengths(later, every, n_items)


def _of_blocks(rows: Rows, column: Ints) -> Ints:
    """Return (B,) the value that `column` (n,) has at the slots of each block."""
    found = np.empty(rows.n_blocks, dtype=np.int64)
    found[rows.block] = column
    return found


def _stretches(rows: Rows) -> _Stretches:
    """Return the spells of a log; those that no block is of are left out."""
    spells = rows.hidden
    assert spells is not None
    names, user = np.unique(rows.user, return_inverse=True)
    times, time = np.unique(moment(rows.day, rows.visit), return_inverse=True)
    key = _of_blocks(rows, user) * (len(times) + 1) + _of_blocks(rows, time)
    order = np.argsort(key)
    at = np.minimum(np.searchsorted(names, spells.user), len(names) - 1)
    begun = np.maximum(spells.first, moment(rows.items.released[spells.item], 0))
    ends = np.searchsorted(times, begun), np.searchsorted(times, spells.last, side="right")
    low, high = (np.searchsorted(key[order], at * (len(times) + 1) + end) for end in ends)
    here = (names[at] == spells.user) & (low < high)
    return _Stretches(spells.item[here], low[here], high[here], order)


def _hidden(spells: _Stretches, kind: Ints, n_kinds: int) -> Ints:
    """Return (B, n_kinds) how many items of each kind are hidden at each block."""
    steps = np.zeros((len(spells.order) + 1, n_kinds), dtype=np.int64)
    np.add.at(steps, (spells.low, kind[spells.item]), 1)
    np.add.at(steps, (spells.high, kind[spells.item]), -1)
    found = np.empty((len(spells.order), n_kinds), dtype=np.int64)
    found[spells.order] = np.cumsum(steps[:-1], axis=0)
    return found


def _lengths(spells: _Stretches, counted: Any, n_items: int) -> Any:
    """Return (M,) at how many of the blocks that are `counted` (B,) each item is hidden."""
    before = np.concatenate([[0], np.cumsum(counted[spells.order])])
    return np.bincount(spells.item, before[spells.high] - before[spells.low], minlength=n_items)
