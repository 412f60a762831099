"""The closing table of a study: who helped low-activity users, and by how much more than the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from serendip.experiments.online.oracles import BOUND
from serendip.experiments.online.results import Results
from serendip.experiments.online.statistics import FEWEST, Interval, clear, holm, mean_interval, paired_p_value
from serendip.experiments.tables import markdown
from serendip.simulator.interface import Floats
from serendip.simulator.oracle.life import gap_closed

LOW = 0
SHORT = ("agent", "low", "lift [95%]", "all", "lift [95%]", "early", "late", "clicks", "known", "alive", "gap")


@dataclass(frozen=True, slots=True)
class Row:
    """One agent's line of the table; all are means over seeds.

    Attributes:
        agent: as on the command line.
        low_visitors: daily active users of the low-activity third, in the closing window.
        low_lift: its difference to the reference's, paired over seeds.
        low_lift_p: p-value of no difference, Holm-adjusted over the agents; None where nothing can be said.
        visitors: daily active users of all, in the closing window.
        lift: its difference to the reference's.
        lift_p: p-value of no difference, Holm-adjusted over the agents; None where nothing can be said.
        early_click_rate: clicks per slate in the opening window.
        late_click_rate: clicks per slate in the closing window.
        clicks: clicks per day in the closing window.
        liked_known: liked topics known per living user on the last day.
        alive: share of users who have not left by the last day.
    """

    agent: str
    low_visitors: Interval
    low_lift: Interval
    low_lift_p: float | None
    visitors: Interval
    lift: Interval
    lift_p: float | None
    early_click_rate: Interval
    late_click_rate: Interval
    clicks: Interval
    liked_known: Interval
    alive: Interval
    gap_closed: float | None
    """Share of the growth oracle's lead over the reference, in `low_visitors`, that the agent has; None without it."""


def summarise(results: Results) -> list[Row]:
    """Return one row per agent."""
    reference = results.study.reference_agent()
    low = {agent: closing_visitors(results, agent, LOW) for agent in results.agents}
    everyone = {agent: closing_visitors(results, agent) for agent in results.agents}
    others = [agent for agent in results.agents if agent != reference]
    low_p, all_p = (
        dict(zip(others, holm([paired_p_value(of[agent] - of[reference]) for agent in others]), strict=True))
        for of in (low, everyone)
    )
    start, end = slice(0, results.first), slice(-results.last, None)
    return [
        Row(
            agent=agent,
            low_visitors=mean_interval(low[agent]),
            low_lift=mean_interval(low[agent] - low[reference]),
            low_lift_p=low_p.get(agent),
            visitors=mean_interval(everyone[agent]),
            lift=mean_interval(everyone[agent] - everyone[reference]),
            lift_p=all_p.get(agent),
            early_click_rate=mean_interval(results.ratio(agent, "clicks", "slates", start)),
            late_click_rate=mean_interval(results.ratio(agent, "clicks", "slates", end)),
            clicks=mean_interval(results.daily(agent, "clicks")[:, end].mean(axis=1)),
            liked_known=mean_interval(results.ratio(agent, "liked_known", "alive", slice(-1, None))),
            alive=mean_interval(results.ratio(agent, "alive", "users", slice(-1, None))),
            gap_closed=_gap_closed(low, agent, reference),
        )
        for agent in results.agents
    ]


def _gap_closed(low: dict[str, Floats], agent: str, reference: str) -> float | None:
    """Return the share of the oracle's lead that `agent` has, or None where no oracle took part or it does not lead."""
    if BOUND not in low:
        return None
    share = gap_closed(low[agent], low[reference], low[BOUND])
    return share if math.isfinite(share) else None


def closing_visitors(results: Results, agent: str, group: int = -1) -> Floats:
    """Return (n_seeds,) daily active users in the closing window, of one group or of all."""
    return results.daily(agent, "visitors", group)[:, -results.last :].mean(axis=1)


