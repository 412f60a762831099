"""Other intervals than the bootstrap's, from sums alone: the delta method, two with a guarantee, one for rare rewards.

Users are independent and come a different number of times; what is bounded is a slot's term, what is summed is a user.
Those with a guarantee hold for any number of users, given how often each came, and pay for it in width.
"""

from __future__ import annotations

import math

from scipy.special import betaincinv, stdtrit

from serendip.experiments.offline.intervals.card import Interval, IntervalCard, Question
from serendip.experiments.offline.intervals.sums import COUNT


def delta_method(value: float, error: float, n_users: int, level: float = 0.95) -> Interval:
    """Return V -+ t se, with t the quantile of Student's t with one degree of freedom less than there are users.

    Args:
        value: the estimate.
        error: standard error of the estimate.
        n_users: users that it is made of.
        level: probability of the interval, in (0, 1).
    """
    if n_users < 2:
        return -math.inf, math.inf
    half = float(stdtrit(n_users - 1, (1.0 + level) / 2.0)) * error
    return value - half, value + half


def confidence_sequence(value: float, error: float, n_users: int, best_at: int = 1000, level: float = 0.95) -> Interval:
    """Return an interval that may be looked at after every user: all of them hold at once, for many users.

    V -+ se sqrt(2 (U rho^2 + 1) / (U rho^2) log(sqrt(U rho^2 + 1) / a)), with rho such that it is narrowest, for its
    standard error, at `best_at` users.  For a log that is read as it grows by new users, and stopped when it has said
    enough.  Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), "Time-uniform central limit theory and asymptotic
    confidence sequences", theorem 2.2.

    Args:
        value: the estimate.
        error: its standard error, over users.
        n_users: U.
        best_at: the number of users at which it is to be narrowest.
        level: share of the logs in which all intervals cover the truth.
    """
    if n_users < 2:
        return -math.inf, math.inf
    alpha = 1.0 - level
    spread = n_users * (-2.0 * math.log(alpha) + math.log(1.0 - 2.0 * math.log(alpha))) / best_at  # U rho^2
    half = error * math.sqrt(2.0 * (spread + 1.0) / spread * math.log(math.sqrt(spread + 1.0) / alpha))
    return value - half, value + half


def hoeffding(value: float, width: float, slots: float, squares: float, level: float = 0.95) -> Interval:
    """Return V -+ width sqrt(sum_u n_u^2 log(2 / a) / 2) / n, with a = 1 - level.  Hoeffding (1963), theorem 2.

    Args:
        value: mean of the slots' terms.
        width: of the range that a slot's term can lie in, from what is declared and not from what was seen.
        slots: n, how many there are.
        squares: sum over users of the square of their slots, n_u.
        level: share of the logs whose interval covers the truth, at least.
    """
    half = width * math.sqrt(squares * math.log(2.0 / (1.0 - level)) / 2.0) / slots
    return value - half, value + half


def empirical_bernstein(
    value: float, width: float, slots: float, most: float, variance: float, n_users: int, level: float = 0.95
) -> Interval:
    """Return an interval that a small variance makes narrower than Hoeffding's.

    With X_u = N_u / (most * width) in [0, 1] and a = 1 - level,
    mean X -+ [sqrt(2 var(X) log(4 / a) / U) + 7 log(4 / a) / (3 (U - 1))].  Maurer & Pontil (2009), theorem 11.

    Args:
        value: mean of the slots' terms.
        width: of the range that a slot's term can lie in, from what is declared.
        slots: how many there are.
        most: slots of the user with the most.
        variance: of the users' sums of terms less the lowest they can be, over U users, with U - 1 below.
        n_users: U.
        level: share of the logs whose interval covers the truth, at least.
    """
    if n_users < 2:
        return -math.inf, math.inf
    scale, log = most * width, math.log(4.0 / (1.0 - level))
    half = math.sqrt(2.0 * variance / scale**2 * log / n_users) + 7.0 * log / (3.0 * (n_users - 1.0))
    off = half * scale * n_users / slots
    return value - off, value + off


