"""How far an estimate may be off: intervals of ratios of sums over users.

The rounds of a user are not independent, and users come a different number of times: the user is the unit, and every
estimate, also a mean per slot, is a ratio of two sums over users.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from serendip.experiments.offline.intervals import bounds, likelihood
from serendip.experiments.offline.intervals.sums import COUNT, WEIGHT, Columns, Moments
from serendip.simulator.interface import Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its 95% interval.

    Attributes:
        value: the estimate; None where it cannot be made.
        low: lower end.
        high: upper end.
        standard_error: by the delta method, clustered by user; None where there is no estimate.
        others: intervals of other kinds, by name (see `bounds`).
    """

    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    others: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])


UNKNOWN = Estimate(None, None, None, None)


def ratios(columns: Columns, moments: Moments) -> tuple[Floats, Floats]:
    """Return (1 + R, E) estimates N / D + B / count and their standard errors, in each replicate.

    By the delta method over U users: se^2 = U / (U - 1) sum_u (sum_j a_j X_uj)^2, with X the columns of the estimate
    and a its derivatives (1 / sum D, -N / D / sum D, ...) there.
    """
    where = {pair: p for p, pair in enumerate(columns.pairs)}
    values, errors = list[Floats](), list[Floats]()
    scale = moments.n_users / max(moments.n_users - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        for e in range(len(columns.numerator)):
            parts = columns.parts(e)
            totals = moments.sums[:, parts]  # (1 + R, 2 or 4)
            shares = totals[:, 0::2] / totals[:, 1::2]
            slopes = np.stack([1.0 / totals[:, 1::2], -shares / totals[:, 1::2]], axis=2).reshape(totals.shape)
            terms = np.stack(
                [
                    slopes[:, i] * slopes[:, j] * moments.products[:, where[min(a, b), max(a, b)]]
                    for i, a in enumerate(parts)
                    for j, b in enumerate(parts)
                ]
            )
            variance = terms.sum(axis=0)
            rounding = 1e-13 * np.abs(terms).sum(axis=0)  # what cancellation leaves of a variance that is 0
            values.append(shares.sum(axis=1))
            errors.append(np.sqrt(np.where(variance > rounding, variance, 0.0) * scale))
    return np.stack(values, axis=1), np.stack(errors, axis=1)


def studentised(value: Floats, error: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the ends of the studentised bootstrap interval of one estimate.

    [V - t_(1 - a/2) se, V - t_(a/2) se] with t the quantiles of (V_r - V) / se_r over the replicates.  Hall (1992),
    "The bootstrap and Edgeworth expansion", section 3.5.

    Args:
        value: (1 + R,) the estimate, then that of each replicate.
        error: (1 + R,) their standard errors.
        level: share of the logs whose interval should cover the truth.
    """
    if error[0] == 0.0:
        return float(value[0]), float(value[0])
    kept = np.isfinite(value[1:])
    off = value[1:][kept] - value[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(off == 0.0, 0.0, off / error[1:][kept])
    low, high = np.quantile(t, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], method="inverted_cdf")
    return float(value[0] - high * error[0]), float(value[0] - low * error[0])


def without_rewards(estimate: Estimate, sample_size: float, reward_range: tuple[float, float]) -> Estimate:
    """Return the estimate of a log in which nothing was rewarded, with an interval that is not empty for that.

    The upper end is at least 1 - 0.025^(1/n), the rate at which n trials without a success are still likely (Clopper &
    Pearson 1934), of the way from the smallest to the largest reward.
    """
    if estimate.high is None:
        return estimate
    smallest, largest = reward_range
    rate = 1.0 - 0.025 ** (1.0 / sample_size) if sample_size > 0.0 else 1.0
    return dataclasses.replace(estimate, high=max(estimate.high, smallest + (largest - smallest) * rate))


def estimate(value: Floats, error: Floats, n_users: int, reward_range: tuple[float, float]) -> Estimate:
    """Return one estimate with its studentised interval, cut to where a mean reward can lie.

    Without replicates it is the delta method's.  Of one user no standard error can be known, and the interval
    is the whole range.

    Args:
        value: (1 + R,) the estimate, then that of each replicate.
        error: (1 + R,) their standard errors.
        n_users: users that the sums are over.
        reward_range: smallest and largest reward that can occur.
    """
    point = float(value[0])
    if not np.isfinite(point):
        return UNKNOWN
    smallest, largest = reward_range
    low, high = reward_range
    if n_users > 1:
        resampled = len(value) > 1
        low, high = studentised(value, error) if resampled else bounds.delta_method(point, float(error[0]), n_users)
    low, high = min(max(low, smallest), point), max(min(high, largest), point)
    return Estimate(point, low, high, float(error[0]))


def others(found: Estimate, n_users: int, sample_size: float, reward_range: tuple[float, float]) -> Estimate:
    """Return the estimate with the delta method's interval, a confidence sequence and Korn-Graubard's."""
    if found.value is None or found.standard_error is None:
        return found
    smallest, largest = reward_range
    made = {"delta_method": bounds.delta_method(found.value, found.standard_error, n_users)}
    made["confidence_sequence"] = bounds.confidence_sequence(found.value, found.standard_error, n_users)
    made = {name: (max(low, smallest), min(high, largest)) for name, (low, high) in made.items()}
    if n_users > 1 and smallest < largest and smallest <= found.value <= largest:
        made["korn_graubard"] = bounds.korn_graubard(found.value, found.standard_error, sample_size, reward_range)
    return dataclasses.replace(found, others=found.others | made)


def by_likelihood(found: Estimate, columns: Columns, e: int, users: Floats, reward: tuple[float, float]) -> Estimate:
    """Return estimate `e`, a ratio of sums of `users` (U, C), with its interval by empirical likelihood."""
    if found.value is None or columns.baseline[e] is not None:
        return found
    ends = likelihood.empirical_likelihood(users[:, columns.numerator[e]], users[:, columns.denominator[e]])
    if ends is None:
        return found
    cut = max(ends[0], reward[0]), min(ends[1], reward[1])
    return dataclasses.replace(found, others=found.others | {"empirical_likelihood": cut})


def given_mean_weight(
    found: Estimate, columns: Columns, moments: Moments, ips: int, snips: int, reward: tuple[float, float]
) -> Estimate:
    """Return the estimate by IPS with the interval that uses that the mean weight is 1 (`likelihood.cressie_read`)."""
    where = {pair: p for p, pair in enumerate(columns.pairs)}
    n, again = columns.numerator[ips], columns.numerator[snips]  # both hold the weighted reward
    pairs = ((n, n), (WEIGHT, again), (COUNT, n)), ((WEIGHT, again), (WEIGHT, WEIGHT), (COUNT, WEIGHT))
    rows = (*pairs, ((COUNT, n), (COUNT, WEIGHT), (COUNT, COUNT)))
    products = np.array([[moments.products[0, where[pair]] for pair in row] for row in rows])
    sums = np.array([moments.sums[0, column] for column in (n, WEIGHT, COUNT)])
    made = likelihood.cressie_read(likelihood.WeightMoments(moments.n_users, sums, products))
    if found.value is None or made is None:
        return found
    low, high = made[1]
    cut = min(max(low, reward[0]), reward[1]), max(min(high, reward[1]), reward[0])
    return dataclasses.replace(found, others=found.others | {"cressie_read": cut})


def guaranteed(
    found: Estimate, columns: Columns, moments: Moments, e: int, term: tuple[float, float], reward: tuple[float, float]
) -> Estimate:
    """Return estimate `e`, a mean of terms in the range `term`, with Hoeffding's interval and empirical Bernstein's."""
    if found.value is None:
        return found
    where = {pair: p for p, pair in enumerate(columns.pairs)}
    n = columns.numerator[e]
    squares, cross, own = (float(moments.products[0, where[pair]]) for pair in ((COUNT, COUNT), (COUNT, n), (n, n)))
    slots, total, users = float(moments.sums[0, COUNT]), float(moments.sums[0, n]), moments.n_users
    low, width = term[0], term[1] - term[0]
    spread = own - 2.0 * low * cross + low * low * squares - (total - low * slots) ** 2 / users
    variance = max(spread, 0.0) / max(users - 1, 1)
    made = {
        "hoeffding": bounds.hoeffding(found.value, width, slots, squares),
        "empirical_bernstein": bounds.empirical_bernstein(found.value, width, slots, moments.most, variance, users),
    }
    cut = {name: (max(ends[0], reward[0]), min(ends[1], reward[1])) for name, ends in made.items()}
    return dataclasses.replace(found, others=found.others | cut)
