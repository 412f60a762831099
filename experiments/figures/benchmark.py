"""A picture of the static benchmark: how good a model is against how long it takes to learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from serendip.agents.models import MODELS
from serendip.experiments.benchmark.metrics import TUNED_ON
from serendip.experiments.benchmark.table import BASELINES, Tests, best_baseline, mean_and_error, terciles
from serendip.experiments.figures.style import new_figure, save

_GREY, _BLUE, _ORANGE = "#555555", "#0072B2", "#D55E00"
_SOONEST = 0.01  # seconds; what is quicker is drawn there


def draw(tests: Tests, path: Path) -> Path:
    """Draw NDCG@100 against seconds to learn, of the users with few clicks and of all, into `path`; return it."""
    activity = tests[best_baseline(tests)][1]["activity"]
    few = terciles(activity)[0]
    subtitle = "orange: models of the next click; grey: other baselines; blue: the rest; bars: a standard error"
    figure, axes = new_figure(2, "Quality against the time it takes to learn", subtitle, width=12.0)
    groups = (
        (few, f"the third with fewest clicks ({few.sum():,} users)"),
        (
            np.ones(len(activity), dtype=bool),
            f"all {len(activity):,} users",
        ),
    )
    for ax, (group, title) in zip(axes, groups, strict=True):
        points = {
            name: (max(record["seconds"], _SOONEST), *mean_and_error(users[TUNED_ON][group]))
            for name, (record, users) in tests.items()
        }
        _points(ax, points)
        ax.set_title(title, fontsize=10, loc="left")
        ax.set_ylabel("NDCG@100 of what was held out")
    return save(figure, path)


def _points(ax: Any, points: dict[str, tuple[float, float, float]]) -> None:
    """Draw a point for each model, and its name in a column on the right, at the end of a thin line."""
    for name, (seconds, mean, error) in points.items():
        ax.errorbar(seconds, mean, error, fmt="o", color=_colour(name), markersize=5, elinewidth=1)
    ax.set_xscale("log")
    ax.set_xlabel("seconds to learn, one fit")
    ax.margins(0.08, 0.08)
    for name, height in _apart({name: point[1] for name, point in points.items()}, ax.get_ylim()).items():
        ax.annotate(
            name, points[name][:2], xytext=(1.04, height), textcoords="axes fraction", va="center",
            fontsize=8.5 if len(points) <= 22 else 6.0,
            color=_colour(name), annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#CCCCCC", "linewidth": 0.6, "shrinkA": 0.0, "shrinkB": 3.0},
        )  # fmt: skip


def _apart(means: dict[str, float], limits: tuple[float, float]) -> dict[str, float]:
    """Return a height in [0, 1] for each name, as near to its mean as is legible, in the order of the means."""
    gap = min(0.06, 1.0 / max(len(means), 1))
    names = sorted(means, key=lambda name: means[name])
    heights = [(means[name] - limits[0]) / (limits[1] - limits[0]) for name in names]
    for place in range(1, len(heights)):
        heights[place] = max(heights[place], heights[place - 1] + gap)
    top = 1.0
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], top)
        top = heights[place] - gap
    return dict(zip(names, heights, strict=True))


def _colour(name: str) -> str:
    return _ORANGE if MODELS.card(name).sequential else _GREY if name in BASELINES else _BLUE
