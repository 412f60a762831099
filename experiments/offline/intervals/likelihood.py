"""Intervals by empirical likelihood: the values that the users could have come from, weighed as little as need be.

Its ends are not symmetric, never leave what was seen, and hold for rewards so rare that sums over users are not normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit

from serendip.experiments.offline.intervals.card import Interval, IntervalCard, Question
from serendip.experiments.offline.intervals.sums import COUNT, WEIGHT
from serendip.simulator.interface import Floats


def empirical_likelihood(numerator: Floats, denominator: Floats, level: float = 0.95) -> Interval | None:
    """Return the values v of a ratio of means N / D that are likely enough, or None where all or nothing was rewarded.

    {v : 2 sum_u log(1 + lam g_u) <= t^2} with g_u = N_u - v D_u, lam the root of sum_u g_u / (1 + lam g_u) = 0 and t
    the quantile of Student's t.  Owen (1990); of importance weights Karampatziakis et al. (2020), section 3.

    Args:
        numerator: (U,) of each user.
        denominator: (U,) of each user, at least 0.
        level: share of the logs whose interval should cover the truth.
    """
    some = (numerator != 0.0) | (denominator != 0.0)
    n, d = numerator[some], denominator[some]
    if len(n) < 2 or not d.sum() > 0.0:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = n / d
    least, most, value = float(np.min(ratios)), float(np.max(ratios)), float(n.sum() / d.sum())
    apart = 1e-9 * max(abs(least), abs(most))  # rewards that are alike differ in their last bits, once weighed
    if not (math.isfinite(least) and math.isfinite(most) and least + apart < value < most - apart):
        return None
    limit = float(stdtrit(len(numerator) - 1, (1.0 + level) / 2.0)) ** 2

    def beyond(v: float) -> float:
        return _ratio_statistic(n - v * d) - limit

    return _end(beyond, value, least), _end(beyond, value, most)


def _end(beyond: Callable[[float], float], inside: float, outside: float) -> float:
    """Return where the statistic crosses its limit between the estimate and the farthest that a value can be."""
    last = inside + (outside - inside) * (1.0 - 1e-9)
    if beyond(last) <= 0.0:
        return outside
    return _root(beyond, inside, last, 1e-12)


def _root(function: Callable[[float], float], low: float, high: float, close: float) -> float:
    solve: Any = brentq
    return float(solve(function, low, high, xtol=close, rtol=1e-9))


def _ratio_statistic(g: Floats) -> float:
    """Return 2 sum log(1 + lam g), the empirical likelihood ratio statistic of a mean of 0."""
    if not float(g.min()) < 0.0 < float(g.max()):  # all on one side, as where all rewards are alike but for rounding
        return math.inf
    low, high = -1.0 / float(g.max()), -1.0 / float(g.min())  # 1 + lam g stays above 0 between them
    width = high - low

    def slope(lam: float) -> float:
        return float(np.sum(g / (1.0 + lam * g)))

    edge = 1e-12 * width
    if not slope(low + edge) > 0.0 > slope(high - edge):
        return math.inf
    lam = _root(slope, low + edge, high - edge, 1e-14 * width)
    return max(2.0 * float(np.sum(np.log1p(lam * g))), 0.0)


@dataclass(frozen=True, slots=True)
class WeightMoments:
    """Sums over U users of a weighted reward N, a weight W and a count C, and of their products.

    Attributes:
        n_users: U.
        sums: sums of N, W and C.
        products: (3, 3) of each two of them.
    """

    n_users: int
    sums: Floats
    products: Floats


def cressie_read(found: WeightMoments, level: float = 0.95) -> tuple[float, Interval] | None:
    """Return the value and the interval of IPS given that the mean weight is 1, from sums alone; None if unbounded.

    The empirical likelihood with the Cressie-Read divergence of power -2 in the place of the logarithm, under sum_u q_u
    (W_u - C_u) = 0: {v : U (m_1 - b m_2)^2 <= t^2 (s_11 - b s_12)} with m and s the mean and covariance of N - v C and
    W - C, and b = s_12 / s_22; a quadratic in v.  Karampatziakis, Langford & Mineiro (2020), section 5.

    Args:
        found: sums over users.
        level: share of the logs whose interval should cover the truth.
    """
    u = found.n_users
    if u < 3:
        return None
    mean = found.sums / u
    cov = (found.products / u - np.outer(mean, mean)) * u / (u - 1)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, -1.0], [0.0, 0.0, 1.0]])  # N, W - C, C
    mean, cov = turn @ mean, turn @ cov @ turn.T
    slope = cov[1] / cov[1, 1] if cov[1, 1] > 1e-15 * found.products[1, 1] else np.zeros(3)
    left = mean - slope * mean[1]
    rest = cov - np.outer(slope, slope) * cov[1, 1]
    limit = float(stdtrit(u - 1, (1.0 + level) / 2.0)) ** 2 / u
    a = left[2] ** 2 - limit * rest[2, 2]
    b = left[0] * left[2] - limit * rest[0, 2]
    c = left[0] ** 2 - limit * rest[0, 0]
    if a <= 0.0 or left[2] <= 0.0:
        return None
    root = math.sqrt(max(b * b - a * c, 0.0))
    return float(left[0] / left[2]), (float((b - root) / a), float((b + root) / a))


def _of_users(q: Question) -> Interval | None:
    if q.users is None or q.columns.baseline[q.e] is not None or q.columns.controls[q.e]:
        return None
    return empirical_likelihood(q.users[:, q.columns.numerator[q.e]], q.users[:, q.columns.denominator[q.e]])


def _given_mean_weight(q: Question) -> Interval | None:
    """Return the interval of a mean of weighted rewards, where the products with the weights were kept."""
    n = q.columns.numerator[q.e]
    pairs = [(n, n), (WEIGHT, n), (COUNT, n), (WEIGHT, WEIGHT), (COUNT, WEIGHT), (COUNT, COUNT)]
    products = q.products(pairs)
    if q.columns.controls[q.e]:
        return None
    if products is None or q.columns.denominator[q.e] != COUNT or q.columns.baseline[q.e] is not None:
        return None
    nn, wn, cn, ww, cw, cc = products
    sums = np.array([q.moments.sums[0, column] for column in (n, WEIGHT, COUNT)])
    made = cressie_read(WeightMoments(q.n_users, sums, np.array([[nn, wn, cn], [wn, ww, cw], [cn, cw, cc]])))
    return None if made is None else made[1]


EMPIRICAL_LIKELIHOOD = IntervalCard(
    name="empirical_likelihood",
    summary="For skewed sums and rare rewards: not symmetric, and never outside what was seen.",
    make=_of_users,
    needs=("at most 20,000 users",),
)

CRESSIE_READ = IntervalCard(
    name="cressie_read",
    summary="For IPS beside SNIPS: uses that the mean weight is 1, and is narrower for it.",
    make=_given_mean_weight,
)
