"""What designs of A/B tests say of pairs of agents, against the truth: bias with its interval, and wrong signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from serendip.experiments.ab.scores import Score
from serendip.experiments.figures.colours import PALETTE


def draw(found: Sequence[Score]) -> Any:
    """Return differences that each design reads beside the true ones (left), and shares of wrong signs (right)."""
    pairs = list(dict.fromkeys((s.a, s.b) for s in found))[::-1]
    designs = list(dict.fromkeys(s.design for s in found))
    figure = Figure(figsize=(11.0, 0.75 * len(pairs) + 1.9), layout="constrained")
    figure.suptitle("What an A/B test reads, and what is true", fontsize=13, fontweight="bold")
    read, wrong = figure.subplots(1, 2, sharey=True)
    step = 0.8 / (len(designs) + 1)
    for s in found:
        at = pairs.index((s.a, s.b)) + 0.4 - step * (designs.index(s.design) + 1)
        _interval(read, s.estimate, at, PALETTE[designs.index(s.design)], s.design if (s.a, s.b) == pairs[-1] else None)
        wrong.plot([s.wrong], [at], "o", color=PALETTE[designs.index(s.design)], markersize=5)
    for at, pair in enumerate(pairs):
        one = next(s for s in found if (s.a, s.b) == pair)
        _interval(read, one.truth, at + 0.4, "#000000", "worlds apart (true)" if pair == pairs[-1] else None)
        wrong.plot([one.chance], [at + 0.4], "o", color="#000000", markersize=5)
    read.axvline(0.0, color="#555555", linewidth=1.0)
    read.set_yticks(np.arange(len(pairs)), [f"{b}\nover {a}" for a, b in pairs], fontsize=8)
    read.set_xlabel("days with a visit, per user and day, B - A", fontsize=8)
    wrong.set_xlabel("tests whose sign is not the true one", fontsize=8)
    wrong.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    for ax in (read, wrong):
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def _interval(ax: Any, interval: Any, at: float, colour: str, label: str | None) -> None:
    if interval.low is not None:
        ax.plot([interval.low, interval.high], [at, at], color=colour, linewidth=1.6)
    ax.plot([interval.value], [at], "o", color=colour, markersize=5, label=label)