def korn_graubard(
    value: float, error: float, sample_size: float, reward_range: Interval, level: float = 0.95
) -> Interval:
    """Return the exact binomial interval of as many independent trials as the standard error is worth.

    With p the estimate as a share of the reward range, n* = p (1 - p) / se^2 trials, of which p n* succeeded.  For
    rewards so rare that no normal theory holds.  Korn & Graubard (1998), Survey Methodology 24, section 2.

    Args:
        value: an estimate that lies in the range.
        error: its standard error.
        sample_size: trials where the standard error is 0 because nothing, or everything, was rewarded.
        reward_range: smallest and largest reward that can occur.
        level: share of the logs whose interval covers the truth.
    """
    smallest, largest = reward_range
    span = largest - smallest
    p, se = min(max((value - smallest) / span, 0.0), 1.0), error / span
    trials = p * (1.0 - p) / se**2 if se > 0.0 and 0.0 < p < 1.0 else sample_size
    hits, tail = p * trials, (1.0 - level) / 2.0
    low = float(betaincinv(hits, trials - hits + 1.0, tail)) if hits > 0.0 else 0.0
    high = float(betaincinv(hits + 1.0, trials - hits, 1.0 - tail)) if hits < trials else 1.0
    return smallest + span * low, smallest + span * high


def _delta_method(q: Question) -> Interval:
    return delta_method(q.value, q.error, q.n_users)


def _confidence_sequence(q: Question) -> Interval:
    return confidence_sequence(q.value, q.error, q.n_users)


def _korn_graubard(q: Question) -> Interval | None:
    smallest, largest = q.reward
    if q.n_users < 2 or not smallest < largest or not smallest <= q.value <= largest:
        return None
    return korn_graubard(q.value, q.error, q.sample_size, q.reward)


def _hoeffding(q: Question) -> Interval | None:
    products = q.products([(COUNT, COUNT)])
    if q.term is None or products is None:
        return None
    return hoeffding(q.value, q.term[1] - q.term[0], float(q.moments.sums[0, COUNT]), products[0])


def _empirical_bernstein(q: Question) -> Interval | None:
    n = q.columns.numerator[q.e]
    products = q.products([(COUNT, COUNT), (COUNT, n), (n, n)])
    if q.term is None or products is None:
        return None
    squares, cross, own = products
    low, width, users = q.term[0], q.term[1] - q.term[0], q.n_users
    slots, total = float(q.moments.sums[0, COUNT]), float(q.moments.sums[0, n])
    spread = own - 2.0 * low * cross + low * low * squares - (total - low * slots) ** 2 / users
    variance = max(spread, 0.0) / max(users - 1, 1)
    return empirical_bernstein(q.value, width, slots, q.moments.most, variance, users)


DELTA_METHOD = IntervalCard(
    name="delta_method",
    summary="Quick and usual: right where users are many and no few of them carry the weight.",
    make=_delta_method,
)

CONFIDENCE_SEQUENCE = IntervalCard(
    name="confidence_sequence",
    summary="For a log that is read again and again as it grows, and stopped when it has said enough.",
    make=_confidence_sequence,
)

KORN_GRAUBARD = IntervalCard(
    name="korn_graubard",
    summary="For rare or nearly certain rewards, where normal theory fails.",
    make=_korn_graubard,
)

HOEFFDING = IntervalCard(
    name="hoeffding",
    summary="Guaranteed for any number of users where the range of rewards and weights is declared; wide.",
    make=_hoeffding,
    needs=("reward range", "largest weight"),
)

EMPIRICAL_BERNSTEIN = IntervalCard(
    name="empirical_bernstein",
    summary="Guaranteed like hoeffding, and narrower where rewards differ little.",
    make=_empirical_bernstein,
    needs=("reward range", "largest weight"),
)
