"""Paired lifts as a forest plot: how many more users come than under the reference, with intervals."""

from __future__ import annotations

from typing import Any

from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.colours import colours
from serendip.experiments.figures.style import new_figure, tidy_ticks
from serendip.experiments.online.results import ALL, Results
from serendip.experiments.online.statistics import Interval, clear
from serendip.experiments.online.summary import LOW, Row, closing_visitors, summarise
from serendip.simulator.errors import SettingsError


def draw(results: Results) -> Any:
    """Return each agent's lift over the reference, of the low-activity third and of all; filled where it is clear."""
    reference = results.study.reference_agent()
    rows = sorted((row for row in summarise(results) if row.agent != reference), key=lambda row: row.low_lift.value)
    figure, axes = new_figure(
        2,
        f"Users a day more, or fewer, than under {reference}",
        f"world {results.study.world_name}; last {results.last} days; {_spread_words(results)}; filled: clear",
        width=10.0,
        height=1.9 + 0.3 * max(len(rows), 4),
    )
    for ax, group, name in zip(axes, (LOW, ALL), ("low-activity third", "all users"), strict=True):
        _panel(ax, results, rows, group)
        ax.set_title(name, fontsize=10, loc="left")
    axes[1].set_yticks(range(len(rows)), [""] * len(rows))
    return figure


def panel(ax: Any, results: Results, group: int) -> None:
    """Draw the lifts of one group of users on `ax`: the low-activity third (0) or all (-1).

    Raises:
        SettingsError: it is another group, for which no lift is taken.
    """
    if group not in (LOW, ALL):
        raise SettingsError("lifts are of the group low or all")
    reference = results.study.reference_agent()
    rows = sorted((row for row in summarise(results) if row.agent != reference), key=lambda row: row.low_lift.value)
    _panel(ax, results, rows, group)


def _spread_words(results: Results) -> str:
    n = len(results.seeds)
    return f"paired over {n} seeds, lines: 95% intervals, dots: seeds" if n > 1 else "one seed"


def _panel(ax: Any, results: Results, rows: list[Row], group: int) -> None:
    """Draw one line an agent, in the order of `rows` from below."""
    colour, reference = colours(results.agents), results.study.reference_agent()
    ax.grid(visible=False)
    ax.axvline(0.0, color="#555555", linewidth=1.0)
    ax.set_ylim(-0.7, max(len(rows), 1) - 0.3)
    ax.set_yticks(range(len(rows)), [row.agent for row in rows])
    ax.set_xlabel("difference in daily active users")
    tidy_ticks(ax)
    base = closing_visitors(results, reference, group)
    for at, row in enumerate(rows):
        lift, p_value = (row.low_lift, row.low_lift_p) if group == LOW else (row.lift, row.lift_p)
        seeds = closing_visitors(results, row.agent, group) - base
        ax.plot(seeds, [at] * len(seeds), ".", color=colour[row.agent], markersize=3, alpha=0.5)
        one_lift(ax, at, lift, colour[row.agent], sure=clear(p_value, lift))


def one_lift(ax: Any, at: int, lift: Interval, colour: str, *, sure: bool) -> None:
    """Draw a mean and its interval.

    Args:
        ax: axes to draw on.
        at: height of the line.
        lift: the mean and its interval.
        colour: colour of both, as Matplotlib names it.
        sure: whether the difference is clear, in which case the mean is filled.
    """
    if lift.low is not None and lift.high is not None:
        ax.plot([lift.low, lift.high], [at, at], color=colour, linewidth=2.0)
    ax.plot([lift.value], [at], "o", color=colour, markersize=7, markerfacecolor=colour if sure else "white")


CARD = FigureCard(
    name="lifts",
    summary="Paired lifts over the reference with their intervals, as a forest plot: who helps, and how sure that is.",
    make=draw,
    panel=panel,
    reading="Each line is an agent. Right of the vertical line: more users than under the reference, in the same "
    "worlds with the same luck. The line is the 95% interval, small dots are single seeds, and a filled point is a "
    "difference that is clear after correction for the number of agents.",
)
