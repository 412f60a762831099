"""Answers as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from serendip.experiments import tables
from serendip.experiments.online.statistics import Interval
from serendip.experiments.uncertainty.contrasts import Answer


def table_of_contrasts(found: Sequence[Answer]) -> str:
    """Return a Markdown table: a row a contrast and world."""
    head = ["contrast", "world", "arms", "low-activity users a day", "relative", "all users a day", "p", "seeds"]
    return tables.markdown(head, [_line(answer) for answer in found], left=3)


def _line(a: Answer) -> list[str]:
    p = "" if a.p is None else f"{a.p:.3f}"
    arms = f"{a.plus} - {a.minus}"
    share = "" if a.share != a.share else f"{a.share:+.1%}"
    return [a.contrast, a.world, arms, lift(a.difference), share, lift(a.everyone), p, str(a.seeds)]


def lift(interval: Interval, digits: int = 1) -> str:
    """Return a difference and its interval in words."""
    if interval.low is None or interval.high is None:
        return f"{interval.value:+.{digits}f}"
    return f"{interval.value:+.{digits}f} [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"
