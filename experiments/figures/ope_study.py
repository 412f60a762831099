"""Pictures of a study of estimators: error and coverage against what varies."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from serendip.experiments.ope_study.study import Score

_SHOWN = {
    "ips": "#0072B2", "snips": "#D55E00", "dm": "#009E73", "dr": "#CC79A7", "mips": "#E69F00", "slate_snips": "#56B4E9",
    "mis": "#6A3D9A", "drl": "#8C6D31", "fitted_q": "#555555", "one_step": "#9A9A9A",
}  # fmt: skip


def draw(scores: list[Score]) -> Any:
    """Return relative error (above) and coverage of 95% intervals (below), a panel for each thing that varies."""
    settings = {(score.dimension, score.setting) for score in scores}
    dimensions = list(dict.fromkeys(s.dimension for s in scores))
    dimensions = [name for name in dimensions if sum(d == name for d, _ in settings) > 1]
    figure = Figure(figsize=(3.4 * len(dimensions) + 1.2, 6.4), layout="constrained")
    title = "Estimators on simulated logs whose truth is known"
    figure.suptitle(title, fontsize=13, fontweight="bold", x=0.01, ha="left")
    axes = figure.subplots(2, len(dimensions), squeeze=False)
    for column, dimension in enumerate(dimensions):
        _panel(axes[:, column], [s for s in scores if s.dimension == dimension and s.interval == "default"])
        axes[1, column].set_xlabel(dimension)
    axes[0, 0].set_ylabel("root mean squared error, relative")
    axes[1, 0].set_ylabel("coverage of 95% intervals")
    lines = {line.get_label(): line for ax in axes[0] for line in ax.get_lines()}
    figure.legend(lines.values(), lines.keys(), loc="outside right upper", frameon=False, fontsize=8)
    return figure


def _panel(axes: Any, scores: list[Score]) -> None:
    error, coverage = axes
    for name, colour in _SHOWN.items():
        rows = sorted((s for s in scores if s.estimator == name), key=lambda s: s.setting)
        if not rows:
            continue
        settings = [s.setting for s in rows]
        error.plot(settings, [s.rmse for s in rows], "o-", color=colour, linewidth=1.6, markersize=4, label=name)
        coverage.plot(settings, [s.coverage for s in rows], "o-", color=colour, linewidth=1.6, markersize=4)
    coverage.axhline(0.95, color="#555555", linewidth=1.0, linestyle=":")
    coverage.set_ylim(0.0, 1.02)
    error.set_yscale("log")
    settings = sorted({s.setting for s in scores})
    for axis in (error.yaxis.set_major_formatter, error.yaxis.set_minor_formatter, coverage.yaxis.set_major_formatter):
        axis(PercentFormatter(1.0, decimals=0))
    for ax in axes:
        ax.set_xscale("log")
        ax.set_xticks(settings, [f"{setting:g}" for setting in settings])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="#E6E6E6", linewidth=0.8)
