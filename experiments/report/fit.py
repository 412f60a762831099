"""The page of a fit: what of a world was fitted to data, how well, and what is assumed."""

from __future__ import annotations

from functools import partial
from typing import Any

from serendip.experiments.report.page import Cell, Grid, Page, Picture, Section
from serendip.experiments.report.svg import inline_svg
from serendip.experiments.report.world import fit_section
from serendip.simulator.calibration import Report
from serendip.simulator.calibration.from_logs.log_world import LogReport

_READING = (
    "Each panel is one question to the data. The band is where 90% of draws from the fitted world lie, the line in it "
    "the middle draw, the marked line the data. Where the data leave the band, the world is not like them."
)


def fit_page(report: Report, made_by: list[tuple[str, str]]) -> Page:
    """Return the page of a world fitted to interactions."""
    from serendip.experiments.figures.calibration import draw

    found: dict[str, Any] = report.to_json()
    section = fit_section(found, "What was fitted, and what is assumed")
    svg = inline_svg(partial(draw, report), "fit", "The data against draws from the fitted world; in words below it.")
    words = " ".join(f"{line.strip()}." for line in report.lines())
    data = found["data"]
    return Page(
        title=f"The world {report.settings.name}",
        question=f"How well does the world match {data['file']}?",
        answer=(
            f"It {section.word}: {len(report.verdict.failed)} of {report.verdict.asked} checks failed. It rests on "
            f"{data['positives_kept']:,} positives of {data['users_kept']:,} users."
        ),
        word=section.word,
        tone=section.tone,
        sections=[
            section,
            Section("The data against the world", pictures=[Picture(svg, words, _READING)]),
        ],
        made_by=made_by,
    )


def log_fit_page(report: LogReport, log: str, made_by: list[tuple[str, str]]) -> Page:
    """Return the page of a world fitted to the log called `log`, of which more can be told than of interactions."""
    section = fit_section(report.to_json(), "What was fitted, and what is assumed")
    verdict, settings = report.verdict, report.settings
    people, choice, dynamics = settings.population, settings.choice, settings.dynamics
    sizes = (
        ("items", settings.catalogue.n_items),
        ("topics", settings.catalogue.n_topics),
        ("slots of a slate", settings.slate_size),
        ("slates of a visit, on average", settings.mean_slates),
        ("topics that a user likes, on average", people.liked_topics),
        ("mean taste for other topics", people.other_mean),
        ("spread of tastes", people.taste_spread),
        ("spread of qualities", settings.catalogue.quality_spread),
        ("utility of clicking nothing", choice["outside"]),
        ("examination of each further slot", choice["examination"]),
        ("utility lost by satiation", dynamics["satiation_effect"]),
        ("days in which satiation wears off", dynamics["satiation_days"]),
    )
    rows = [[Cell(name), Cell(f"{value:.4g}", value)] for name, value in sizes]
    grids = [Grid("What users and items of the fitted world are like.", ["what", "value"], rows)]
    moves, errors = report.fit.moves, report.fit.errors
    if moves is not None and errors is not None:
        found = [(name, getattr(moves, name), getattr(errors, name)) for name in errors.__slots__]
        lines = [[Cell(name), Cell(f"{value:.4g}", value), Cell(f"{share:.1%}", share)] for name, value, share in found]
        caption = "How activity moves, by the likelihood of each day's visit; errors relative to the value."
        grids.append(Grid(caption, ["parameter", "value", "standard error"], lines))
    return Page(
        title=f"The world {settings.name}",
        question=f"How well does a world explain the log {log}?",
        answer=(
            f"It {section.word}: {len(verdict.failed)} of {verdict.asked} checks failed. "
            f"{len(verdict.unidentified)} things were asked of the log that it could not say."
        ),
        word=section.word,
        tone=section.tone,
        sections=[section, Section("What was found", grids=grids)],
        made_by=made_by,
    )
