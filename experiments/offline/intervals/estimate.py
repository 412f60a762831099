"""How far an estimate may be off: intervals of ratios of sums over users.

The rounds of a user are not independent, and users come a different number of times: the user is the unit, and every
estimate, also a mean per slot, is a ratio of two sums over users.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from serendip.experiments.offline.intervals import bounds
from serendip.experiments.offline.intervals.card import Interval, IntervalCard, Question
from serendip.experiments.offline.intervals.sums import COUNT, Columns, Moments
from serendip.simulator.interface import Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its 95% interval.

    Attributes:
        value: the estimate; None where it cannot be made.
        low: lower end.
        high: upper end.
        standard_error: standard error by the delta method, clustered by user; None where there is no estimate.
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
    and a its derivatives (1 / sum D, -N / D / sum D, ...) there.  Those with controls: see `controlled`.
    """
    where = {pair: p for p, pair in enumerate(columns.pairs)}
    values, errors = list[Floats](), list[Floats]()
    scale = moments.n_users / max(moments.n_users - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        for e in range(len(columns.numerator)):
            if columns.controls[e]:
                value, error = controlled(columns, moments, e)
                values.append(value)
                errors.append(error)
                continue
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


def controlled(columns: Columns, moments: Moments, e: int) -> tuple[Floats, Floats]:
    """Return (1 + R,) values (sum N - b sum K) / n of estimate `e` and their standard errors, in each replicate.

    With X~_u = X_u - (sum X / n) n_u for a user of n_u slots, b = S_KK^-1 S_KN from S_XY = sum_u X~_u Y~_u leaves the
    least variance, se^2 = U / (U - 1 - p) (S_NN - b' S_KN) / n^2 for p controls.  Owen (2013), "Monte Carlo theory,
    methods and examples", section 8.9; users as clusters.
    """
    where = {pair: p for p, pair in enumerate(columns.pairs)}
    used = [columns.numerator[e], *columns.controls[e]]
    n = moments.sums[:, COUNT]
    means = moments.sums[:, used] / n[:, None]  # (1 + R, 1 + p)

    def product(a: int, b: int) -> Floats:
        return moments.products[:, where[min(a, b), max(a, b)]]

    own, counts = product(COUNT, COUNT), np.stack([product(COUNT, a) for a in used], axis=1)
    raw = np.stack([np.stack([product(a, b) for b in used], axis=1) for a in used], axis=1)  # (1 + R, 1 + p, 1 + p)
    cross = counts[:, :, None] * means[:, None, :]
    spread = raw - cross - np.swapaxes(cross, 1, 2) + means[:, :, None] * means[:, None, :] * own[:, None, None]
    scale = np.sqrt(np.maximum(np.einsum("rii->ri", raw), 1e-300))  # rounding is to be small against this
    known = np.einsum("rii->ri", spread) > 1e-12 * scale**2
    unit = np.where(known, 1.0 / np.sqrt(np.where(known, np.einsum("rii->ri", spread), 1.0)), 0.0)
    alike = spread * unit[:, :, None] * unit[:, None, :]  # correlations; 0 of what does not vary
    slopes = np.einsum("rij,rj->ri", _inverse(alike[:, 1:, 1:]), alike[:, 1:, 0])
    unexplained = np.clip(1.0 - np.sum(slopes * alike[:, 1:, 0], axis=1), 0.0, 1.0) * spread[:, 0, 0] * known[:, 0]
    slopes *= unit[:, 1:] * np.sqrt(np.maximum(spread[:, :1, 0], 0.0))
    freedom = max(moments.n_users - len(used), 1)
    error = np.sqrt(np.maximum(unexplained, 0.0) * moments.n_users / freedom) / n
    return means[:, 0] - np.sum(slopes * means[:, 1:], axis=1), error


def _inverse(alike: Floats) -> Floats:
    """Return (R, p, p) pseudo-inverses of correlations; of a replicate that is not finite, zeros."""
    fine = np.isfinite(alike).all(axis=(1, 2))
    found = np.zeros_like(alike)
    found[fine] = np.linalg.pinv(alike[fine], rcond=1e-8, hermitian=True)
    return found


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


def bootstrap_interval(q: Question) -> Interval:
    """Return the studentised bootstrap's interval; without replicates the delta method's, of one user all there is."""
    if q.n_users < 2:
        return q.reward
    return studentised(q.values, q.errors) if len(q.values) > 1 else bounds.delta_method(q.value, q.error, q.n_users)


def estimate(q: Question, kinds: Mapping[str, IntervalCard], main: str) -> Estimate:
    """Return one estimate with its intervals, each cut to where a mean reward can lie.

    Args:
        q: the estimate and what is known of it.
        kinds: cards of intervals by their names.
        main: the one that the estimate goes by; its ends hold the estimate.
    """
    if not np.isfinite(q.value):
        return UNKNOWN
    made = {name: card.make(q) for name, card in kinds.items()}
    smallest, largest = q.reward
    low, high = made.pop(main) or q.reward
    low, high = min(max(low, smallest), q.value), max(min(high, largest), q.value)
    others = {
        name: (min(max(ends[0], smallest), largest), max(min(ends[1], largest), smallest))
        for name, ends in made.items()
        if ends is not None
    }
    return Estimate(q.value, low, high, q.error, others)


BOOTSTRAP = IntervalCard(
    name="bootstrap",
    summary="The studentised bootstrap over users, which minds skewness.",
    make=bootstrap_interval,
)
