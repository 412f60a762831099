"""The one that matters: what a short test sees against what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.colours import colours
from serendip.experiments.figures.style import FEW_SEEDS, MANY, clothe, new_figure, room_for, spread_words
from serendip.experiments.online.results import ALL, Results
from serendip.experiments.online.statistics import mean_interval
from serendip.experiments.online.summary import closing_visitors
from serendip.simulator.interface import Floats
from serendip.simulator.population import ACTIVITY_GROUPS


def draw(results: Results) -> Any:
    """Return early click rate against late activity, one point an agent, for the low-activity third and for all."""
    figure, axes = new_figure(
        2,
        "A short test ranks agents by the horizontal axis; their users' activity is the vertical one",
        f"world {results.study.world_name}; {spread_words(len(results.seeds)).replace('band', 'bars')}",
        width=10.0,
        height=room_for(len(results.agents), 3.7) + 1.3,
    )
    for ax, group in zip(axes, (0, ALL), strict=True):
        panel(ax, results, group)
    if len(results.agents) > MANY:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8.5)
    return figure


def panel(ax: Any, results: Results, group: int) -> None:
    """Draw early click rate against late activity of one group of users on `ax`, one point an agent.

    Points have their names beside them, or numbers where they are many: of the legend, from the most activity down.
    """
    colour, points = colours(results.agents), dict[str, tuple[float, float]]()
    order = sorted(results.agents, key=lambda agent: -float(closing_visitors(results, agent, 0).mean()))
    for agent in order:
        early = results.ratio(agent, "clicks", "slates", slice(0, results.first), group)
        late = closing_visitors(results, agent, group)
        _spread(ax, early, late, colour[agent])
        points[agent] = (float(early.mean()), float(late.mean()))
        number = f"{order.index(agent) + 1} " if len(order) > MANY else ""
        size = 12 if number else 8
        ax.plot(*points[agent], "o", color=colour[agent], markersize=size, label=f"{number}{agent}")
        ax.annotate(number.strip(), points[agent], color="white", fontsize=7, ha="center", va="center", weight="bold")
    clothe(ax)
    ax.set_title("all users" if group == ALL else f"{ACTIVITY_GROUPS[group]}-activity third", fontsize=10, loc="left")
    ax.set_xlabel(f"clicks per slate, first {results.first} days")
    ax.set_ylabel(f"daily active users, last {results.last} days")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.margins(0.25 if len(order) <= MANY else 0.08, 0.12)
    ax.set_ylim(bottom=0)
    if len(order) <= MANY:
        _name(ax, points, colour)


def _spread(ax: Any, x: Floats, y: Floats, colour: str) -> None:
    """Draw the 95% intervals of an agent's means over seeds, or its seeds where they are few."""
    if len(x) < FEW_SEEDS:
        ax.plot(x, y, ".", color=colour, alpha=0.5)
        return
    horizontal, vertical = mean_interval(x), mean_interval(y)
    if horizontal.high is not None and vertical.high is not None:
        half = (_bar(horizontal.value, horizontal.high), _bar(vertical.value, vertical.high))
        ax.errorbar(x.mean(), y.mean(), half[1], half[0], color=colour, capsize=2, elinewidth=1)


def _bar(value: float, high: float) -> list[list[float]]:
    """Return how far a symmetric interval reaches below and above `value`, which is not negative, down to 0 at most."""
    return [[min(high - value, max(value, 0.0))], [high - value]]


def _name(ax: Any, points: dict[str, tuple[float, float]], colour: dict[str, str]) -> None:
    """Write each agent's name beside its point, moved up where it would cover another."""
    low, high = ax.get_ylim()
    gap, placed = 0.05 * (high - low), -np.inf
    for agent, (x, y) in sorted(points.items(), key=lambda item: item[1][1]):
        placed = max(y, placed + gap)
        beside = x + 0.03 * np.diff(ax.get_xlim())[0]
        ax.annotate(
            agent, (x, y), xytext=(beside, placed + 0.35 * gap), fontsize=8.5, va="bottom",
            color=colour[agent], arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "linewidth": 0.6},
        )  # fmt: skip


CARD = FigureCard(
    name="early-late",
    summary="What a short test sees against what comes of it: early click rate and late activity, a point an agent.",
    make=draw,
    panel=panel,
    reading="Further right: more clicks in a short test. Higher: more users at the end. What a test would ship stands "
    "far right; what one wants stands high. Bars are 95% intervals of the means over seeds.",
)
