"""Curves over days, of the low-activity third beside all users."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serendip.experiments.figures.colours import colours
from serendip.experiments.figures.style import MANY, band, clothe, name_lines, new_figure, room_for, spread_words
from serendip.experiments.online.results import ALL, Results
from serendip.simulator.interface import Floats
from serendip.simulator.population import ACTIVITY_GROUPS

LOW = 0
_HIGH = 3.3  # inches, of the panels


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn day by day.

    Attributes:
        label: what stands on the vertical axis.
        of: returns (n_seeds, n_days) in [0, most] of an agent and a group of users, from results.
        most: the largest value there can be.
    """

    label: str
    of: Callable[[Results, str, int], Floats]
    most: float = math.inf

    def panel(self, ax: Any, results: Results, group: int) -> None:
        """Draw the curves of one group of users on `ax`, each with its name."""
        colour, ends = colours(results.agents), dict[str, float]()
        for agent in results.agents:
            bare = len(results.agents) > MANY
            ends[agent] = band(ax, self.of(results, agent, group), colour[agent], self.most, bare=bare)
            ax.lines[-1].set_label(agent)
        clothe(ax)
        ax.set_ylim(bottom=0)
        name = "all users" if group == ALL else f"{ACTIVITY_GROUPS[group]}-activity third"
        ax.set_title(name, fontsize=10, loc="left")
        ax.set(xlabel="day", ylabel=self.label)
        name_lines(ax, ends, colour, results.study.days - 1, room_for(len(ends), _HIGH))


def two_panels(results: Results, title: str, curve: Curve) -> Any:
    """Return a figure of curves over days, of the low-activity third and of all users."""
    subtitle = f"world {results.study.world_name}; {spread_words(len(results.seeds), len(results.agents))}"
    figure, axes = new_figure(2, title, subtitle, width=10.0, height=room_for(len(results.agents), _HIGH) + 1.3)
    for ax, group in zip(axes, (LOW, ALL), strict=True):
        curve.panel(ax, results, group)
    axes[1].set_ylabel("")
    return figure
