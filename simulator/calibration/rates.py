"""How often people come, from the days on which they did: Gamma rates, and leaving for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, logsumexp

from serendip.simulator.calibration.drawing import draw_days_of
from serendip.simulator.interface import Floats, Ints

GRID = np.linspace(-14.0, 4.0, 361)  # log rates, per day, over which likelihoods are integrated
_SMALL = 1e-280  # a sum below may have lost what it consists of


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


def fit_rates(activity: Activity, *, from_first: bool = True) -> Rates:
    """Return the maximum-likelihood rates.

    While present, a person is active on a day with probability 1 - exp(-lambda), lambda ~ Gamma(r, alpha); after each
    day active the person leaves for good with probability p ~ Beta(a, b).  This is the modified BG/NBD of Batislam,
    Denizel & Filiztekin (2007), in days instead of continuous time, so lambda is integrated over a grid.

    Args:
        from_first: whether people may leave after the first day; if not it is the BG/NBD of Fader, Hardie & Lee (2005).
    """
    histories = _Histories.of(activity, from_first)

    def loss(logs: Floats) -> float:
        likelihood = np.logaddexp(*histories.stay_and_leave(Rates(*np.exp(logs))))
        return -float(histories.counts @ likelihood) / float(histories.counts.sum())

    start = np.log([1.0, 20.0, 0.5, 2.0])
    bounds = [(-5.0, 5.0), (-3.0, 10.0), (-7.0, 7.0), (-7.0, 7.0)]
    found: Any = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    return Rates(*(float(value) for value in np.exp(found.x)))


def days_at_risk(activity: Activity, rates: Rates) -> Floats:
    """Return (N,) days W for which Gamma(r + repeats, alpha + W) has the mean of each person's posterior rate.

    A person who is still there was at risk for all days watched, one who left only until the last active day.
    """
    histories = _Histories.of(activity, True)
    stay, leave = histories.stay_and_leave(rates)
    alive = np.exp(stay - np.logaddexp(stay, leave))[histories.inverse]
    mean = alive / (rates.scale_days + activity.watched) + (1.0 - alive) / (rates.scale_days + activity.recency)
    return 1.0 / mean - rates.scale_days


def draw_days(rates: Rates, watched: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return (user, day) of the active days of people drawn at random, by user and day; day 0 is each one's first."""
    n = len(watched)
    probability = -np.expm1(-rng.gamma(rates.shape, 1.0 / rates.scale_days, n))
    leaving = np.clip(rng.beta(rates.leave_a, rates.leave_b, n), 1e-12, 1.0)
    lasts = rng.geometric(leaving) - 1  # repeats after which the person leaves
    repeats = np.minimum(rng.binomial(watched, probability), watched)
    return draw_days_of(watched.astype(np.int64), repeats, lasts, rng)


@dataclass(frozen=True, slots=True)
class _Histories:
    """The n distinct histories of N people, and how likely each is at every rate of the grid (G).

    Attributes:
        repeats: (n,) days active after the first.
        counts: (n,) people with that history.
        inverse: (N,) history of each person.
        stayed: log likelihood (s, G) with the person there to the end, for each distinct (repeats, watched).
        stayed_at: (n,) row of `stayed`.
        left: log likelihood (l, G) with the person gone after the last active day, for each (repeats, recency).
        left_at: (n,) row of `left`.
        from_first: whether people may leave after the first day.
    """

    repeats: Ints
    counts: Ints
    inverse: Ints
    stayed: _Likelihoods
    stayed_at: Ints
    left: _Likelihoods
    left_at: Ints
    from_first: bool

    @classmethod
    def of(cls, activity: Activity, from_first: bool) -> _Histories:
        """Return the distinct histories of `activity`."""
        every = np.stack([activity.repeats, activity.recency, activity.watched])
        distinct, inverse, counts = np.unique(every, axis=1, return_inverse=True, return_counts=True)
        stayed, stayed_at = _day_likelihood(distinct[[0, 2]])
        left, left_at = _day_likelihood(distinct[[0, 1]])
        return cls(distinct[0], counts, inverse.ravel(), stayed, stayed_at, left, left_at, from_first)

    def stay_and_leave(self, rates: Rates) -> tuple[Floats, Floats]:
        """Return (n,) log likelihood of each history with the person there to the end, and gone after the last day."""
        prior, a, b = _log_prior(rates), rates.leave_a, rates.leave_b
        days_survived = self.repeats + (1.0 if self.from_first else 0.0)  # days after which the person could have left
        stay = betaln(a, b + days_survived) + self.stayed.under(prior)[self.stayed_at]
        leave = betaln(a + 1.0, b + np.maximum(days_survived, 1.0) - 1.0) + self.left.under(prior)[self.left_at]
        return stay - betaln(a, b), np.where(days_survived > 0.0, leave - betaln(a, b), -np.inf)


@dataclass(frozen=True, slots=True)
class _Likelihoods:
    """Log likelihoods of p histories at every rate of the grid (G).

    Attributes:
        logs: (p, G) log likelihoods.
        most: (p,) largest of each history.
        shares: (p, G) likelihoods as shares of the largest.
    """

    logs: Floats
    most: Floats
    shares: Floats

    @classmethod
    def of(cls, logs: Floats) -> _Likelihoods:
        """Return the likelihoods whose logs are `logs` (p, G)."""
        most = logs.max(axis=1)
        return cls(logs, most, np.exp(logs - most[:, None]))

    def under(self, prior: Floats) -> Floats:
        """Return (p,) log likelihood of each history under the log probabilities `prior` (G,) of the rates.

        One product of a matrix with a vector, but for histories so unlikely under it that this is too small a number.
        """
        highest = float(prior.max())
        total = self.shares @ np.exp(prior - highest)
        found = self.most + highest + np.log(np.maximum(total, _SMALL))
        rare = np.flatnonzero(total <= _SMALL)
        if len(rare):
            found[rare] = logsumexp(self.logs[rare] + prior, axis=1)
        return found


def _day_likelihood(pairs: Ints) -> tuple[_Likelihoods, Ints]:
    """Return the likelihood of so many active days among so many, for each distinct pair, and (n,) which."""
    distinct, at = np.unique(pairs, axis=1, return_inverse=True)
    repeats, days = (row[:, None].astype(np.float64) for row in distinct)
    rate = np.exp(GRID)
    return _Likelihoods.of(repeats * np.log(-np.expm1(-rate)) - (days - repeats) * rate), at.ravel()


def _log_prior(rates: Rates) -> Floats:
    """Return (G,) log probability of each rate of the grid under the Gamma distribution."""
    density = rates.shape * (np.log(rates.scale_days) + GRID) - gammaln(rates.shape) - rates.scale_days * np.exp(GRID)
    return density + np.log(GRID[1] - GRID[0])
