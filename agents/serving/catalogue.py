"""The best slates out of a large catalogue, for scores that are products of a vector a visit with the items' factors.

A row of scores is written once and read while it is near, and what comes back are the best items, never all scores.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

import numpy as np

from serendip.agents.beliefs.belief import Factored
from serendip.agents.models.model import in_blocks, level_rows
from serendip.agents.serving.ranking import require_enough, require_finite, settled, take_largest
from serendip.simulator.interface import Bools, Ints, Singles

ROWS = 256  # vectors at once, in blocks of one shape: see `in_blocks`
_TILE = 1024  # items whose scores fit in a processor's cache
_GROUP = 32  # items of which the best one is kept in sight


class Catalogue(Protocol):
    """Holds the items' factors where products with them are quick."""

    def hold(self, posterior: Factored, version: int) -> None:
        """Take the factors in, unless those of that version are here."""
        ...

    def top(self, codes: Singles, available: Bools, length: int, users: Ints, key: int) -> Ints:
        """Return (B, length) what `top_slates` does of the scores `codes` (B, d) @ factors, row by row.

        Args:
            codes: (B, d).
            available: (M,) which items can be shown.
            length: items in a slate.
            users: (B,) ids.
            key: of the stream that breaks ties.
        """
        ...


class Tiles:
    """A catalogue in the memory of the processor, some items at a time: `factors` (n, _TILE, d), padded with zeros."""

    def __init__(self) -> None:
        self._version = -1
        self._factors = np.zeros((0, _TILE, 0), dtype=np.float32)
        self._scores = np.zeros((0, _TILE, ROWS), dtype=np.float32)  # of one block, used again: fresh memory is slow

    def hold(self, posterior: Factored, version: int) -> None:
        """Take the factors in, unless those of that version are here."""
        if version == self._version:
            return
        factors = posterior.factors()  # (d, M)
        n_tiles = -(-factors.shape[1] // _TILE)
        rows = np.zeros((n_tiles * _TILE, len(factors)), dtype=np.float32)
        rows[: factors.shape[1]] = factors.T
        self._factors, self._version = rows.reshape(n_tiles, _TILE, len(factors)), version
        self._scores = np.empty((n_tiles, _TILE, ROWS), dtype=np.float32)

    def top(self, codes: Singles, available: Bools, length: int, users: Ints, key: int) -> Ints:
        """Return (B, length) the best items, as `Catalogue` says.

        Args:
            codes: (B, d) vectors of the visits.
            available: (M,) which items can be shown.
            length: items in a slate.
            users: (B,) ids.
            key: key of the stream that breaks ties.
        """
        require_enough(available, length)
        there = np.zeros(self._factors.shape[:2], dtype=bool)
        there.flat[: len(available)] = available
        slates = np.empty((len(codes), length), dtype=np.int64)
        for start in range(0, len(codes), ROWS):
            mine = slice(start, start + ROWS)
            maxima = in_blocks(codes[mine], ROWS, partial(self._score, there))
            items, values = _largest(self._scores, maxima, length + 1)
            require_finite(values[:, :length])
            slates[mine] = settled(items, values, users[mine], key, partial(self._row, there))
        return slates

    def _row(self, there: Bools, row: int) -> Singles:
        """Return all scores of one row of the block."""
        return np.where(there, self._scores[:, :, row], np.float32(-np.inf)).ravel()

    def _score(self, there: Bools, codes: Singles) -> Singles:
        """Return (ROWS, n_groups) the best of each group of items; all scores are put down in `_scores`."""
        columns, at_once = np.ascontiguousarray(codes.T), level_rows(ROWS)
        maxima = np.empty((len(there), _TILE // _GROUP, ROWS), dtype=np.float32)
        for factors, scores, mine, best in zip(self._factors, self._scores, there, maxima, strict=True):
            for start in range(0, ROWS, at_once):
                np.matmul(factors, columns[:, start : start + at_once], out=scores[:, start : start + at_once])
            if not mine.all():
                scores[~mine] = -np.inf
            np.max(scores.reshape(-1, _GROUP, ROWS), axis=1, out=best)
        return np.ascontiguousarray(maxima.reshape(-1, ROWS).T)


def _largest(scores: Singles, maxima: Singles, n: int) -> tuple[Ints, Singles]:
    """Return (B, n) the items with the n largest scores, falling, and those.

    They are in the n groups with the largest maxima.

    Args:
        scores: (n_tiles, _TILE, ROWS), of which the first B along the last axis count.
        maxima: (B, n_groups) of each group of items; written over.
        n: how many.
    """
    groups, best = take_largest(maxima, min(n, maxima.shape[1]))  # (B, n)
    rows = np.arange(len(groups))
    found = scores.reshape(-1, _GROUP, ROWS)[groups, :, rows[:, None]]  # (B, n, _GROUP)
    found[np.isneginf(best)] = -np.inf  # no group was left, and one came up again
    place, values = take_largest(found.reshape(len(groups), -1), n)
    group, inside = np.divmod(place, _GROUP)
    return np.take_along_axis(groups, group, axis=1) * _GROUP + inside, values
