"""The picture of a gauntlet: what was said of each situation, and how often it held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from serendip.experiments.ope_study.gauntlet.scores import PROMISED, Summary

_WORDS = {"reliable": "#009E73", "weak": "#E69F00", "invalid": "#D55E00"}


def draw(found: Sequence[Summary]) -> Any:
    """Return the words of each situation (left), and coverage where reliable and of SNIPS over all logs (right)."""
    ordered = sorted(found, key=lambda s: (s.half != "learned", -s.reliable / s.logs))[::-1]
    height = np.arange(len(ordered))
    figure = Figure(figsize=(10.0, 0.21 * len(ordered) + 1.4), layout="constrained")
    figure.suptitle("What is said of logs whose truth is known, and how often it holds", fontsize=13, fontweight="bold")
    words, coverage = figure.subplots(1, 2, sharey=True)
    left = np.zeros(len(ordered))
    for word, colour in _WORDS.items():
        share = np.array([getattr(s, word) / s.logs for s in ordered])
        words.barh(height, share, left=left, color=colour, label=word, height=0.75)
        left = left + share
    names = [f"{s.situation}{'' if s.half == 'learned' else ' *'}" for s in ordered]
    words.set_yticks(height, names, fontsize=8)
    words.set_xlabel("what is said (* not learned from)")
    words.legend(loc="upper center", bbox_to_anchor=(0.5, 1.02), ncols=3, frameon=False, fontsize=8)
    snips = [np.nan if s.snips_coverage is None else s.snips_coverage for s in ordered]
    coverage.plot(snips, height, "o", color="#B0B0B0", markersize=4, label="SNIPS, all logs")
    for y, s in zip(height, ordered, strict=True):
        if s.coverage is not None:
            error = 2.0 * np.sqrt(max(s.coverage * (1.0 - s.coverage), 0.01) / s.reliable)
            coverage.errorbar(s.coverage, y, xerr=error, fmt="o", color=_WORDS["reliable"], markersize=4, linewidth=1.0)
    coverage.axvline(PROMISED, color="#555555", linewidth=1.0, linestyle=":")
    coverage.set_xlim(0.6, 1.01)
    coverage.set_xlabel("coverage where reliable (grey: SNIPS, all logs)")
    for ax in (words, coverage):
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_ylim(-0.7, len(ordered) - 0.3)
    return figure
