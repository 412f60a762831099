"""The best slate for each visitor: the highest scores first, ties broken by a hash, never by the order of a batch."""

from __future__ import annotations

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.interface import Bools, Ints, SerendipError, SettingsError, Singles

_BLOCK_ABOVE = 4096  # items; from there on a row is searched in blocks, so that it is read once and not L times


def top_slates(scores: Singles, available: Bools, length: int, users: Ints, key: int) -> Ints:
    """Return (B, length) the available items with the highest scores, best first.

    Among equal scores the order is that of a hash of (key, user, item).

    Args:
        scores: (B, M); single precision, so that rounding in the last bits of a double cannot decide a tie.
        available: (M,) which items can be shown.
        length: items in a slate.
        users: (B,) ids.
        key: of the stream that breaks ties.

    Raises:
        SettingsError: fewer items than slots.
        SerendipError: a score among the best is not a finite number.
    """
    n_available = int(np.count_nonzero(available))
    if n_available < length:
        raise SettingsError(f"a slate of {length} needs as many items; {n_available} are available")
    items, values = _largest(scores, available, length + 1)
    if not np.isfinite(values[:, :length]).all():
        raise SerendipError("a score is not a finite number; the model did not learn, lower its learning rate")
    tied = np.flatnonzero((values[:, 1:] == values[:, :-1]).any(axis=1))
    items = items[:, :length]
    for row in tied:
        least = values[row, length - 1]
        pool = np.flatnonzero(available & (scores[row] >= least))
        luck = randomness.bits(key, int(users[row]), pool)
        items[row] = pool[np.lexsort((luck, -scores[row, pool]))[:length]]
    return items


def _largest(scores: Singles, available: Bools, n: int) -> tuple[Ints, Singles]:
    """Return (B, n) indices and values of the n largest of each row among the available, falling.

    A row shorter than n is filled up with -inf at index 0.
    """
    n_rows, n_items = scores.shape
    rows = np.arange(n_rows)
    items = np.zeros((n_rows, n), dtype=np.int64)
    values = np.full((n_rows, n), -np.inf, dtype=np.float32)
    if n_items <= _BLOCK_ABOVE:
        work = np.where(available, scores, np.float32(-np.inf))
        for j in range(min(n, n_items)):
            best = work.argmax(axis=1)
            items[:, j], values[:, j] = best, work[rows, best]
            work[rows, best] = -np.inf
        return items, values
    width = int(np.sqrt(n_items))
    n_blocks = -(-n_items // width)
    work = np.empty((n_rows, n_blocks * width), dtype=np.float32)
    work[:, n_items:] = -np.inf
    work[:, :n_items] = scores
    work[:, np.flatnonzero(~available)] = -np.inf
    blocks = work.reshape(n_rows, n_blocks, width)
    highest = blocks.max(axis=2)  # (B, n_blocks)
    for j in range(n):
        block = highest.argmax(axis=1)
        chosen = blocks[rows, block]  # (B, width)
        inside = chosen.argmax(axis=1)
        items[:, j], values[:, j] = block * width + inside, chosen[rows, inside]
        chosen[rows, inside] = -np.inf
        blocks[rows, block, inside] = -np.inf
        highest[rows, block] = chosen.max(axis=1)
    return items, values
