"""The page of a fit: what of a world was fitted to data, how well, and what is assumed."""

from __future__ import annotations

from functools import partial
from typing import Any

from serendip.experiments.report.page import Page, Picture, Section
from serendip.experiments.report.svg import inline_svg
from serendip.experiments.report.world import fit_section
from serendip.simulator.calibration import Report

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
