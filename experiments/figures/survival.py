"""Survival: the share of users who have not left for good."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.experiments.figures.style import band, colours, name_lines, new_figure, spread_words
from serendip.experiments.online.results import Results


def draw(results: Results) -> Any:
    """Return the share still alive, of the low-activity third and of all."""
    figure, axes = new_figure(
        2,
        "Users who have not left",
        f"world {results.study.world}; {spread_words(len(results.seeds))}",
        width=10.0,
    )
    colour = colours(results.agents)
    ends = dict[str, float]()
    for ax, group, name in zip(axes, (0, -1), ("low-activity third", "all users"), strict=True):
        ends.clear()
        for agent in results.agents:
            arrived = np.maximum(results.daily(agent, "users", group), 1.0)
            ends[agent] = band(ax, 100.0 * results.daily(agent, "alive", group) / arrived, colour[agent])
        ax.set_ylim(0, 102)
        ax.set_title(name, fontsize=10, loc="left")
        ax.set_xlabel("day")
    axes[0].set_ylabel("% alive")
    name_lines(axes[1], ends, colour, results.study.days - 1)
    return figure
