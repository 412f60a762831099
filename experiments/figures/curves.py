"""Curves over days, of the low-activity third beside all users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serendip.experiments.figures.style import band, colours, name_lines, new_figure, spread_words
from serendip.experiments.online.results import ALL, Results
from serendip.simulator.interface import Floats

LOW = 0


def two_panels(results: Results, title: str, y_label: str, curve: Callable[[str, int], Floats]) -> Any:
    """Return a figure of `curve(agent, group)` (n_seeds, n_days), from 0 up, for the low-activity third and for all.

    Args:
        results: what the study found.
        title: what stands above the figure.
        y_label: what the vertical axis says.
        curve: gives (n_seeds, n_days) for an agent and a group.
    """
    subtitle = f"world {results.study.world_name}; {spread_words(len(results.seeds))}"
    figure, axes = new_figure(2, title, subtitle, width=10.0)
    colour, ends = colours(results.agents), dict[str, float]()
    for ax, group, name in zip(axes, (LOW, ALL), ("low-activity third", "all users"), strict=True):
        ends = {agent: band(ax, curve(agent, group), colour[agent]) for agent in results.agents}
        ax.set_ylim(bottom=0)
        ax.set_title(name, fontsize=10, loc="left")
        ax.set_xlabel("day")
    axes[0].set_ylabel(y_label)
    name_lines(axes[1], ends, colour, results.study.days - 1)
    return figure
