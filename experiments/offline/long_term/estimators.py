"""Estimators of visits per user over a horizon.

The weights of a user's days multiply, so that weighing whole histories fails within weeks; weighing one day's step
from state to state does not.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from serendip.experiments.offline.intervals import bootstrap
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.days import Days, counted
from serendip.simulator.interface import Floats, Ints

_NORMAL = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Chain:
    """A Markov chain of user states under the target, one for each of R replicates.

    Attributes:
        start: (R, S) probability of each state on the first morning.
        visits: (R, S) probability of a visit on a day that begins in the state.
        steps: (R, S, S) probability of the next morning's state.
    """

    start: Floats
    visits: Floats
    steps: Floats

    def occupancy(self, horizon: int) -> Floats:
        """Return (horizon, R, S) probability of each state on each morning."""
        found = np.empty((horizon, *self.start.shape))
        now = self.start
        for t in range(horizon):
            found[t] = now
            now = np.einsum("rs,rsk->rk", now, self.steps)
        return found

    def values(self, horizon: int, last: int | None = None) -> Floats:
        """Return (horizon + 1, R, S) expected visits from each morning to the end, on the days that count."""
        found = np.zeros((horizon + 1, *self.start.shape))
        for t in reversed(range(horizon)):
            counts = float(t in counted(horizon, last))
            found[t] = counts * self.visits + np.einsum("rsk,rk->rs", self.steps, found[t + 1])
        return found

    def worth(self, horizon: int, last: int | None = None) -> Floats:
        """Return (R,) expected visits per user over the horizon, or its `last` days."""
        return np.einsum("trs,rs->r", self.occupancy(horizon)[counted(horizon, last).start :], self.visits)


def chain(days: Days, times: Floats) -> Chain:
    """Return the chain under the target, its steps weighed by what the target would have done.

    P(s' | s) = sum w [s -> s'] / sum w over all days that began in s, whatever their date: a state is taken to hold all
    that matters.  Xie, Ma & Wang (2019), "Towards optimal off-policy evaluation for reinforcement learning with
    marginalized importance sampling", eq. 3.

    Args:
        days: the log.
        times: (R, U) how often each user counts in each replicate.
    """
    n_users, n_days, n = len(days.user), days.n_days, days.n_states
    state, after = days.state[:, :-1], days.state[:, 1:]
    start = _sums(days.state[:, :1], np.ones((n_users, 1)), n, times)
    stays = _sums(state, np.ones((n_users, n_days)), n, times)
    visits = _sums(state, days.visited.astype(np.float64), n, times)
    steps = _sums(state * n + after, days.weight, n * n, times).reshape(-1, n, n)
    steps = np.maximum(steps, 0.0)  # additive weights of slates may be negative
    total = steps.sum(axis=2, keepdims=True)
    stay = np.broadcast_to(np.eye(n), steps.shape)
    steps = np.where(total > 0.0, steps / np.where(total > 0.0, total, 1.0), stay)
    return Chain(start / start.sum(axis=1, keepdims=True), visits / np.maximum(stays, 1.0), steps)


def _sums(cells: Ints, values: Floats, n_cells: int, times: Floats) -> Floats:
    """Return (R, n_cells) sums of `values` (U, T) by cell, each user counted as often as `times` (R, U) says."""
    rows = np.repeat(np.arange(len(cells)), cells.shape[1])
    matrix = sparse.csr_array((values.ravel(), (rows, cells.ravel())), shape=(len(cells), n_cells))
    return np.asarray((matrix.T @ times.T).T)


def marginalised(days: Days, horizon: int, seed: int = 0, n_replicates: int = 200, last: int | None = None) -> Estimate:
    """Return visits per user over the horizon by marginalised importance sampling, with a bootstrap interval.

    It is what the log's users did plus what the weights change of it in the chain of states, so that what the states
    hide of the log itself cancels; days that the log does not have stand on the chain alone.

    Args:
        days: the log, day by day and user by user.
        horizon: days that are looked ahead.
        seed: number that all draws follow from.
        n_replicates: replicates of the bootstrap.
        last: how many of the last days count; all of them when None.
    """
    drawn = bootstrap.counts(seed, days.user, n_replicates).T.astype(np.float64)
    times = np.concatenate([np.ones((1, len(days.user))), drawn])
    plain = dataclasses.replace(days, weight=np.ones_like(days.weight))
    seen = [day for day in counted(horizon, last) if day < days.n_days]
    visits = days.visited[:, seen].sum(axis=1)
    blocks = list[Floats]()
    for k in range(0, len(times), 32):
        some = times[k : k + 32]
        moved = chain(days, some).worth(horizon, last)
        if seen:
            own = chain(plain, some).worth(len(seen) + seen[0], len(seen))
            moved = moved + (some @ visits) / some.sum(axis=1) - own
        blocks.append(moved)
    return from_replicates(np.concatenate(blocks), len(counted(horizon, last)))


def per_decision(days: Days, horizon: int) -> Estimate:
    """Return visits per user with each day weighed by the product of the weights before it: a diagnostic.

    V = mean_u sum_t (prod_(k < t) w_k) visit_t.  Precup, Sutton & Singh (2000).
    """
    horizon = min(horizon, days.n_days)
    before = np.cumprod(days.weight[:, : horizon - 1], axis=1)
    weight = np.concatenate([np.ones((len(days.user), 1)), before], axis=1)
    return from_users((weight * days.visited[:, :horizon]).sum(axis=1), float(horizon))


def trajectory(days: Days, horizon: int) -> tuple[Estimate, float]:
    """Return visits per user with whole histories weighed, self-normalised, and the effective number of histories."""
    horizon = min(horizon, days.n_days)
    weight = days.weight[:, : horizon - 1].prod(axis=1)
    visits = days.visited[:, :horizon].sum(axis=1)
    total = weight.sum()
    if total <= 0.0:  # additive weights of slates may be negative
        return Estimate(None, None, None, None), 0.0
    value = float(weight @ visits / total)
    error = float(np.sqrt(np.sum(weight**2 * (visits - value) ** 2)) / total)
    estimate = Estimate(value, value - _NORMAL * error, value + _NORMAL * error, error)
    return estimate, float(total**2 / (weight @ weight))


def one_step(days: Days, horizon: int) -> Estimate:
    """Return visits per user if each day's weight changed the next day only: what one-step weighting would say."""
    shown, following = days.weight[:, :-1], days.visited[:, 1:]
    kept = days.visited[:, :-1].sum()
    chance = days.visited[:, :1].mean()
    per_user = chance + (horizon - 1) * (shown * following).mean(axis=1)
    estimate = from_users(per_user, float(horizon))
    return estimate if kept else Estimate(None, None, None, None)


def from_users(terms: Floats, most: float = np.inf) -> Estimate:
    """Return the mean of (U,) terms, two standard errors wide, inside 0 to `most`."""
    value, error = float(terms.mean()), float(terms.std(ddof=1) / np.sqrt(len(terms))) if len(terms) > 1 else np.inf
    low, high = value - _NORMAL * error, value + _NORMAL * error
    inside = [min(max(x, 0.0), most) for x in (value, low, high)]
    return Estimate(inside[0], inside[1], inside[2], error)


def from_replicates(values: Floats, most: float) -> Estimate:
    """Return the estimate less the bias that the bootstrap shows, two standard errors wide."""
    value, error = float(2.0 * values[0] - values[1:].mean()), float(values[1:].std(ddof=1))
    value = min(max(value, 0.0), float(most))
    low, high = max(value - _NORMAL * error, 0.0), min(value + _NORMAL * error, float(most))
    return Estimate(value, low, high, error)
