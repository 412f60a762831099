"""Activity over time, for users who were rarely, sometimes and often there before anything was shown."""

from __future__ import annotations

from typing import Any

from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.style import band, colours, name_lines, new_figure, smooth, spread_words
from serendip.experiments.online.results import Results
from serendip.simulator.population import ACTIVITY_GROUPS


def draw(results: Results) -> Any:
    """Return three panels of daily active users, one per third of base activity."""
    figure, axes = new_figure(
        3,
        "Daily active users, by how active they were before the experiment",
        f"world {results.study.world_name}; 7-day {spread_words(len(results.seeds))}",
    )
    colour = colours(results.agents)
    for group, (name, ax) in enumerate(zip(ACTIVITY_GROUPS, axes, strict=True)):
        ends = {
            agent: band(ax, smooth(results.daily(agent, "visitors", group)), colour[agent]) for agent in results.agents
        }
        ax.set_ylim(bottom=0)
        ax.set_title(f"{name}-activity third", fontsize=10, loc="left")
        ax.set_xlabel("day")
        if group == 0:
            ax.set_ylabel("users who visit that day")
        if group == len(ACTIVITY_GROUPS) - 1:
            name_lines(ax, ends, colour, results.study.days - 1)
    return figure


CARD = FigureCard(
    name="activity",
    summary="Daily active users over time, by how active they were before: who grows and who fades.",
    make=draw,
    reading="Each panel is a third of the users, by how often they came before anything was shown. A curve that rises: "
    "users of that third come more often. The band is the 95% interval of the mean over seeds.",
)
