"""The life of a user so far, as a small picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serendip.simulator.interface import Array, Bools, Ints

Picture = NDArray[np.uint8]
WIDTH, HEIGHT, BAND = 480, 256, 24  # pixels: of the picture, of its topics at least, of the visits below
PAPER, SHOWN, CLICKED, VISIT = (250, 250, 248), (158, 188, 218), (216, 96, 32), (60, 60, 60)


class Chronicle:
    """What was shown and clicked, day by day.

    Attributes:
        shown: (K, days) exposures of each topic on each day.
        clicked: (K, days) clicks.
    """

    def __init__(self, n_topics: int, max_days: int) -> None:
        """Begin with empty days."""
        self.shown = np.zeros((n_topics, max_days), np.int64)
        self.clicked = np.zeros((n_topics, max_days), np.int64)

    def add(self, day: int, topics: Ints, clicked: Bools) -> None:
        """Note a slate of `topics` (L,) on `day`, from 0 for the user's first, and what was clicked in it."""
        np.add.at(self.shown[:, day], topics, 1)
        np.add.at(self.clicked[:, day], topics, clicked)

    def picture(self) -> Picture:
        """Return (H, 480, 3): a row for each topic, time from left to right; visits as ticks in a band below.

        A cell is blue where the topic was shown, the more the darker, and orange where it was clicked.
        """
        shown, clicked = _columns(self.shown), _columns(self.clicked)
        depth = shown / (shown + 2.0)  # (K, columns) in [0, 1)
        cells = np.array(PAPER) + depth[..., None] * (np.array(SHOWN) - np.array(PAPER))
        cells[clicked > 0] = CLICKED
        band = np.where((shown.sum(axis=0) > 0)[:, None], np.array(VISIT), np.array(PAPER))
        tall = np.repeat(cells, max(1, -(-HEIGHT // len(cells))), axis=0)
        whole = np.concatenate([tall, np.repeat(band[None], BAND, axis=0)])
        return _stretched(whole).astype(np.uint8)


def bars(levels: Array, max_days: int) -> Picture:
    """Return (256, 480, 3): a bar for each day of `levels` (days so far,), the highest filling the picture."""
    days = np.zeros((1, max_days), np.int64)
    days[0, : len(levels)] = levels
    level = _columns(days)[0] / max(1, _columns(days).max())  # (columns,) in [0, 1]
    filled = np.arange(HEIGHT)[::-1, None] < np.round(level * HEIGHT)
    return _stretched(np.where(filled[..., None], np.array(SHOWN), np.array(PAPER))).astype(np.uint8)


def _columns(days: Ints) -> Ints:
    """Return (K, columns) sums over days (K, days), a column a day, or 480 where there are more days."""
    n_days = days.shape[1]
    if n_days <= WIDTH:
        return days
    first = np.searchsorted(np.arange(n_days) * WIDTH // n_days, np.arange(WIDTH))
    return np.add.reduceat(days, first, axis=1)


def _stretched(cells: Array) -> Array:
    """Return (H, 480, 3) from (H, columns, 3)."""
    return cells[:, np.arange(WIDTH) * cells.shape[1] // WIDTH]
