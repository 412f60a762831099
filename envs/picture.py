"""The life of a user so far, and the daily active users of a world, as pictures with axes and a legend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.simulator.interface import Array, Bools, Ints

Picture = NDArray[np.uint8]
WIDTH, HEIGHT, DPI = 640, 400, 100  # pixels, and dots per inch of what is written
COLUMNS = 480  # of time at most; more days share one
PAPER, SHOWN, CLICKED, VISIT = "#FAFAF8", "#9EBCDA", "#D86020", "#3C3C3C"


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

    def cells(self) -> Array:
        """Return (K, columns, 3) colours in [0, 1]: a row for each topic, time from left to right.

        A cell is blue where the topic was shown, the more the darker, and orange where it was clicked.
        """
        shown, clicked = _columns(self.shown), _columns(self.clicked)
        depth = shown / (shown + 1.0)  # (K, columns) in [0, 1)
        cells = _rgb(PAPER) + depth[..., None] * (_rgb(SHOWN) - _rgb(PAPER))
        cells[clicked > 0] = _rgb(CLICKED)
        return cells

    def picture(self) -> Picture:
        """Return (400, 640, 3): topics over days, days with a visit as ticks below, and what the colours mean."""
        n_topics, n_days = self.shown.shape
        visits = np.flatnonzero(self.shown.sum(axis=0))
        figure, (life, days) = _figure(2, height_ratios=[12, 1], sharex=True)
        life.imshow(self.cells(), aspect="auto", interpolation="nearest", extent=(0, n_days, n_topics, 0))
        life.set_ylabel("topic")
        life.set_title(f"{len(visits)} days with a visit, {int(self.clicked.sum())} clicks", loc="left", fontsize=10)
        days.set(xlabel="day since the user arrived", xlim=(0, n_days), ylim=(0, 1), yticks=[])
        days.vlines(visits + 0.5, 0, 1, color=VISIT, linewidth=max(0.5, min(3.0, 400.0 / n_days)))
        days.set_ylabel("visit", rotation=0, ha="right", va="center")
        for name, colour in (("shown", SHOWN), ("clicked", CLICKED)):
            life.plot([], [], "s", color=colour, label=name)
        figure.legend(loc="upper right", ncols=2, frameon=False, fontsize=9)
        return _drawn(figure)


def bars(levels: Array, max_days: int) -> Picture:
    """Return (400, 640, 3): a bar for each day of `levels` (days so far,), users who came."""
    figure, axes = _figure(1)
    axes.bar(np.arange(len(levels)) + 0.5, levels, width=1.0, color=SHOWN)
    now = f"; {int(levels[-1]):,} on day {len(levels) - 1}" if len(levels) else ""
    axes.set(xlim=(0, max_days), xlabel="day", ylabel="users who came")
    axes.set_title(f"daily active users{now}", loc="left", fontsize=10)
    axes.set_ylim(bottom=0)
    return _drawn(figure)


def _figure(n_rows: int, **options: Any) -> Any:
    """Return a figure and its axes, one below the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, layout="constrained", facecolor=PAPER)
    axes: Any = figure.subplots(n_rows, **options)
    for one in np.atleast_1d(axes):
        one.set_facecolor(PAPER)
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _drawn(figure: Any) -> Picture:
    """Return a figure as (400, 640, 3) bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba(), np.uint8)[..., :3]


def _rgb(colour: str) -> Array:
    """Return the three parts of `#RRGGBB`, in [0, 1]."""
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0


def _columns(days: Ints) -> Ints:
    """Return (K, columns) sums over days (K, days), a column a day, or 480 where there are more days."""
    n_days = days.shape[1]
    if n_days <= COLUMNS:
        return days
    first = np.searchsorted(np.arange(n_days) * COLUMNS // n_days, np.arange(COLUMNS))
    return np.add.reduceat(days, first, axis=1)
