"""The page of a study: what was asked, the answer, who grew, and how far all of that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from serendip.experiments.figures import FIGURES
from serendip.experiments.figures.colours import colours
from serendip.experiments.online.oracles import BOUND
from serendip.experiments.online.results import Results, read_results
from serendip.experiments.online.statistics import FEWEST, LEVEL, clear, seeds_for_clarity, smallest_p_value
from serendip.experiments.online.summary import Row, cells, headings, summarise
from serendip.experiments.online.verdicts import verdicts
from serendip.experiments.report.evaluation import evaluations_in
from serendip.experiments.report.page import Cell, Grid, Page, Picture, Section, Tone, write_page
from serendip.experiments.report.sources import made_by, manifests
from serendip.experiments.report.svg import colour_variable, inline_svg
from serendip.experiments.report.words import words_of
from serendip.experiments.report.world import world_section

REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a study.

    Attributes:
        text: two sentences.
        word: its verdict.
        tone: whether the verdict is good news.
    """

    text: str
    word: str
    tone: Tone


def report_study(out: Path, results: Results | None = None, file: Path | None = None) -> Path:
    """Write the page of the study in the folder `out`; return its path.

    Args:
        out: a folder that `serendip run` wrote.
        results: what of it is told; all of it when left out.
        file: where the page is written; `report.html` in the folder when left out.

    Raises:
        DataError: the folder holds no study, or something in it is damaged.
    """
    return write_page(study_page(out, read_results(out) if results is None else results), file or out / REPORT)


def study_page(out: Path, results: Results) -> Page:
    """Return the page of the study in the folder `out`."""
    study, rows = results.study, summarise(results)
    n, found = len(results.seeds), answer(results, rows)
    return Page(
        title=f"{study.name} in the world {study.world_name}",
        question=(
            f"Which agent brings back the users who rarely come? {len(study.agents)} agents, {n} world"
            f"{'s' * (n > 1)} drawn, {study.days} days; compared with {study.reference_agent()}."
        ),
        answer=found.text,
        word=found.word,
        tone=found.tone,
        sections=[
            *(_figure_section(name, results, rows) for name in FIGURES.names()),
            *evaluations_in(out),
            world_section(out),
            Section("In a table", grids=[_table(results, rows)], points=list(map(_sentence, verdicts(results, rows)))),
            manifests(out, results),
        ],
        made_by=made_by(out),
    )


def answer(results: Results, rows: list[Row]) -> Answer:
    """Return who helped low-activity users most, in two sentences, and whether that is clear."""
    reference = results.study.reference_agent()
    others = [row for row in rows if row.agent not in (reference, BOUND)]
    base = next(row for row in rows if row.agent == reference)
    first = f"{base.low_visitors.value:.1f} users of the low-activity third a day in the last {results.last} days"
    if not others:
        return Answer(f"Under {reference} there were {first}. No other agent took part.", "no comparison", "doubtful")
    best = max(others, key=lambda row: row.low_visitors.value)
    n, enough = len(results.seeds), seeds_for_clarity(len(rows) - 1)
    text = f"{_compared(best, reference, first)} "
    if n < FEWEST or smallest_p_value(n, len(rows) - 1) >= LEVEL:
        worlds = "one world" if n == 1 else f"{n} worlds"
        return Answer(
            f"{text}With {worlds} no difference can be clear: run --seeds {enough}.", "no verdict", "doubtful"
        )
    if not clear(best.low_lift_p, best.low_lift):
        return Answer(f"{text}That may be chance.", "not clear", "doubtful")
    if best.low_lift.value > 0.0:
        return Answer(f"{text}That is clear: other worlds and other luck would hardly turn it around.", "clear", "good")
    return Answer(f"{text}That is clear: none does better than {reference}.", "clearly worse", "bad")


def _compared(best: Row, reference: str, first: str) -> str:
    """Return in a sentence how the best of the other agents stands beside the reference, which had `first`."""
    lift, had = best.low_lift, f"{best.low_visitors.value:.1f}"
    size = "" if lift.low is None or lift.high is None else f", 95% interval {lift.low:+.1f} to {lift.high:+.1f}"
    size = f"{lift.value:+.1f}{size}"
    if lift.value <= 0.0:
        return f"No agent had more than {reference} with its {first}; nearest is {best.agent} with {had} ({size})."
    return f"{best.agent} had most, {had}, against {first} under {reference} ({size})."


def _sentence(line: str) -> str:
    """Return `line` with a capital letter and a full stop, but for one in brackets."""
    return line if line.startswith("(") else f"{line[:1].upper()}{line[1:]}."


def _table(results: Results, rows: list[Row]) -> Grid:
    """Return the closing table, all columns."""
    reference, colour = results.study.reference_agent(), colours(results.agents)
    lines = list[list[Cell]]()
    for row in rows:
        texts = cells(row, is_reference=row.agent == reference, with_oracle=BOUND in results.agents)
        line = [Cell(text, order) for text, order in zip(texts, _orders(row), strict=False)]
        line[0] = Cell(row.agent, colour=colour_variable(colour[row.agent]))
        for at, p_value, lift in ((2, row.low_lift_p, row.low_lift), (4, row.lift_p, row.lift)):
            line[at] = Cell(texts[at], lift.value, strong=clear(p_value, lift))
        lines.append(line)
    return Grid(
        "Means over the worlds drawn; a lift in bold is clear. Press a heading to sort.", headings(results), lines
    )


def _orders(row: Row) -> list[float | None]:
    """Return by what each cell of a line is sorted."""
    shown = (
        *(row.low_visitors, row.low_lift, row.visitors, row.lift, row.early_click_rate, row.late_click_rate),
        *(row.clicks, row.liked_known, row.alive),
    )
    return [None, *(interval.value for interval in shown), row.gap_closed]


def _figure_section(name: str, results: Results, rows: list[Row]) -> Section:
    """Return one of the study's figures."""
    card = FIGURES.card(name)
    words = words_of(name, results, rows) or card.summary
    svg = inline_svg(partial(card.make, results), name, f"{card.summary} The numbers follow the figure, in words.")
    return Section(name.replace("-", " ").capitalize(), [card.summary], pictures=[Picture(svg, words, card.reading)])
