"""Pictures of a study.  A figure is one file here and one line in `FIGURES`."""

from __future__ import annotations

import pkgutil
from pathlib import Path

from serendip.experiments.online.results import Results

FIGURES = {
    "activity": "serendip.experiments.figures.activity:draw",
    "discovery": "serendip.experiments.figures.discovery:draw",
    "survival": "serendip.experiments.figures.survival:draw",
    "early-late": "serendip.experiments.figures.early_late:draw",
}


def draw_all(results: Results, folder: Path) -> list[Path]:
    """Draw every figure of a study into `folder`; return the files."""
    from serendip.experiments.figures.style import save

    folder.mkdir(parents=True, exist_ok=True)
    return [save(pkgutil.resolve_name(where)(results), folder / f"{name}.png") for name, where in FIGURES.items()]
