"""Discovery over time: how many of the topics they like users have come to know."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.experiments.figures.style import band, colours, name_lines, new_figure, spread_words
from serendip.experiments.online.results import Results


def draw(results: Results) -> Any:
    """Return liked topics known per living user, of the low-activity third and of all."""
    figure, axes = new_figure(
        2,
        "Liked topics that users know",
        f"world {results.study.world}; per living user, {spread_words(len(results.seeds))}",
        width=10.0,
    )
    colour = colours(results.agents)
    ends = dict[str, float]()
    for ax, group, name in zip(axes, (0, -1), ("low-activity third", "all users"), strict=True):
        ends.clear()
        for agent in results.agents:
            living = np.maximum(results.daily(agent, "alive", group), 1.0)
            ends[agent] = band(ax, results.daily(agent, "liked_known", group) / living, colour[agent])
        ax.set_ylim(bottom=0)
        ax.set_title(name, fontsize=10, loc="left")
        ax.set_xlabel("day")
    axes[0].set_ylabel("liked topics known")
    name_lines(axes[1], ends, colour, results.study.days - 1)
    return figure
