"""Pictures of a study.  A figure is one file here, which ends with its card, and one line in `FIGURES`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serendip.experiments.online.results import Results
from serendip.simulator.cards import Card, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCard(Card):
    """The card of a figure; `make` takes the `Results` of a study and returns a Matplotlib figure.

    Attributes:
        reading: how to read the figure, in sentences.
        panel: draws one group of users (0 low, 1 middle, 2 high, -1 all) on axes of one's own; None where it cannot.
    """

    reading: str = ""
    panel: Callable[[Any, Results, int], None] | None = None


FIGURES = Registry(
    "figure",
    FigureCard,
    {
        "activity": "serendip.experiments.figures.activity:CARD",
        "lifts": "serendip.experiments.figures.lifts:CARD",
        "discovery": "serendip.experiments.figures.discovery:CARD",
        "survival": "serendip.experiments.figures.survival:CARD",
        "early-late": "serendip.experiments.figures.early_late:CARD",
    },
)


def draw_all(results: Results, folder: Path, formats: Sequence[str] = ("png",), dpi: int | None = None) -> list[Path]:
    """Draw every figure of a study into `folder`, and return the files.

    Args:
        results: of the study.
        folder: where the files are written.
        formats: of each figure: png, svg, pdf.
        dpi: dots per inch of a PNG; 150 when left out.
    """
    from serendip.experiments.figures.style import DPI, save

    folder.mkdir(parents=True, exist_ok=True)
    drawn = {name: FIGURES.card(name).make(results) for name in FIGURES.names()}
    return [save(figure, folder / f"{name}.{kind}", dpi or DPI) for name, figure in drawn.items() for kind in formats]
