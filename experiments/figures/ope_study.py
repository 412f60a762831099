"""Pictures of a study of estimators: error and coverage against what varies."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from serendip.experiments.ope_study.study import Score

_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#6A3D9A",
    "#8C6D31",
    "#555555",
    "#9A9A9A",
)
_SHOWN = ("ips", "snips", "dm", "dr", "mips", "slate_snips", "mis", "drl", "fitted_q", "one_step")


def draw(scores: list[Score]) -> Any:
    """Return relative error (above) and coverage of 95% intervals (below), a panel for each thing that varies."""
    dimensions = [d for d in dict.fromkeys(s.dimension for s in scores) if len({s.setting for s in scores if s.dimension == d}) > 1]  # fmt: skip  # noqa: E501
    figure = Figure(figsize=(3.4 * len(dimensions) + 1.2, 6.4), layout="constrained")
    figure.suptitle("Estimators on simulated logs whose truth is known", fontsize=13, fontweight="bold", x=0.01, ha="left")  # fmt: skip  # noqa: E501
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
    for name, colour in zip(_SHOWN, _COLOURS, strict=True):
        rows = sorted((s for s in scores if s.estimator == name), key=lambda s: s.setting)
        if not rows:
            continue
        settings = [s.setting for s in rows]
        error.plot(settings, [s.rmse for s in rows], "o-", color=colour, linewidth=1.6, markersize=4, label=name)
        coverage.plot(settings, [s.coverage for s in rows], "o-", color=colour, linewidth=1.6, markersize=4)
    coverage.axhline(0.95, color="#555555", linewidth=1.0, linestyle=":")
    coverage.set_ylim(0.0, 1.02)
    error.set_yscale("log")
    for ax in axes:
        ax.set_xscale("log")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="#E6E6E6", linewidth=0.8)
