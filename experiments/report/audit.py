"""The page of an audit: whether a log's propensities can be what they say they are."""

from __future__ import annotations

from serendip.experiments.offline.judging.audit import Audit
from serendip.experiments.report.page import Cell, Grid, Page, Section

_ANSWERS = {True: "yes", False: "no", None: "not asked"}


def audit_page(found: Audit, log: str, made_by: list[tuple[str, str]]) -> Page:
    """Return the page of what was asked of the log called `log`, and what it answered."""
    rows = [
        [Cell(check.name, strong=check.passed is False), Cell(_ANSWERS[check.passed]), Cell(check.detail)]
        for check in found.checks
    ]
    unasked = f"This log could not be asked: {', '.join(found.not_asked)}."
    grid = Grid("Each question, and what the log answered.", ["question", "answer", "how that is known"], rows)
    return Page(
        title="Audit of a log",
        question=f"Can the propensities of the log {log} be the probabilities that they say they are?",
        answer=f"{found.answer}.",
        word="sound" if found.sound else "not sound",
        tone="good" if found.sound else "bad",
        sections=[Section("What was asked", text=[unasked] if found.not_asked else [], grids=[grid])],
        made_by=made_by,
    )
