"""Pictures of a study.  A figure is one file here, which ends with its card, and one line in `FIGURES`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serendip.experiments.online.results import Results
from serendip.simulator.cards import Card, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCard(Card):
    """The card of a figure; `make` takes the `Results` of a study and returns a Matplotlib figure."""


FIGURES = Registry(
    "figure",
    FigureCard,
    {
        "activity": "serendip.experiments.figures.activity:CARD",
        "discovery": "serendip.experiments.figures.discovery:CARD",
        "survival": "serendip.experiments.figures.survival:CARD",
        "early-late": "serendip.experiments.figures.early_late:CARD",
    },
)


def draw_all(results: Results, folder: Path) -> list[Path]:
    """Draw every figure of a study into `folder`; return the files."""
    from serendip.experiments.figures.style import save

    folder.mkdir(parents=True, exist_ok=True)
    return [save(FIGURES.card(name).make(results), folder / f"{name}.png") for name in FIGURES.names()]
