"""The best slate for each visitor: the highest scores first, ties broken by a hash, never by the order of a batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.errors import SerendipError, SettingsError
from serendip.simulator.interface import Bools, Ints, Singles

_BLOCK_ABOVE = 4096  # items; from there on a row is searched in blocks, so that it is read once and not L times


def top_slates(scores: Singles, available: Bools, length: int, users: Ints, key: int) -> Ints:
    """Return (B, length) the available items with the highest scores, best first.

    Among equal scores the order is that of a hash of (key, user, item).

    Args:
        scores: (B, M); single precision, so that rounding in the last bits of a double cannot decide a tie.
        available: (M,) which items can be shown, or (B, M) where that differs by row.
        length: items in a slate.
        users: (B,) ids.
        key: of the stream that breaks ties.

    Raises:
        SettingsError: fewer items than slots.
        SerendipError: a score among the best is not a finite number.
    """
    require_enough(available, length)
    items, values = _largest(scores, available, length + 1)
    require_finite(values[:, :length])

    def scores_of(row: int) -> Singles:
        return np.where(available if available.ndim == 1 else available[row], scores[row], np.float32(-np.inf))

    return settled(items, values, users, key, scores_of)


def settled(items: Ints, values: Singles, users: Ints, key: int, scores_of: Callable[[int], Singles]) -> Ints:
    """Return (B, L) the first L of the `items`, those of equal value in the order of a hash of (key, user, item).

    Args:
        items: (B, L + 1) the best, in falling order.
        values: (B, L + 1) their scores.
        users: (B,) ids.
        key: of the stream that breaks ties.
        scores_of: gives all (M,) scores of a row, -inf for what is not available; asked where the last place is tied.
    """
    length = items.shape[1] - 1
    chosen = items[:, :length].copy()
    for row in np.flatnonzero((values[:, 1:] == values[:, :-1]).any(axis=1)):
        pool, worth = items[row, :length], values[row, :length]
        if worth[-1] == values[row, length]:
            scores = scores_of(int(row))
            pool = np.flatnonzero(scores >= worth[-1])
            worth = scores[pool]
        luck = randomness.bits(key, int(users[row]), pool)
        chosen[row] = pool[np.lexsort((luck, -worth))[:length]]
    return chosen


def require_enough(available: Bools, length: int) -> None:
    """Check that a slate of `length` can be made of the items that are `available`, (M,) or (B, M)."""
    n_available = int(np.count_nonzero(available, axis=-1).min(initial=available.shape[-1]))
    if n_available < length:
        raise SettingsError(f"a slate of {length} needs as many items; {n_available} are available")


def require_finite(best: Singles) -> None:
    """Check the `best` scores, of any shape."""
    if not np.isfinite(best).all():
        raise SerendipError("a score is not a finite number; the model did not learn, lower its learning rate")


def _largest(scores: Singles, available: Bools, n: int) -> tuple[Ints, Singles]:
    """Return (B, n) indices and values of the n largest of each row among the available, falling.

    A row shorter than n is filled up with -inf at index 0.
    """
    everything = bool(available.all())
    if scores.shape[1] > _BLOCK_ABOVE:
        return _largest_in_blocks(scores if everything else np.where(available, scores, np.float32(-np.inf)), n)
    return take_largest(scores.copy() if everything else np.where(available, scores, np.float32(-np.inf)), n)


def take_largest(work: Singles, n: int) -> tuple[Ints, Singles]:
    """Return what `_largest` does of all items of `work` (B, M), which is written over."""
    rows = np.arange(len(work))
    items = np.zeros((len(work), n), dtype=np.int64)
    values = np.full((len(work), n), -np.inf, dtype=np.float32)
    for j in range(min(n, work.shape[1])):
        best = work.argmax(axis=1)
        items[:, j], values[:, j] = best, work[rows, best]
        work[rows, best] = -np.inf
    return items, values


def _largest_in_blocks(scores: Singles, n: int) -> tuple[Ints, Singles]:
    """Return what `_largest` does of all items of `scores` (B, M), reading each once.

    The n largest are in the n blocks with the largest maxima, or in the rest that fills no block.
    """
    n_items = scores.shape[1]
    width = int(np.sqrt(n_items))
    n_blocks = n_items // width
    blocks = scores[:, : n_blocks * width].reshape(-1, n_blocks, width)
    best_blocks, best = take_largest(blocks.max(axis=2), min(n, n_blocks))  # (B, n)
    chosen = np.take_along_axis(blocks, best_blocks[:, :, None], axis=1)  # (B, n, width)
    chosen[np.isneginf(best)] = -np.inf  # no block was left, and one came up again
    rest = scores[:, n_blocks * width :]
    place, values = take_largest(np.concatenate([chosen.reshape(len(scores), -1), rest], axis=1), n)
    block, inside = np.divmod(place, width)
    in_block = block < best_blocks.shape[1]
    of_block = np.take_along_axis(best_blocks, np.where(in_block, block, 0), axis=1) * width + inside
    return np.where(in_block, of_block, place + n_blocks * width - best_blocks.shape[1] * width), values