def to_json(results: Results, rows: list[Row]) -> dict[str, Any]:
    """Return the table as plain values."""
    return {
        "study": results.study.name,
        "world": results.study.world,
        "reference": results.study.reference_agent(),
        "seeds": list(results.seeds),
        "days": results.study.days,
        "closing_days": results.last,
        "opening_days": results.first,
        "agents": [asdict(row) for row in rows],
    }


def headings(results: Results) -> list[str]:
    """Return the column headings of the table, in the order of `cells`."""
    last, first = results.last, results.first
    return [
        "agent",
        f"low-activity users a day, last {last} days",
        "lift [95%]",
        "all users a day",
        "lift [95%]",
        f"click rate, first {first} days",
        f"click rate, last {last} days",
        "clicks a day",
        "liked topics known",
        "alive",
        *(["share of the oracle's lead"] if BOUND in results.agents else []),
    ]


def cells(row: Row, *, is_reference: bool, with_oracle: bool) -> list[str]:
    """Return one line of the table as text."""
    return [
        row.agent,
        f"{row.low_visitors.value:.1f}",
        "reference" if is_reference else _lift(row.low_lift, 1),
        f"{row.visitors.value:.0f}",
        "reference" if is_reference else _lift(row.lift, 0),
        f"{row.early_click_rate.value:.2f}",
        f"{row.late_click_rate.value:.2f}",
        f"{row.clicks.value:.0f}",
        f"{row.liked_known.value:.1f}",
        f"{row.alive.value:.0%}",
        *(["-" if row.gap_closed is None else f"{row.gap_closed:.0%}"] if with_oracle else []),
    ]


def to_rich(results: Results, rows: list[Row], width: int) -> Table:
    """Return the table for a terminal of `width` columns; a lift that is clear is bold.

    A narrow terminal gets fewer columns; `summary.md` has them all.
    """
    reference, n = results.study.reference_agent(), len(results.seeds)
    title = (
        f"{results.study.name} in world {results.study.world_name}: {n} seed{'s' * (n > 1)}, {results.study.days} days"
    )
    shown = [0, 1, 2, 3, 7, 8, 9] if width < 110 else list(range(10))
    shown += [10] if BOUND in results.agents else []
    table = Table(
        title=title,
        min_width=min(width, 79),
        caption=_legend(results, shown),
        caption_justify="left",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
    )
    for index in shown:
        name = index == 0
        least = min(18, max(len(row.agent) for row in rows)) if name else None
        table.add_column(SHORT[index], justify="left" if name else "right", no_wrap=not name, min_width=least)
    for row in rows:
        line = cells(row, is_reference=row.agent == reference, with_oracle=BOUND in results.agents)
        line[0] = line[0].replace(":", ": ").replace(",", ", ")  # where a long name may be broken
        bold = {2: clear(row.low_lift_p, row.low_lift), 4: clear(row.lift_p, row.lift)}
        table.add_row(*[Text(line[index], "bold") if bold.get(index) else line[index] for index in shown])
    return table


def _legend(results: Results, shown: Sequence[int]) -> str:
    """Return what the short headings that are `shown` mean."""
    paired = ", paired over seeds" if len(results.seeds) > 1 else ""
    paired += "; bold: clear" if len(results.seeds) >= FEWEST else ""
    first, last = results.first, results.last
    lines = [
        f"low, all: users a day, last {last} days, of the low-activity third and of all",
        f"lift: over {results.study.reference_agent()}{paired}",
        *([f"early, late: clicks per slate, first {first} and last {last} days"] if 5 in shown else []),
        "clicks: per day; known: liked topics known at the end; alive: have not left",
        *([f"gap: share of the lead of {BOUND} over the reference, in low"] if BOUND in results.agents else []),
        *(["summary.md has all columns"] if len(shown) < len(SHORT) - 1 else []),
    ]
    return "\n".join(lines)


def to_markdown(results: Results, rows: list[Row]) -> str:
    """Return the table as Markdown."""
    reference = results.study.reference_agent()
    lines = [cells(row, is_reference=row.agent == reference, with_oracle=BOUND in results.agents) for row in rows]
    return markdown(headings(results), lines)


def _lift(interval: Interval, digits: int) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.value:+.{digits}f}"
    return f"{interval.value:+.{digits}f} [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"
