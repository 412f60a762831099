"""Calibration: a world's draws around the data it was fitted to."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.ticker import LogFormatter, NullFormatter

from serendip.simulator.calibration import Check, Report

_DATA, _WORLD = "#D55E00", "#0072B2"
_PANELS = {  # check: what stands on the axes, and whether they are logarithmic
    "item popularity": ("rank of the item", "share of all positives", True, True),
    "days active": ("days active, at least", "share of users", True, True),
    "gaps between visits": ("quantile", "log10 days between visits", False, False),
    "topic breadth": ("positives so far", "distinct topics", True, True),
    "topic repeat share": ("positives so far", "share in a topic liked before", True, False),
}


def draw(report: Report) -> Any:
    """Return one page: each check's curve in the data, and the band of the world's own draws around it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 7.0), layout="constrained")
    word = report.verdict.word
    figure.suptitle(f"World {report.settings.name}: the data against draws from the fitted world ({word})", fontsize=13)
    axes = figure.subplots(2, 3).ravel()
    checks = {check.name: check for check in report.checks}
    for ax, (name, labels) in zip(axes, _PANELS.items(), strict=False):
        _curve(ax, checks[name], *labels)
    axes[0].legend(frameon=False, fontsize=9)
    _words(axes[-1], report, checks["item Gini"])
    return figure


def _curve(ax: Any, check: Check, x_label: str, y_label: str, log_x: bool, log_y: bool) -> None:
    """Draw one check: the band and middle of the draws, and the data."""
    floor = np.nanmin(np.where(check.data > 0.0, check.data, np.inf)) / 3.0 if log_y else -np.inf
    low, middle, high, data = (
        np.where(values > floor, values, floor if log_y else np.nan) if log_y else values
        for values in (check.low, check.middle, check.high, check.data)
    )
    ax.fill_between(check.x, low, high, color=_WORLD, alpha=0.2, linewidth=0, label="90% of draws")
    ax.plot(check.x, middle, color=_WORLD, linewidth=1.2, label="middle draw")
    ax.plot(check.x, np.where(data > floor, data, np.nan), color=_DATA, linewidth=1.6, marker=".", label="data")
    ax.set_xscale("log" if log_x else "linear")
    ax.set_yscale("log" if log_y else "linear")
    for axis in [axis for axis, log in ((ax.xaxis, log_x), (ax.yaxis, log_y)) if log]:
        axis.set_major_formatter(LogFormatter())  # plain digits: formulas would not be text on a page
        axis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    said = "not asked" if check.p_value is None else f"p = {check.p_value:.2g}"
    ax.set_title(f"{check.name} ({said})", fontsize=10, loc="left")
    ax.spines[["top", "right"]].set_visible(False)


def _words(ax: Any, report: Report, gini: Check) -> None:
    """Write the numbers that have no curve."""
    data, rates = report.summary["data"], report.summary["rates"]
    lines = [
        f"{data['users_kept']:,} users, {data['items_kept']:,} items, {data['positives_kept']:,} positives",
        f"{report.summary['topics']} topics",
        f"Gini of items: data {gini.data[0]:.3f}, draws {gini.low[0]:.3f} to {gini.high[0]:.3f}",
        f"visits per day while present: Gamma({rates['shape']:.3g}, {rates['scale_days']:.3g} days),"
        f"\n    mean {rates['mean_visits_per_day_while_present']:.3g}",
        f"leaving after a day active: Beta({rates['leave_a']:.3g}, {rates['leave_b']:.3g})",
        *("\n    ".join(textwrap.wrap(line, 60)) for line in report.verdict.lines()),
    ]
    ax.axis("off")
    ax.text(0.0, 0.95, "\n\n".join(lines), va="top", fontsize=7)
