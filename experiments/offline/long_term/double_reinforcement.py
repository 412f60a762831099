"""Double reinforcement learning: values that are regressed, corrected by weights; one of the two must be right."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.days import Days, counted
from serendip.experiments.offline.long_term.estimators import Chain, chain, from_users
from serendip.simulator.interface import Floats, Ints

_ENOUGH = 50  # user-days in a state, below which its values stand uncorrected


def double_reinforcement(
    days: Days, horizon: int, seed: int = 0, last: int | None = None, *, held: bool = False
) -> Estimate:
    """Return visits per user by double reinforcement learning over the tabular state, cross-fitted by user.

    Where it is `held` to the log, what it says of the log itself is exchanged for what the log's users did.

    V = mean_u { V_0(s_0) + sum_t sum_k rho_k(s_t) [ visit_t 1(k counts) + Q_k(s_t, target) - V_k(s_t)
                                                     + w_t (V_(k+1)(s_(t+1)) - Q_k(s_t, what was done)) ] }

    with Q and V from fitted Q evaluation on the other half of the users, and rho_k(s) the chance of s on day k under
    the target, by marginalised importance sampling, over the expected number of the log's days in s.  Every day of the
    log stands in for every day k of the horizon, as a state is taken to hold all that matters.  Kallus & Uehara (2022),
    "Efficiently breaking the curse of horizon in off-policy evaluation with double reinforcement learning", eq. 5.

    Args:
        days: the log, day by day and user by user.
        horizon: days that are looked ahead.
        seed: number that all draws follow from.
        last: how many of the last days count; all of them when None.
        held: whether what it says of the log is exchanged for what the log's users did.
    """
    terms, most = _terms(days, horizon, seed, last), counted(horizon, last)
    if held and most.stop <= days.n_days:
        own = dataclasses.replace(days, weight=np.ones_like(days.weight), expected=days.brought)
        terms = terms - _terms(own, horizon, seed, last) + days.visited[:, most].sum(axis=1)
    return from_users(terms, float(len(most)))


def _terms(days: Days, horizon: int, seed: int, last: int | None) -> Floats:
    """Return (U,) terms whose mean is the value."""
    fold = folds(seed, days.user)
    terms = np.empty(len(days.user))
    for f in range(N_FOLDS):
        here, there = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
        others = days.rows(there)
        learned = regressed(others)
        value = learned.chain.values(horizon, last)[:, 0]
        chance = chain(others, np.ones((1, len(there)))).occupancy(horizon)[:, 0]
        stays = np.bincount(others.state[:, :-1].ravel(), minlength=days.n_states) / len(there)
        rho = np.divide(chance, stays, out=np.zeros_like(chance), where=stays * len(there) >= _ENOUGH)  # (horizon, S)
        terms[here] = _corrected(days.rows(here), learned, value, rho, counted(horizon, last).start)
    return terms


@dataclass(frozen=True, slots=True)
class Regressed:
    """Fitted Q over the tabular state: tomorrow's state regressed, state by state, on (1, visit, what the day brought).

    Attributes:
        steps: (S, P, S) coefficients.
        chain: what follows for the target.
    """

    steps: Floats
    chain: Chain


def regressed(days: Days) -> Regressed:
    """Return the regressions over all days of the log."""
    n, state, after = days.n_states, days.state[:, :-1].ravel(), days.state[:, 1:].ravel()
    done, wanted = _design(days, days.brought), _design(days, days.expected)
    size = done.shape[1]
    to = np.stack([_sums(state * n + after, done[:, p], n * n).reshape(n, n) for p in range(size)], axis=1)  # (S, P, S)
    gram = np.stack(
        [np.stack([_sums(state, done[:, p] * done[:, q], n) for q in range(size)], axis=1) for p in range(size)], axis=1
    )
    mean = np.stack([_sums(state, wanted[:, p], n) for p in range(size)], axis=1)
    stays = np.bincount(state, minlength=n)
    steps = np.linalg.solve(gram + 1e-6 * np.eye(size), to).astype(np.float64)
    share = mean / np.maximum(stays, 1)[:, None]
    onwards = np.maximum(np.einsum("sp,spk->sk", share, steps), 0.0)
    total = onwards.sum(axis=1, keepdims=True)
    onwards = np.where(total > 0.0, onwards / np.where(total > 0.0, total, 1.0), np.eye(n))
    visits = np.bincount(state, weights=days.visited.ravel(), minlength=n) / np.maximum(stays, 1)
    start = np.bincount(days.state[:, 0], minlength=n) / len(days.user)
    return Regressed(steps, Chain(start[None], visits[None], onwards[None]))


def _sums(cells: Ints, values: Floats, n: int) -> Floats:
    return np.bincount(cells, values, n).astype(np.float64)


def _design(days: Days, brought: Floats | None) -> Floats:
    """Return (U T, P) rows (1, visit, what the day brought)."""
    came = days.visited.astype(np.float64)[:, :, None]
    parts = [np.ones_like(came), came] + ([] if brought is None else [came * brought])
    return np.concatenate(parts, axis=2).reshape(days.visited.size, -1)


def _corrected(days: Days, learned: Regressed, value: Floats, rho: Floats, first: int) -> Floats:
    """Return (U,) terms; the days from `first` on count."""
    now, after = days.state[:, :-1], days.state[:, 1:]
    follows = rho.T @ value[1:]  # (S, S): sum_k rho_k(s) V_(k+1)(s')
    stands = np.einsum("ks,ks->s", rho, value[:-1])
    expected = np.einsum("spk,sk->sp", learned.steps, follows)  # (S, P): sum_k rho_k(s) of the coefficients of Q_k
    shape = (*days.visited.shape, -1)
    done, wanted = (
        np.einsum("utp,utp->ut", _design(days, what).reshape(shape), expected[now])
        for what in (days.brought, days.expected)
    )
    terms = rho[first:].sum(axis=0)[now] * days.visited + wanted - stands[now]
    terms = terms + days.weight * (follows[now, after] - done)
    return value[0][days.state[:, 0]] + terms.sum(axis=1)
