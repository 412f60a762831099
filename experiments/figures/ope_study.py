"""Pictures of a study of estimators: error and coverage against what varies."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, PercentFormatter

from serendip.experiments.figures.style import clothe
from serendip.experiments.ope_study.study import Score

_SHOWN = {
    "ips": "#0072B2", "snips": "#D55E00", "dm": "#009E73", "dr": "#CC79A7", "mips": "#E69F00", "slate_snips": "#56B4E9",
    "mis": "#6A3D9A", "drl": "#8C6D31", "fitted_q": "#555555", "one_step": "#9A9A9A",
}  # fmt: skip


def draw(scores: list[Score]) -> Any:
    """Return relative error and coverage of 95% intervals, a row for each thing that varies."""
    settings = {(score.dimension, score.setting) for score in scores}
    dimensions = list(dict.fromkeys(s.dimension for s in scores))
    dimensions = [name for name in dimensions if sum(d == name for d, _ in settings) > 1]
    figure = Figure(figsize=(9.0, 1.4 + 2.5 * len(dimensions)), layout="constrained")
    title = "Estimators on simulated logs whose truth is known"
    figure.suptitle(title, fontsize=13, fontweight="bold", x=0.01, ha="left")
    axes = figure.subplots(len(dimensions), 2, squeeze=False)
    for row, dimension in zip(axes, dimensions, strict=True):
        _panel(row, [s for s in scores if s.dimension == dimension and s.interval == "default"])
        for ax in row:
            ax.set_xlabel(dimension)
    for ax, words in zip(axes[0], ("root mean squared error, relative", "coverage of 95% intervals"), strict=True):
        ax.set_title(words, fontsize=10.5, loc="left")
    lines = {line.get_label(): line for ax in axes[:, 0] for line in ax.get_lines()}
    figure.legend(lines.values(), lines.keys(), loc="outside lower left", ncols=5, frameon=False, fontsize=9.5)
    return figure


def _panel(axes: Any, scores: list[Score]) -> None:
    """Draw error and coverage, the settings that were tried side by side at equal steps."""
    error, coverage = axes
    settings = sorted({s.setting for s in scores})
    for name, colour in _SHOWN.items():
        rows = sorted((s for s in scores if s.estimator == name), key=lambda s: s.setting)
        if not rows:
            continue
        at = [settings.index(s.setting) for s in rows]
        error.plot(at, [s.rmse for s in rows], "o-", color=colour, linewidth=1.6, markersize=4, label=name)
        coverage.plot(at, [s.coverage for s in rows], "o-", color=colour, linewidth=1.6, markersize=4)
    coverage.axhline(0.95, color="#555555", linewidth=1.0, linestyle=":")
    coverage.set_ylim(0.0, 1.02)
    error.set_yscale("log")
    for axis in (error.yaxis.set_major_formatter, error.yaxis.set_minor_formatter, coverage.yaxis.set_major_formatter):
        axis(PercentFormatter(1.0, decimals=0))
    error.yaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    for ax in axes:
        ax.set_xticks(range(len(settings)), [f"{setting:g}" for setting in settings])
        clothe(ax)
