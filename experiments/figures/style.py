"""How the figures look: one colour an agent everywhere, names at the ends of lines instead of legends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.special import stdtrit

from serendip.simulator.files import whole_file
from serendip.simulator.interface import Floats

Axes = Any  # a matplotlib Axes

FORMATS = ("png", "svg", "pdf")
DPI = 150  # dots per inch of a PNG, unless others are asked for
FEW_SEEDS = 3  # below, a 95% interval is wider than the picture and says nothing
_LINE = 0.165  # inches from one name to the next
MANY = 6  # agents; where there are more, bands would hide the curves


def new_figure(n_panels: int, title: str, subtitle: str, *, width: float = 11.0, height: float = 4.6) -> Any:
    """Return a figure with `n_panels` axes side by side, a title that says what is seen, and room on the right.

    Args:
        n_panels: axes side by side.
        title: what stands above the figure.
        subtitle: what stands below the title.
        width: inches across.
        height: inches from top to bottom.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    head(figure, title, subtitle)
    axes = figure.subplots(1, n_panels, squeeze=False)[0]
    for ax in axes:
        clothe(ax)
    return figure, axes


def head(figure: Any, title: str, subtitle: str) -> None:
    """Write a title that says what is seen above a figure, and below it what must be known of it."""
    figure.suptitle(f"{title}\n", fontsize=13, fontweight="bold", x=0.01, ha="left")
    figure.text(0.01, 1.0 - 0.437 / figure.get_figheight(), subtitle, fontsize=9.5, color="#444444", ha="left")


def clothe(ax: Axes) -> None:
    """Give axes two spines, and a grid behind what is drawn."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    ax.set_axisbelow(True)


def band(ax: Axes, values: Floats, colour: str, most: float = np.inf, *, bare: bool = False) -> float:
    """Draw the mean over seeds of `values` (n_seeds, n_days), which lie in [0, most]; return its last value.

    Around it stands the mean's 95% band, as far as values can be, or with fewer than `FEW_SEEDS` each seed as a thin
    line.

    Args:
        ax: axes to draw on.
        values: one line a seed.
        colour: as Matplotlib names it.
        most: the largest value there can be.
        bare: whether the mean stands alone.
    """
    days = np.arange(values.shape[1])
    whole_days(ax)
    mean = values.mean(axis=0)
    ax.plot(days, mean, color=colour, linewidth=1.8)
    if bare:
        return float(mean[-1])
    if len(values) < FEW_SEEDS:
        ax.plot(days, values.T, color=colour, linewidth=0.6, alpha=0.6)
    else:
        half = stdtrit(len(values) - 1, 0.975) * values.std(axis=0, ddof=1) / np.sqrt(len(values))
        low, high = np.maximum(mean - half, 0.0), np.minimum(mean + half, most)
        ax.fill_between(days, low, high, color=colour, alpha=0.15, linewidth=0)
    return float(mean[-1])


def whole_days(ax: Axes) -> None:
    """Have the horizontal axis, of days, name whole days only."""
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def tidy_ticks(ax: Axes) -> None:
    """Have the horizontal axis name few round numbers, which do not touch."""
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def smooth(values: Floats, days: int = 7) -> Floats:
    """Return the mean of each day and up to `days - 1` before it, along the last axis."""
    total = np.cumsum(np.insert(values, 0, 0.0, axis=-1), axis=-1)
    end = np.arange(1, values.shape[-1] + 1)
    start = np.maximum(end - days, 0)
    return (total[..., end] - total[..., start]) / (end - start)


def room_for(n_names: int, least: float) -> float:
    """Return how high axes are to be, in inches, so that `n_names` names fit beside them; `least` at least."""
    return max(least, _LINE * n_names)


def name_lines(ax: Axes, ends: dict[str, float], colour: dict[str, str], at: float, inches: float) -> None:
    """Write each agent's name at the end of its line, moved apart where they would overlap.

    Args:
        ax: axes with the lines.
        ends: height of the end of each line, by agent.
        colour: colour of each line, by agent.
        at: horizontal place of the names.
        inches: how high the axes are, about.
    """
    low, high = ax.get_ylim()
    names = sorted(ends, key=lambda agent: ends[agent])
    gap = min(_LINE / inches, 1.0 / max(len(names), 1)) * (high - low)
    for agent, height in zip(names, apart([ends[agent] for agent in names], gap, low, high), strict=True):
        ax.annotate(
            agent, (at, height), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5,
            color=colour[agent], annotation_clip=False,
        )  # fmt: skip


def apart(values: Sequence[float], gap: float, least: float, most: float) -> list[float]:
    """Return where names of ascending `values` stand: `gap` apart, near them, and not above `most`.

    Where there are more than fit between `least` and `most`, they reach from `least` on beyond it.

    Args:
        values: where each would stand best, ascending.
        gap: how far apart two stand at least.
        least: the lowest place there is.
        most: the highest place there is.
    """
    placed = list[float]()
    for value in values:
        placed.append(max(value, placed[-1] + gap) if placed else value)
    ceiling = max(most, least + gap * (len(values) - 1))
    for at in reversed(range(len(placed))):
        placed[at] = min(placed[at], ceiling - gap * (len(placed) - 1 - at))
    return placed


def spread_words(n_seeds: int, n_agents: int = 1) -> str:
    """Return what is drawn around a mean over `n_seeds`, for a subtitle."""
    if n_seeds == 1:
        return "one seed"
    if n_agents > MANY:
        return f"mean over {n_seeds} seeds, without bands, which would hide each other"
    if n_seeds < FEW_SEEDS:
        return f"mean over {n_seeds} seeds, thin: each seed"
    return f"mean over {n_seeds} seeds, band: 95% of the mean"


def save(figure: Any, path: Path, dpi: int = DPI) -> Path:
    """Write the figure to `path`, as its ending says (png, svg or pdf), without what would make two runs differ."""
    kind = path.suffix.removeprefix(".")
    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with whole_file(path) as temporary, rc_context({"svg.hashsalt": "serendip"}):
        figure.savefig(temporary, format=kind, dpi=dpi, facecolor="white", metadata=undated)
    return path
