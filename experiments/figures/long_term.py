"""A picture of long-run estimates: visits per user under the target, and what the target would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serendip.experiments.figures.style import new_figure, save
from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.report import title_of

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#555555"
_CHANGES = ("lift", "difference")


def draw(evaluation: Evaluation, folder: Path) -> Path:
    """Draw the estimates of an evaluation by activity into `folder`; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    return save(activity(evaluation), folder / "activity.png")


def activity(evaluation: Evaluation) -> Any:
    """Return estimates with 95% intervals: levels on the left, cut to the days that count, changes on the right."""
    known = {name: e for name, e in evaluation.estimates.items() if e.value is not None}
    levels = [name for name in known if name not in _CHANGES]
    changes = [name for name in known if name in _CHANGES]
    days = evaluation.diagnostics.get("days_counted") or 1.0
    subtitle = f"{evaluation.target}; verdict: {evaluation.verdict}; {days:.0f} days count; 95% intervals over users"
    panels = 2 if changes else 1
    height = max(2.6 + 0.4 * len(levels), 4.4)
    figure, axes = new_figure(panels, "Visits per user, by estimator", subtitle, width=5.5 * panels, height=height)
    for ax, names in zip(axes, (levels, changes), strict=False):
        for row, name in enumerate(reversed(names)):
            e = known[name]
            ax.plot([e.low, e.high], [row, row], color=_BLUE, linewidth=2.0)
            ax.plot([e.value], [row], "o", color=_BLUE, markersize=5)
        ax.set_yticks(range(len(names)), [title_of(name) for name in reversed(names)], fontsize=9)
        ax.set_ylim(-0.6, len(names) - 0.4)
    axes[0].set_xlim(0.0, days)
    axes[0].set_xlabel("visits per user")
    observed = evaluation.diagnostics.get("logged_visits")
    for value, colour, name in ((observed, _GREY, "the log's own users"), (evaluation.truth, _ORANGE, "truth")):
        if value is not None:
            axes[0].axvline(value, color=colour, linewidth=1.2, label=name)
    if observed is not None or evaluation.truth is not None:
        axes[0].legend(frameon=False, fontsize=8)
    if changes:
        axes[1].axvline(0.0, color=_GREY, linewidth=1.0)
        axes[1].set_xlabel("more visits per user")
    return figure
