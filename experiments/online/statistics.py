"""Intervals and tests over seeds: the world is the unit of analysis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from serendip.simulator.interface import Floats


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds with its 95% interval; the ends are None where one seed says nothing of the spread."""

    value: float
    low: float | None
    high: float | None

    def excludes_zero(self) -> bool:
        """Return whether the whole interval lies on one side of 0."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


def mean_interval(values: Floats, level: float = 0.95) -> Interval:
    """Return the mean of `values` (n,) with its Student interval, n - 1 degrees of freedom.

    With the handful of seeds a study has, a bootstrap interval covers too little (n = 5: about 84% instead of 95%).
    """
    n = len(values)
    mean = float(np.mean(values))
    if n < 2:
        return Interval(mean, None, None)
    half = float(stdtrit(n - 1, 0.5 + level / 2) * np.std(values, ddof=1) / np.sqrt(n))
    return Interval(mean, mean - half, mean + half)


def paired_p_value(differences: Floats) -> float | None:
    """Return the two-sided p-value of a mean difference of 0, by Student's paired test; None for one seed."""
    n = len(differences)
    spread = float(np.std(differences, ddof=1)) if n > 1 else 0.0
    if n < 2:
        return None
    if spread == 0.0:
        return 1.0 if np.mean(differences) == 0.0 else 0.0
    return float(2.0 * stdtr(n - 1, -abs(float(np.mean(differences))) / (spread / np.sqrt(n))))


def sign_flip_p_value(differences: Floats) -> float:
    """Return the exact two-sided permutation p-value: the share of the 2^n sign patterns with as large a mean.

    n up to 16.  With n seeds it cannot fall below 2^(1 - n).
    """
    signs = np.array(list(product((-1.0, 1.0), repeat=len(differences))))
    means = np.abs(signs @ differences)
    return float(np.mean(means >= means[-1] * (1.0 - 1e-12)))


def holm(p_values: list[float | None]) -> list[float | None]:
    """Return p-values adjusted for their number, Holm (1979); None stays None."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[Any] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        adjusted[i] = largest
    return adjusted
