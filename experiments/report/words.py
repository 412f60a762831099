"""What each figure of a study shows, in words: the text alternative that stands below it."""

from __future__ import annotations

from collections.abc import Callable

from serendip.experiments.online.results import ALL, Results
from serendip.experiments.online.statistics import Interval
from serendip.experiments.online.summary import LOW, Row, closing_visitors
from serendip.simulator.population import ACTIVITY_GROUPS


def words_of(name: str, results: Results, rows: list[Row]) -> str:
    """Return in words what the figure `name` shows; an empty text where nothing is known of it."""
    tell = _TELLERS.get(name)
    return "" if tell is None else tell(results, rows)


def _activity(results: Results, rows: list[Row]) -> str:
    parts = list[str]()
    for group, name in enumerate(ACTIVITY_GROUPS):
        values = {agent: float(closing_visitors(results, agent, group).mean()) for agent in results.agents}
        parts.append(f"{name}-activity third: {_listed(values, '.1f')}")
    return f"Users a day, mean of the last {results.last} days. {'; '.join(parts)}."


def _lifts(results: Results, rows: list[Row]) -> str:
    reference = results.study.reference_agent()
    others = [row for row in rows if row.agent != reference]
    low = ", ".join(f"{row.agent} {_interval(row.low_lift)}" for row in others)
    everyone = ", ".join(f"{row.agent} {_interval(row.lift)}" for row in others)
    return f"Users a day more than under {reference}. Low-activity third: {low}; all users: {everyone}."


def _discovery(results: Results, rows: list[Row]) -> str:
    return f"Liked topics known on the last day: {_listed({row.agent: row.liked_known.value for row in rows}, '.1f')}."


def _survival(results: Results, rows: list[Row]) -> str:
    return f"Not left by the last day: {_listed({row.agent: row.alive.value for row in rows}, '.0%')}."


def _early_late(results: Results, rows: list[Row]) -> str:
    slate = slice(0, results.first)
    parts = list[str]()
    for group, name in ((LOW, "low-activity third"), (ALL, "all users")):
        points = [
            f"{agent} {results.ratio(agent, 'clicks', 'slates', slate, group).mean():.2f} clicks per slate at first, "
            f"{closing_visitors(results, agent, group).mean():.1f} users a day at the end"
            for agent in results.agents
        ]
        parts.append(f"{name}: {'; '.join(points)}")
    return ". ".join(part[:1].upper() + part[1:] for part in parts) + "."


def _listed(values: dict[str, float], form: str) -> str:
    """Return the values by name, largest first."""
    return ", ".join(f"{name} {values[name]:{form}}" for name in sorted(values, key=lambda name: -values[name]))


def _interval(lift: Interval) -> str:
    ends = "" if lift.low is None or lift.high is None else f" [{lift.low:+.1f}, {lift.high:+.1f}]"
    return f"{lift.value:+.1f}{ends}"


_TELLERS: dict[str, Callable[[Results, list[Row]], str]] = {
    "activity": _activity,
    "lifts": _lifts,
    "discovery": _discovery,
    "survival": _survival,
    "early-late": _early_late,
}
