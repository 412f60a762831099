"""SLOPE: how much bias to take for how little variance, from the estimates themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence


def choose(values: Sequence[float], errors: Sequence[float]) -> int:
    """Return the index of the estimate to take, of candidates that go from the least biased to the least variable.

    The last i whose interval V_i -+ se_i, with se_i made to fall with i, meets that of every j < i: while they all
    meet, the bias that was taken on is below what chance does.  Su, Srinath & Krishnamurthy (2020), "Adaptive estimator
    selection for off-policy evaluation", section 3, whose intervals are four times as wide at 95%; on simulated logs
    these let through a bias of several standard errors, and the root mean squared error of tuned clips was up to 4
    times that of no clip (`benchmarks/off_policy_choice.py`).

    Args:
        values: estimates.
        errors: their standard errors.
    """
    low, high, width, chosen = -math.inf, math.inf, math.inf, 0
    for i, (value, error) in enumerate(zip(values, errors, strict=True)):
        width = min(width, error)
        low, high = max(low, value - width), min(high, value + width)
        if low > high:
            break
        chosen = i
    return chosen


def ladder(clip: float) -> list[float]:
    """Return clips from n = clip^2, which cuts next to nothing, down to 1."""
    return [clip**power for power in (2.0, 1.5, 1.0, 0.75, 0.5, 0.25, 0.0)]
