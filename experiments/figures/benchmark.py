"""A picture of the static benchmark: how good a model is, and how long it takes to learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from serendip.agents.models import MODELS
from serendip.experiments.benchmark.metrics import TUNED_ON
from serendip.experiments.benchmark.table import BASELINES, Tests, best_baseline, by_quality, mean_and_error, terciles
from serendip.experiments.figures.style import clothe, head, save

_GREY, _BLUE, _ORANGE = "#555555", "#0072B2", "#D55E00"
_SOONEST = 0.01  # seconds; what is quicker is drawn there


def draw(tests: Tests) -> Any:
    """Return a row for each model, the best above: NDCG@100 of all users and of those with few clicks, and seconds."""
    from matplotlib.figure import Figure

    names = by_quality(tests)[::-1]
    activity = tests[best_baseline(tests)][1]["activity"]
    few = terciles(activity)[0]
    figure = Figure(figsize=(9.0, 1.7 + 0.27 * max(len(names), 4)), layout="constrained")
    head(
        figure,
        "Quality, and the time it takes to learn",
        "NDCG@100 of what was held out, ± standard error; orange: models of the next click; grey: other baselines",
    )
    axes = figure.subplots(1, 3, sharey=True, width_ratios=(1.0, 1.0, 0.8))
    groups = {
        f"all {len(activity):,} users": np.ones(len(activity), dtype=bool),
        f"fewest clicks ({few.sum():,} users)": few,
    }
    for ax, (title, group) in zip(axes, groups.items(), strict=False):
        _quality(ax, {name: mean_and_error(tests[name][1][TUNED_ON][group]) for name in names})
        ax.set_title(title, fontsize=10, loc="left")
    _seconds(axes[2], {name: max(tests[name][0]["seconds"], _SOONEST) for name in names})
    axes[0].set_yticks(range(len(names)), names)
    for label, name in zip(axes[0].get_yticklabels(), names, strict=True):
        label.set_color(_colour(name))
    return figure


def draw_to(tests: Tests, path: Path) -> Path:
    """Draw the figure into `path`; return it."""
    return save(draw(tests), path)


def _quality(ax: Any, found: dict[str, tuple[float, float]]) -> None:
    """Draw a mean and its standard error a row."""
    for at, (name, (mean, error)) in enumerate(found.items()):
        ax.errorbar(mean, at, xerr=error, fmt="o", color=_colour(name), markersize=5, elinewidth=1.3)
    _rows(ax)
    ax.set_xlabel("NDCG@100")


def _seconds(ax: Any, found: dict[str, float]) -> None:
    """Draw how long one fit took, a row."""
    for at, (name, seconds) in enumerate(found.items()):
        ax.plot(seconds, at, "o", color=_colour(name), markersize=5)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(numticks=5))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(_SOONEST / 2.0, max(2.0 * max(found.values()), 1.0))
    _rows(ax)
    ax.set_title("one fit", fontsize=10, loc="left")
    ax.set_xlabel("seconds to learn")


def _rows(ax: Any) -> None:
    clothe(ax)
    ax.grid(axis="x", color="#E6E6E6", linewidth=0.8)


def _colour(name: str) -> str:
    return _ORANGE if MODELS.card(name).sequential else _GREY if name in BASELINES else _BLUE
