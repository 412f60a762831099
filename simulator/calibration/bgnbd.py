"""The BG/NBD in continuous time, as published: likelihood, fit, and customers drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from serendip.simulator.calibration.rates import Rates
from serendip.simulator.interface import Floats


@dataclass(frozen=True, slots=True)
class Customers:
    """N customers, summarised, in one unit of time.

    Attributes:
        repeats: (N,) purchases after the first.
        recency: (N,) time from the first purchase to the last.
        watched: (N,) time from the first purchase to the end of the data.
    """

    repeats: Floats
    recency: Floats
    watched: Floats


def log_likelihood(rates: Rates, customers: Customers) -> Floats:
    """Return (N,) log likelihood of each customer.

    L = B(a, b + x) / B(a, b) G(r + x) alpha^r / (G(r) (alpha + T)^(r + x))
        + [x > 0] B(a + 1, b + x - 1) / B(a, b) G(r + x) alpha^r / (G(r) (alpha + t_x)^(r + x))
    Fader, Hardie & Lee (2005), eq. 6.
    """
    r, alpha, a, b = rates.shape, rates.scale_days, rates.leave_a, rates.leave_b
    x = customers.repeats
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    stayed = betaln(a, b + x) - (r + x) * np.log(alpha + customers.watched)
    left = betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0) - (r + x) * np.log(alpha + customers.recency)
    return common + np.where(x > 0.0, np.logaddexp(stayed, left), stayed)


def fit(customers: Customers) -> Rates:
    """Return the maximum-likelihood parameters, times in the unit of `customers`."""
    columns = np.stack([customers.repeats, customers.recency, customers.watched])
    distinct, counts = np.unique(columns, axis=1, return_counts=True)
    some, total = Customers(*distinct), float(counts.sum())

    def loss(logs: Floats) -> float:
        return -float(counts @ log_likelihood(Rates(*np.exp(logs)), some)) / total

    start = np.log([0.5, 0.5 * float(customers.watched.mean()) + 1e-9, 1.0, 2.0])
    found: Any = minimize(loss, start, method="L-BFGS-B", bounds=[(-6.0, 10.0)] * 4)
    return Rates(*(float(value) for value in np.exp(found.x)))


def draw(rates: Rates, watched: Floats, rng: np.random.Generator) -> Customers:
    """Return customers drawn from the model and `watched` (N,) for so long."""
    n = len(watched)
    rate = rng.gamma(rates.shape, 1.0 / rates.scale_days, n)
    leaving = np.clip(rng.beta(rates.leave_a, rates.leave_b, n), 1e-12, 1.0)
    repeats, recency = np.zeros(n), np.zeros(n)
    active = np.arange(n)
    while len(active):
        at = recency[active] + rng.exponential(1.0, len(active)) / np.maximum(rate[active], 1e-300)
        in_time = at < watched[active]
        active, at = active[in_time], at[in_time]
        repeats[active] += 1.0
        recency[active] = at
        active = active[rng.random(len(active)) >= leaving[active]]
    return Customers(repeats, recency, watched)
