"""Two folders of results beside each other: what each agent did in one and in the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from serendip.experiments.figures.differences import draw
from serendip.experiments.online.results import Results
from serendip.experiments.online.statistics import FEWEST, Interval, clear, holm, mean_interval, paired_p_value
from serendip.experiments.online.summary import LOW, closing_visitors
from serendip.experiments.report.page import Cell, Grid, Page, Picture, Section
from serendip.experiments.report.sources import made_by
from serendip.experiments.report.svg import inline_svg
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats

GROUPS = {"low": LOW, "all": -1}
_READING = (
    "A line is an agent. Right of the vertical line: more users came in the second study than in the first, over the "
    "seeds that both have. The line is the 95% interval; a filled point is a difference that is clear after correction "
    "for the number of agents."
)
HEADINGS = ("agent", "users", "first", "second", "difference [95%]", "p")


@dataclass(frozen=True, slots=True)
class Compared:
    """One agent in two studies, daily active users in the closing days of each, means over the seeds of both.

    Attributes:
        agent: as on the command line.
        group: `low`, the low-activity third, or `all`.
        first: mean in the first study.
        second: mean in the second study.
        difference: second less first, paired over seeds.
        p: p-value of no difference, adjusted for the number of agents (Holm); None where nothing can be said.
    """

    agent: str
    group: str
    first: float
    second: float
    difference: Interval
    p: float | None


def compare(first: Results, second: Results) -> list[Compared]:
    """Return a row for each group of users and each agent that took part in both, over the seeds of both.

    Raises:
        SettingsError: no agent or no seed is in both.
    """
    agents = [agent for agent in first.agents if agent in second.agents]
    seeds = [seed for seed in first.seeds if seed in second.seeds]
    for what, found, sides in (
        ("agent", agents, (first.agents, second.agents)),
        ("seed", seeds, (first.seeds, second.seeds)),
    ):
        if not found:
            one, other = (", ".join(map(str, side)) for side in sides)
            raise SettingsError(f"compare: no {what} is in both; the first has {one}, the second {other}")
    rows = list[Compared]()
    for group, number in GROUPS.items():
        pairs = [tuple(_closing(side, agent, number, seeds) for side in (first, second)) for agent in agents]
        adjusted = holm([paired_p_value(two - one) for one, two in pairs])
        rows += [
            Compared(agent, group, float(one.mean()), float(two.mean()), mean_interval(two - one), p)
            for agent, (one, two), p in zip(agents, pairs, adjusted, strict=True)
        ]
    return rows


def _closing(results: Results, agent: str, group: int, seeds: Sequence[int]) -> Floats:
    """Return (n_seeds,) daily active users of the closing days under `seeds`."""
    return closing_visitors(results, agent, group)[[results.seeds.index(seed) for seed in seeds]]


def differing(first: Results, second: Results) -> list[str]:
    """Return in words what was not the same, so that a difference is not laid at one door alone."""
    pairs = {
        "world": (first.study.world_name, second.study.world_name),
        "days": (first.study.days, second.study.days),
        "days between updates": (first.study.update_every, second.study.update_every),
        "closing days": (first.last, second.last),
    }
    return [f"{name}: {one} and {two}" for name, (one, two) in pairs.items() if one != two]


def in_words(first: Results, second: Results, rows: Sequence[Compared]) -> list[str]:
    """Return what can be said of the differences, in sentences."""
    seeds = [seed for seed in first.seeds if seed in second.seeds]
    unlike = differing(first, second)
    said = [f"not the same in both: {'; '.join(unlike)}" if unlike else "both: the same world, days and schedule"]
    left = sorted({*first.agents, *second.agents} - {row.agent for row in rows})
    said += [f"in one of them alone, and left out: {', '.join(left)}"] if left else []
    if len(seeds) < FEWEST:
        return [*said, f"seeds in both: {len(seeds)}; it takes {FEWEST} to say anything of the spread between worlds"]
    sure = [row for row in rows if row.group == "low" and clear(row.p, row.difference)]
    named = ", ".join(f"{row.agent} ({'more' if row.difference.value > 0 else 'fewer'})" for row in sure)
    return [*said, f"low-activity users, clear differences of the second to the first: {named or 'none'}"]


def cells(row: Compared) -> list[str]:
    """Return a row as text, in the order of `HEADINGS`."""
    interval, digits = row.difference, 1 if row.group == "low" else 0
    ends = "" if interval.low is None else f" [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"
    return [
        row.agent,
        row.group,
        f"{row.first:.1f}",
        f"{row.second:.1f}",
        f"{interval.value:+.{digits}f}{ends}",
        "-" if row.p is None else f"{row.p:.3f}",
    ]


def compare_page(first: Path, second: Path, found: tuple[Results, Results], rows: Sequence[Compared]) -> Page:
    """Return the page of two studies beside each other.

    Args:
        first: folder of the one study.
        second: folder of the other.
        found: what they found.
        rows: what was compared, from `compare`.
    """
    one, two = found
    said = in_words(one, two, rows)
    sure = [row for row in rows if row.group == "low" and clear(row.p, row.difference)]
    few = len([seed for seed in one.seeds if seed in two.seeds]) < FEWEST
    drawn = [(row.agent, row.group, row.difference, row.p) for row in rows]
    svg = inline_svg(partial(draw, drawn), "differences", "Differences of the second study to the first; in words.")
    words = " ".join(f"{row.agent}, {row.group}: {cells(row)[4]}." for row in rows)
    grid = Grid(
        "Users a day in the closing days: of the low-activity third (low) and of all; second less first.",
        list(HEADINGS),
        [_line(row) for row in rows],
    )
    return Page(
        title=f"{first.name} and {second.name}",
        question=f"What did each agent do in {second} that it did not do in {first}?",
        answer=f"{said[-1][:1].upper()}{said[-1][1:]}. {said[0][:1].upper()}{said[0][1:]}.",
        word="no verdict" if few else "clear differences" if sure else "no clear difference",
        tone="good" if sure else "doubtful",
        sections=[
            Section("Differences, agent by agent", pictures=[Picture(svg, words, _READING)]),
            Section("In a table", text=[f"{line[:1].upper()}{line[1:]}." for line in said], grids=[grid]),
        ],
        made_by=[
            (f"{which}: {name}", value)
            for which, folder in (("first", first), ("second", second))
            for name, value in made_by(folder)
        ],
    )


def _line(row: Compared) -> list[Cell]:
    """Return a row of the table, which is sorted by its numbers."""
    numbers = (None, None, row.first, row.second, row.difference.value, row.p)
    sure = clear(row.p, row.difference)
    return [
        Cell(text, number, strong=sure and at == 4)
        for at, (text, number) in enumerate(zip(cells(row), numbers, strict=True))
    ]


def to_rich(rows: Sequence[Compared], title: str) -> Table:
    """Return the rows as a table for a terminal; a difference that is clear is bold."""
    legend = (
        "users a day in the closing days: of the low-activity third (low) and of all; difference: second less first"
    )
    table = Table(title=title, caption=legend, caption_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    for name in HEADINGS:
        table.add_column(name, justify="left" if name in HEADINGS[:2] else "right", no_wrap=name != "agent")
    for row in rows:
        line = cells(row)
        bold = clear(row.p, row.difference)
        table.add_row(*[Text(text, "bold") if bold and at == 4 else text for at, text in enumerate(line)])
    return table
