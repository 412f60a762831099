"""The interval that an estimate goes by: it holds three others, each of which is right where the others fail."""

from __future__ import annotations

import math

from scipy.special import stdtrit

from serendip.experiments.offline.intervals.bounds import korn_graubard
from serendip.experiments.offline.intervals.card import Interval, IntervalCard, Question
from serendip.experiments.offline.intervals.estimate import bootstrap_interval

_HEAVIEST = 0.8  # shape of a tail beyond which what was not seen is not reckoned with
_UNSURE = 0.15  # standard error of a shape, from a hundred values of the tail
_ROUNDING = 1e-7  # of the rewards' range: what is left of a standard error where all rewards are alike


def combined(q: Question, level: float = 0.95) -> Interval:
    """Return the smallest interval that holds the studentised bootstrap's, Student's and Korn-Graubard's.

    The bootstrap minds skewness, but knows nothing of what it has not seen, and has no end where one replicate in forty
    holds no reward.  Student's has the jackknife's standard error and the degrees of freedom that the users' shares
    leave, for few or unequal users.  Korn-Graubard's does not vanish where all or nothing was rewarded.  Both have a
    standard error of no less than if rewards were as likely at large weights as at small ones: a log whose largest
    weights met no reward by chance has too small a one of its own.
    """
    if q.n_users < 2:
        return q.reward
    ends = [_where_finite(bootstrap_interval(q), q.value)]
    error = max(q.error, q.floor) if q.spread is None else max(q.spread.error, q.floor)
    degrees = q.n_users - 1.0 if q.spread is None else q.spread.degrees
    half = float(stdtrit(degrees, (1.0 + level) / 2.0)) * error
    ends.append((q.value - half, q.value + half))
    smallest, largest = q.reward
    error = error if error > _ROUNDING * (largest - smallest) else 0.0
    if smallest < largest and smallest <= q.value <= largest:
        ends.append(korn_graubard(q.value, error, q.sample_size, q.reward, level))
    below, above = _unseen(q)
    return min(low for low, _ in ends) + below, max(high for _, high in ends) + above


def _unseen(q: Question) -> Interval:
    """Return what rewards beyond the largest that was seen may add to the estimate, below and above.

    Of n values with a Pareto tail of shape k, those beyond the largest x come to x k / (1 - k) / n on average; x / n is
    the largest share of a user here, and k a standard error above what was found.
    """
    if q.spread is None or q.tail is None or q.tail <= -_UNSURE:
        return 0.0, 0.0
    shape = min(q.tail + _UNSURE, _HEAVIEST)
    times = shape / (1.0 - shape)
    return times * q.spread.least, times * q.spread.most


def _where_finite(ends: Interval, value: float) -> Interval:
    """Return the ends, each the estimate itself where it is infinite, for replicates without a reward or any other."""
    low, high = ends
    return low if math.isfinite(low) else value, high if math.isfinite(high) else value


CARD = IntervalCard(
    name="combined",
    summary="The interval of every estimate: holds the bootstrap's, Student's by unequal users, and Korn-Graubard's.",
    make=combined,
)
