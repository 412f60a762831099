"""How often people come, from the days on which they did: Gamma rates, and leaving for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, logsumexp

from serendip.simulator.interface import Floats, Ints

GRID = np.linspace(-14.0, 4.0, 361)  # log rates, per day, over which likelihoods are integrated


@dataclass(frozen=True, slots=True)
class Activity:
    """The days on which N people were active, summarised.

    Attributes:
        repeats: (N,) days active after the first.
        recency: (N,) days from the first day active to the last.
        watched: (N,) days from the first day active to the end of the data.
    """

    repeats: Ints
    recency: Ints
    watched: Ints


@dataclass(frozen=True, slots=True)
class Rates:
    """What the rates of people are like while they stay, and how they leave.

    Attributes:
        shape: r of the Gamma distribution of visits per day.
        scale_days: alpha, its inverse scale, in days.
        leave_a: a of the Beta distribution of the probability to leave after a day active.
        leave_b: b of that distribution.
    """

    shape: float
    scale_days: float
    leave_a: float
    leave_b: float

    @property
    def mean_rate(self) -> float:
        """Mean visits per day of those who have not left."""
        return self.shape / self.scale_days


def activity_of(user: Ints, day: Ints, n_users: int) -> Activity:
    """Return the activity of all users from (user, day) of their interactions, in any order."""
    end = int(day.max())
    who, when = np.divmod(np.unique(user * (end + 1) + day), end + 1)
    first = np.full(n_users, end)
    last = np.zeros(n_users, dtype=np.int64)
    np.minimum.at(first, who, when)
    np.maximum.at(last, who, when)
    return Activity(np.bincount(who, minlength=n_users) - 1, last - first, end - first)


def fit_rates(activity: Activity) -> Rates:
    """Return the maximum-likelihood rates.

    While present, a person is active on a day with probability 1 - exp(-lambda), lambda ~ Gamma(r, alpha); after each
    day active, the first included, the person leaves for good with probability p ~ Beta(a, b).  This is the modified
    BG/NBD of Batislam, Denizel & Filiztekin (2007), in days instead of continuous time, so lambda is integrated
    over a grid.
    """
    triples, counts = np.unique(
        np.stack([activity.repeats, activity.recency, activity.watched]), axis=1, return_counts=True
    )
    stayed, left = _day_likelihoods(triples)

    def loss(logs: Floats) -> float:
        rates = Rates(*np.exp(logs))
        return -float(counts @ np.logaddexp(*_stay_and_leave(rates, triples[0], stayed, left))) / float(counts.sum())

    start = np.log([1.0, 20.0, 0.5, 2.0])
    bounds = [(-5.0, 5.0), (-3.0, 10.0), (-7.0, 7.0), (-7.0, 7.0)]
    found: Any = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    return Rates(*(float(value) for value in np.exp(found.x)))


def days_at_risk(activity: Activity, rates: Rates) -> Floats:
    """Return (N,) days W for which Gamma(r + repeats, alpha + W) has the mean of each person's posterior rate.

    A person who is still there was at risk for all days watched, one who left only until the last active day.
    """
    triples, inverse = np.unique(
        np.stack([activity.repeats, activity.recency, activity.watched]), axis=1, return_inverse=True
    )
    stay, leave = _stay_and_leave(rates, triples[0], *_day_likelihoods(triples))
    alive = np.exp(stay - np.logaddexp(stay, leave))
    mean = alive / (rates.scale_days + triples[2]) + (1.0 - alive) / (rates.scale_days + triples[1])
    return (1.0 / mean - rates.scale_days)[inverse.ravel()]


def draw_days(rates: Rates, watched: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return (user, day) of the active days of people drawn at random, by user and day; day 0 is each one's first."""
    n = len(watched)
    chance = -np.expm1(-rng.gamma(rates.shape, 1.0 / rates.scale_days, n))
    leaving = np.clip(rng.beta(rates.leave_a, rates.leave_b, n), 1e-12, 1.0)
    lasts = rng.geometric(leaving) - 1  # repeats after which the person leaves
    repeats = np.minimum(rng.binomial(watched, chance), watched)
    user, day = list[Ints](), list[Ints]()
    for u in range(n):
        days = np.sort(rng.choice(watched[u], repeats[u], replace=False) + 1)[: lasts[u]]
        user.append(np.full(len(days) + 1, u))
        day.append(np.concatenate([[0], days]))
    return np.concatenate(user), np.concatenate(day)


def _day_likelihoods(triples: Ints) -> tuple[Floats, Floats]:
    """Return (n, G) log likelihoods of the repeat days at each rate: of who stayed to the end, of who left at once."""
    repeats, recency, watched = (row[:, None].astype(np.float64) for row in triples)
    rate = np.exp(GRID)
    active = np.log(-np.expm1(-rate))
    return repeats * active - (watched - repeats) * rate, repeats * active - (recency - repeats) * rate


def _log_prior(rates: Rates) -> Floats:
    """Return (G,) log probability of each rate of the grid under the Gamma distribution."""
    density = rates.shape * (np.log(rates.scale_days) + GRID) - gammaln(rates.shape) - rates.scale_days * np.exp(GRID)
    return density + np.log(GRID[1] - GRID[0])


def _stay_and_leave(rates: Rates, repeats: Ints, stayed: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Return (n,) log likelihood of each history with the person there to the end, and gone after the last day."""
    prior = _log_prior(rates)
    a, b = rates.leave_a, rates.leave_b
    stay = betaln(a, b + repeats + 1.0) + logsumexp(stayed + prior, axis=1) - betaln(a, b)
    leave = betaln(a + 1.0, b + repeats) + logsumexp(left + prior, axis=1) - betaln(a, b)
    return stay, leave
