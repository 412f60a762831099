"""Curves over days, of the low-activity third beside all users."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from serendip.experiments.figures.style import band, colours, name_lines, new_figure, spread_words
from serendip.experiments.online.results import ALL, Results
from serendip.simulator.interface import Floats

LOW = 0


def two_panels(
    results: Results, title: str, y_label: str, curve: Callable[[str, int], Floats], most: float = math.inf
) -> Any:
    """Return a figure of curves over days, of the low-activity third and of all users.

    Args:
        results: of the study.
        title: what is seen.
        y_label: what stands on the vertical axis.
        curve: from an agent and a group, (n_seeds, n_days) in [0, most].
        most: the largest value there can be.
    """
    subtitle = f"world {results.study.world_name}; {spread_words(len(results.seeds))}"
    figure, axes = new_figure(2, title, subtitle, width=10.0)
    colour, ends = colours(results.agents), dict[str, float]()
    for ax, group, name in zip(axes, (LOW, ALL), ("low-activity third", "all users"), strict=True):
        ends = {agent: band(ax, curve(agent, group), colour[agent], most) for agent in results.agents}
        ax.set_ylim(bottom=0)
        ax.set_title(name, fontsize=10, loc="left")
        ax.set_xlabel("day")
    axes[0].set_ylabel(y_label)
    name_lines(axes[1], ends, colour, results.study.days - 1)
    return figure
