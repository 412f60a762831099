"""Intervals and tests over seeds: the world is the unit of analysis.

Nothing is said of fewer than three seeds, nor of values that are equal up to rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from serendip.simulator.interface import Floats

FEWEST = 3  # seeds from which there are intervals and tests
EXACT = 12  # seeds up to which a test goes through all patterns of signs
LEVEL = 0.05  # a p-value below it is called clear
_ROUNDING = 1e-9  # a spread this small beside the values is none


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds with its 95% interval; the ends are None where the seeds say nothing of the spread."""

    value: float
    low: float | None
    high: float | None

    def excludes_zero(self) -> bool:
        """Return whether the whole interval lies on one side of 0."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


def degenerate(values: Floats) -> bool:
    """Return whether `values` (n,) are too few or too alike to say anything of their spread."""
    if len(values) < FEWEST:
        return True
    return bool(np.std(values, ddof=1) <= _ROUNDING * np.max(np.abs(values)))


def mean_interval(values: Floats, level: float = 0.95) -> Interval:
    """Return the mean of `values` (n,) with its Student interval, n - 1 degrees of freedom.

    With the handful of seeds a study has, a bootstrap interval covers too little (n = 5: about 84% instead of 95%).
    """
    n, mean = len(values), float(np.mean(values))
    if degenerate(values):
        return Interval(mean, None, None)
    half = float(stdtrit(n - 1, 0.5 + level / 2) * np.std(values, ddof=1) / np.sqrt(n))
    return Interval(mean, mean - half, mean + half)


def paired_p_value(differences: Floats) -> float | None:
    """Return the two-sided p-value of a mean difference of 0; None where nothing can be said.

    Up to `EXACT` seeds it is that of the exact sign-flip test, which takes nothing for granted but that differences are
    as likely to be negative as positive; with more it is Student's.
    """
    from scipy import stats as scipy_stats  # takes a second to import

    stats: Any = scipy_stats

    if degenerate(differences):
        return None
    if len(differences) > EXACT:
        return float(stats.ttest_1samp(differences, 0.0).pvalue)
    found = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf
    )
    return float(found.pvalue)


def smallest_p_value(n_seeds: int, n_tests: int) -> float:
    """Return the smallest p-value that the largest of `n_tests` differences can have after Holm's correction."""
    return min(1.0, n_tests * 2.0 ** (1 - n_seeds)) if n_seeds <= EXACT else 0.0


def seeds_for_clarity(n_tests: int) -> int:
    """Return the number of seeds from which one of `n_tests` differences can be clear."""
    least = FEWEST
    while smallest_p_value(least, n_tests) >= LEVEL:
        least += 1
    return least


def holm(p_values: list[float | None]) -> list[float | None]:
    """Return p-values adjusted for their number, Holm (1979); None stays None."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[Any] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        adjusted[i] = largest
    return adjusted


def clear(p_value: float | None, interval: Interval) -> bool:
    """Return whether a difference is clear: its adjusted p-value is below 5%, and its interval excludes 0."""
    return p_value is not None and not math.isnan(p_value) and p_value < LEVEL and interval.excludes_zero()
