"""Estimates of a target's value with their intervals, as a forest plot, the truth beside them where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serendip.experiments.figures.colours import PALETTE
from serendip.experiments.figures.style import new_figure

_BLUE, _ORANGE = PALETTE[0], PALETTE[1]


@dataclass(frozen=True, slots=True)
class Value:
    """An estimate to draw.

    Attributes:
        title: what it is called.
        value: what the target is worth by it.
        low: end of its 95% interval, or None.
        high: the other end, or None.
        recommended: whether it is the one to go by.
    """

    title: str
    value: float
    low: float | None
    high: float | None
    recommended: bool = False


def draw(values: Sequence[Value], truth: float | None, subtitle: str, axis: str) -> Any:
    """Return one panel of estimates, the first on top.

    Args:
        values: the estimates.
        truth: what the target is really worth, or None.
        subtitle: what was valued.
        axis: what the values are.
    """
    height = 1.8 + 0.3 * max(len(values), 3)
    figure, (ax,) = new_figure(1, "What the target is worth", subtitle, width=9.0, height=height)
    ax.grid(visible=False)
    for at, one in enumerate(reversed(values)):
        if one.low is not None and one.high is not None:
            ax.plot([one.low, one.high], [at, at], color=_BLUE, linewidth=2.0)
        ax.plot(
            [one.value], [at], "o", color=_BLUE, markersize=7, markerfacecolor=_BLUE if one.recommended else "white"
        )
    ax.set_yticks(range(len(values)), [one.title for one in reversed(values)])
    ax.set_ylim(-0.7, max(len(values), 1) - 0.3)
    ax.set_xlabel(axis)
    if truth is not None:
        ax.axvline(truth, color=_ORANGE, linewidth=1.5, linestyle="--")
        at = (truth, 1.0)
        ax.annotate(
            "truth", at, xycoords=("data", "axes fraction"), color=_ORANGE, fontsize=9, ha="center", va="bottom"
        )
    return figure
