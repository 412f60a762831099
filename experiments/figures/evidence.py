"""Pictures of the evidence: where uncertainty helps, as a map, and paired lifts of every arm as a forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from serendip.experiments.online.statistics import mean_interval
from serendip.experiments.uncertainty.cells import Row
from serendip.experiments.uncertainty.contrasts import Answer, by_seed, paired
from serendip.experiments.uncertainty.declaration import Declaration

_SIDES = {
    "true": "#0072B2", "blind": "#D55E00", "further": "#E69F00", "caution": "#CC79A7", "activity": "#6A3D9A",
    "growth": "#009E73", "growth-true": "#56B4E9", "growth-blind": "#8C6D31", "reference": "#9A9A9A",
    "informed": "#555555", "oracle": "#000000",
}  # fmt: skip
_ASKED = {
    "primary": "true doubts - blind variety",
    "doubts": "true doubts - greed",
    "variety": "blind variety - greed",
    "ceiling": "oracle - informed greed",
}


def draw_map(found: Sequence[Answer]) -> Any:
    """Return relative differences, a row a world and a panel a contrast; filled where clear."""
    worlds = list(dict.fromkeys(answer.world for answer in found))[::-1]
    asked = [name for name in _ASKED if any(answer.contrast == name for answer in found)]
    figure = Figure(figsize=(2.6 * max(len(asked), 1) + 1.5, 0.32 * len(worlds) + 1.7), layout="constrained")
    figure.suptitle("Where uncertainty helps low-activity users", fontsize=13, fontweight="bold")
    panels = figure.subplots(1, max(len(asked), 1), sharey=True, squeeze=False)[0]
    for ax, name in zip(panels, asked, strict=False):
        for answer in (a for a in found if a.contrast == name and a.base > 0.0):
            scale = 100.0 / answer.base
            _one(ax, worlds.index(answer.world), answer.difference, scale, "#0072B2", sure=answer.clear)
        _dress(ax, _ASKED[name], "percent")
    panels[0].set_yticks(range(len(worlds)), worlds, fontsize=8)
    return figure


def draw_forest(declared: Declaration, rows: Sequence[Row], worlds: Sequence[str]) -> Any:
    """Return lifts over greed on the same belief, in low-activity users a day, a panel a world.

    Arms with another belief, and oracles, are far from it: the page's tables have them.

    Args:
        declared: the arms.
        rows: what was found.
        worlds: names of the worlds that have a panel.
    """
    arms = [arm for arm in declared.arms if arm.kind not in ("greed", "reference", "oracle")][::-1]
    figure = Figure(figsize=(2.6 * max(len(worlds), 1) + 1.5, 0.26 * len(arms) + 1.7), layout="constrained")
    figure.suptitle(
        "Low-activity users a day: more, or fewer, than under greed on the same belief", fontsize=13, fontweight="bold"
    )
    panels = figure.subplots(1, max(len(worlds), 1), sharey=True, squeeze=False)[0]
    for ax, world in zip(panels, worlds, strict=False):
        for at, arm in enumerate(arms):
            if by_seed(rows, world, arm.name) and len(paired(rows, world, arm.name, "greed")):
                interval = mean_interval(paired(rows, world, arm.name, "greed"))
                _one(ax, at, interval, 1.0, _SIDES[arm.kind], sure=interval.excludes_zero())
        _dress(ax, world, "users a day")
    panels[0].set_yticks(range(len(arms)), [arm.name for arm in arms], fontsize=8)
    return figure


def _one(ax: Any, at: int, interval: Any, scale: float, colour: str, *, sure: bool) -> None:
    """Draw a mean and its interval at the height `at`."""
    if interval.low is not None:
        ax.plot([interval.low * scale, interval.high * scale], [at, at], color=colour, linewidth=1.8)
    face = colour if sure else "white"
    ax.plot([interval.value * scale], [at], "o", color=colour, markersize=6, markerfacecolor=face)


def _dress(ax: Any, title: str, unit: str) -> None:
    ax.axvline(0.0, color="#555555", linewidth=1.0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(title, fontsize=9, loc="left")
    ax.set_xlabel(unit, fontsize=8)
