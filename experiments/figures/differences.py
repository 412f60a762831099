"""Two studies beside each other as a forest plot: how many more users come in the second, under each agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serendip.experiments.figures.colours import colours
from serendip.experiments.figures.lifts import one_lift
from serendip.experiments.figures.style import new_figure, tidy_ticks
from serendip.experiments.online.statistics import Interval, clear

_GROUPS = {"low": "low-activity third", "all": "all users"}


def draw(rows: Sequence[tuple[str, str, Interval, float | None]]) -> Any:
    """Return a panel for the low-activity third and one for all, a line an agent; filled where it is clear.

    Args:
        rows: agent, group (`low` or `all`), the difference of the second study to the first, and its p-value.
    """
    agents = list(dict.fromkeys(agent for agent, *_ in rows))[::-1]
    colour = colours(tuple(agents))
    figure, axes = new_figure(
        2,
        "Users a day more, or fewer, in the second than in the first",
        "paired over the seeds of both; lines: 95% intervals; filled: clear",
        width=10.0,
        height=1.9 + 0.3 * max(len(agents), 4),
    )
    for ax, (group, name) in zip(axes, _GROUPS.items(), strict=True):
        ax.grid(visible=False)
        ax.axvline(0.0, color="#555555", linewidth=1.0)
        for agent, of, difference, p in rows:
            if of == group:
                one_lift(ax, agents.index(agent), difference, colour[agent], sure=clear(p, difference))
        ax.set_ylim(-0.7, len(agents) - 0.3)
        ax.set_yticks(range(len(agents)), agents if group == "low" else [""] * len(agents))
        ax.set_title(name, fontsize=10, loc="left")
        ax.set_xlabel("difference in daily active users")
        tidy_ticks(ax)
    return figure
