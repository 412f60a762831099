"""The picture of the activity study: what was said of each target's change, beside what it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from serendip.experiments.ope_study.activity.scores import Case

_WORDS = {"invalid": "#D55E00", "weak": "#E69F00", "reliable": "#009E73"}


def draw(cases: Sequence[Case]) -> Any:
    """Return change of visits said against change that came, as a share of the log's visits: a panel for each half.

    Of `invalid` cases, which say no value, the best guess that is not to be read: the twin's, else that of fitted Q.
    """
    figure = Figure(figsize=(10.0, 4.6), layout="constrained")
    figure.suptitle("Activity under another policy: said from the log, and what it was", fontsize=13, fontweight="bold")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for ax, half in zip(panels, ("learned", "shown"), strict=True):
        some = [case for case in cases if case.place.half == half]
        ax.axline((0.0, 0.0), slope=1.0, color="#999999", linewidth=1.0)
        for word, colour in _WORDS.items():
            _points(ax, [case for case in some if case.word == word], word, colour)
        ax.set_title(
            f"logs that the borders were {'learned on' if half == 'learned' else 'not learned on'}", fontsize=10
        )
        ax.set_xlabel("what it was, less the log's visits")
        ax.set_xlim(-1.0, 1.5)
        ax.set_ylim(-1.0, 1.5)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("what was said")
    for ax in panels:
        ax.legend(loc="upper left", frameon=False, fontsize=8)
    return figure


def _points(ax: Any, cases: Sequence[Case], word: str, colour: str) -> None:
    found = [(case, case.go_by or case.said.estimates.get("twin") or case.said.estimates["fitted_q"]) for case in cases]
    ends = [(case.told, e.value, e.low, e.high) for case, e in found]
    known = [(t, v, low, high) for t, v, low, high in ends if v is not None and low is not None and high is not None]
    x = np.array([t.truth / t.logged - 1.0 for t, _, _, _ in known])
    y = np.array([v / t.logged - 1.0 for t, v, _, _ in known])
    error = np.array([[(v - low) / t.logged, (high - v) / t.logged] for t, v, low, high in known]).reshape(-1, 2).T
    shown = {"alpha": 0.35 if word == "invalid" else 0.8, "markersize": 4, "linewidth": 0.7, "color": colour}
    ax.errorbar(x, y, yerr=None if word == "invalid" else error, fmt="o", label=f"{word}: {len(cases)}", **shown)
