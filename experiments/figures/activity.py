"""Activity over time, for users who were rarely, sometimes and often there before anything was shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.colours import colours
from serendip.experiments.figures.style import MANY, band, clothe, head, name_lines, room_for, smooth, spread_words
from serendip.experiments.online.results import Results
from serendip.simulator.interface import Floats
from serendip.simulator.population import ACTIVITY_GROUPS

_RARE = 10.0  # users a day; where fewer come, a week's mean jumps by a third from one week to the next
_WEEK, _MONTH = 7, 28  # days
_LOW = 2.9  # inches, of the low-activity panel


def draw(results: Results) -> Any:
    """Return daily active users, one panel per third of base activity; the low third above, across the page."""
    from matplotlib.figure import Figure

    high = room_for(len(results.agents), _LOW)
    figure = Figure(figsize=(9.0, high + 3.8), layout="constrained")
    head(
        figure,
        "Daily active users, by how active they were before the experiment",
        f"world {results.study.world_name}; {spread_words(len(results.seeds), len(results.agents))}",
    )
    panels = figure.subplot_mosaic([["low", "low"], ["middle", "high"]], height_ratios=(high, 2.6))
    for group, name in enumerate(ACTIVITY_GROUPS):
        panel(panels[name], results, group, named=group == 0 or len(results.agents) <= MANY)
    panels["middle"].set_ylabel("users who visit that day")
    return figure


def panel(ax: Any, results: Results, group: int, *, named: bool = True) -> None:
    """Draw daily active users of one third on `ax`, each curve with its name.

    Args:
        ax: axes to draw on.
        results: of the study.
        group: the third: 0 low, 1 middle, 2 high.
        named: whether names stand at the ends of the curves.
    """
    colour, days = colours(results.agents), _days(results, group)
    ends = dict[str, float]()
    for agent in results.agents:
        curve = smooth(results.daily(agent, "visitors", group), days)
        ends[agent] = band(ax, curve, colour[agent], bare=len(results.agents) > MANY)
        ax.lines[-1].set_label(agent)
    clothe(ax)
    ax.set_ylim(bottom=0)
    ax.set_title(f"{ACTIVITY_GROUPS[group]}-activity third, mean of {days} days", fontsize=10, loc="left")
    ax.set(xlabel="day", ylabel="users who visit that day" if group == 0 else "")
    if named:
        name_lines(ax, ends, colour, results.study.days - 1, room_for(len(ends), _LOW if group == 0 else 2.2))


def _days(results: Results, group: int) -> int:
    """Return over how many days a curve is averaged: a month where few come, else a week."""
    most: list[Floats] = [results.daily(agent, "visitors", group).mean(axis=0) for agent in results.agents]
    return _MONTH if np.median(np.max(most, axis=0)) < _RARE and results.study.days >= 3 * _MONTH else _WEEK


CARD = FigureCard(
    name="activity",
    summary="Daily active users over time, by how active they were before: who grows and who fades.",
    make=draw,
    panel=panel,
    reading="Each panel is a third of the users, by how often they came before anything was shown. A curve that rises: "
    "users of that third come more often. The band is the 95% interval of the mean over seeds; with more than six "
    "agents it is left out.",
)
