"""Fitted Q evaluation of visits per user: what is still to come, regressed backwards on what is known.

    Q_k(x, v, m) = E[ visit tomorrow, if that counts, + Q_(k-1)(x', v', m'(target)) ]

with x what is known in the morning, v whether the user came and m what the day brought (clicks, new topics, or the
action itself).  The target enters through m'(target), what its slates would have brought; that a day acts on the later
ones only through m is the assumption.  Days without a visit count: they are rows like any other.  Le, Voloshin & Yue
(2019), "Batch policy learning under constraints", algorithm 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from serendip.experiments.offline.intervals import bootstrap
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.days import Days, counted, early, missed
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Floats

Basis = Literal["tabular", "linear", "quadratic"]

_NORMAL = 1.959963984540054
_RIDGE = {"tabular": 1e-10, "linear": 1e-5, "quadratic": 1e-5}  # per row
_CROSSED = 0.3  # per row, of what a day brought times what was known: a policy may bring far more than the log did
_USERS_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class FittedQ:
    """What fitted Q evaluation comes to.

    Attributes:
        value: visits per user over the days that count, under the target.
        lift: value less what the logging policy's users did.
        own: what the regression says of the logging policy itself; None where the log ends before the days that count.
        observed: what the logging policy's users did, over the days that count and that the log has; likewise.
        replicates: (1 + R,) the value as it is, then in each replicate; two targets of one log share the draws.
        residual: (U, T - 1) visits, from the second day on, less what was expected of them the day before.
        outside: share of the replicates whose value lay outside of 0 to the days that count, and was put inside.
        missed: largest miss of the visits of a third of the users by the regression, as a share of the mean;
            None as `own`.
    """

    value: Estimate
    lift: Estimate
    own: float | None
    observed: float | None
    replicates: Floats
    residual: Floats
    outside: float = 0.0
    missed: float | None = None


def fitted_q(
    days: Days,
    horizon: int,
    *,
    last: int | None = None,
    basis: Basis = "quadratic",
    seed: int = 0,
    n_replicates: int = 200,
) -> FittedQ:
    """Return visits per user over the horizon, or its `last` days, with intervals by a bootstrap over users.

    The value is what the log's users did plus what the target would change of it, both by the same regression, so that
    what the regression gets wrong of both alike cancels; beyond the log's last day the regression stands alone.

    Args:
        days: the log, day by day and user by user.
        horizon: days that are looked ahead.
        last: how many of the last days count; all of them when None.
        basis: functions of the state that the regression is linear in.
        seed: number that all draws follow from.
        n_replicates: replicates of the bootstrap.

    Raises:
        SettingsError: the days do not say what they brought.
    """
    if days.brought is None or days.expected is None or (basis != "tabular" and days.columns is None):
        raise SettingsError("fitted Q needs what each day brought and would have brought, and the mornings' columns")
    drawn = bootstrap.counts(seed, days.user, n_replicates).T.astype(np.float64)
    features = _features(days, basis)
    sums = _collect(days, features, np.concatenate([np.ones((1, len(days.user))), drawn]), _ridge(days, basis))
    rewarded = np.zeros(horizon, dtype=bool)
    rewarded[counted(horizon, last)] = True
    seen = rewarded[: days.n_days]
    value = sums.backward(sums.to_target, sums.start_target, rewarded)
    observed = own = np.zeros(len(value))
    if seen.any():
        own = sums.backward(sums.to_own, sums.start_own, seen)
        observed = sums.visits[:, : len(seen)][:, seen].sum(axis=1) / sums.users
    raw, most = value + observed - own, float(rewarded.sum())
    anchored = np.clip(raw, 0.0, most)
    lift = _estimate(anchored - observed, (-most, most))
    known = bool(seen.any())
    return FittedQ(
        _estimate(anchored, (0.0, most)),
        lift,
        float(own[0]) if known else None,
        float(observed[0]) if known else None,
        anchored,
        _residual(days, features, sums.tomorrow()),
        float(np.mean(raw != anchored)),
        _missed(days, features, sums.whole(), seen) if known else None,
    )


def _missed(days: Days, features: Features, sums: _Sums, seen: Bools) -> float:
    """Return by how much the regression misses groups of users, asked a fortnight into the log."""
    assert days.brought is not None
    first = early(int(np.argmax(seen)), len(seen))
    learned = sums.carried(sums.to_own, seen, first)[0]
    said = np.empty(len(days.user))
    for start in range(0, len(said), _USERS_AT_ONCE):
        who = slice(start, start + _USERS_AT_ONCE)
        said[who] = features(who, slice(first, first + 1), days.brought[who, first : first + 1])[:, 0] @ learned
    later = seen & (np.arange(len(seen)) > first)
    did = days.visited[:, : len(seen)][:, later].sum(axis=1).astype(np.float64)
    return missed(did, said, days.thirds(max(first, 1)))


def difference(one: FittedQ, other: FittedQ, horizon: int) -> Estimate:
    """Return by how much one target's value is above another's, from the same log with the same seed."""
    return _estimate(one.replicates - other.replicates, (-float(horizon), float(horizon)))


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over users and days in each of 1 + R replicates: all that the regressions need.

    Attributes:
        gram: (1 + R, P, P) of the features of a day.
        to_target: (1 + R, P, P) of the features of a day and of the next one under the target.
        to_own: the same, with the next one as it was.
        reward: (1 + R, P) of the features of a day and the next one's visit.
        start_target: (1 + R, P) features of the first day under the target.
        start_own: the same, as it was.
        visits: (1 + R, T) visits of each day.
        users: (1 + R,) users.
        ridge: (P,) added to the diagonal of `gram`.
    """

    gram: Floats
    to_target: Floats
    to_own: Floats
    reward: Floats
    start_target: Floats
    start_own: Floats
    visits: Floats
    users: Floats
    ridge: Floats

    def tomorrow(self) -> Floats:
        """Return (P,) coefficients of tomorrow's visit on the features of today."""
        return np.linalg.solve(self._ridged(self.gram[0]), self.reward[0])

    def _ridged(self, gram: Floats) -> Floats:
        return gram + np.diag(self.ridge)

    def backward(self, to: Floats, start: Floats, rewarded: Bools) -> Floats:
        """Return (1 + R,) visits per user on the rewarded days, the coefficients carried back from the last one."""
        total: Floats = np.einsum("rp,rp->r", start, self.carried(to, rewarded)) + self.visits[:, 0] * float(
            rewarded[0]
        )
        return total / self.users

    def carried(self, to: Floats, rewarded: Bools, first: int = 0) -> Floats:
        """Return (1 + R, P) coefficients of the visits on the rewarded days after the day `first`, on its features."""
        gram = self._ridged(self.gram)
        step = np.linalg.solve(gram, to)  # (1 + R, P, P)
        visit = np.linalg.solve(gram, self.reward[:, :, None])[:, :, 0]
        found: Floats = np.zeros(visit.shape)
        for day in reversed(range(first + 1, len(rewarded))):
            found = visit * float(rewarded[day]) + np.einsum("rpq,rq->rp", step, found)
        return found

    def whole(self) -> _Sums:
        """Return the sums as they are, without replicates."""
        names = (field.name for field in fields(self) if field.name != "ridge")
        return replace(self, **{name: getattr(self, name)[:1] for name in names})


Features = Callable[[slice, slice, Floats], Floats]


def _collect(days: Days, features: Features, times: Floats, ridge: Floats) -> _Sums:
    """Return the sums, users a few at a time, each counted as often as `times` (1 + R, U) says."""
    assert days.brought is not None
    assert days.expected is not None
    n_users, n_days = days.visited.shape
    parts: list[list[Floats]] = []
    for start in range(0, n_users, _USERS_AT_ONCE):
        who = slice(start, min(start + _USERS_AT_ONCE, n_users))
        as_it_was = features(who, slice(0, n_days), days.brought[who])  # (u, T, P)
        target = features(who, slice(0, n_days), days.expected[who])
        now, visits = as_it_was[:, :-1], days.visited[who].astype(np.float64)
        across = now.transpose(0, 2, 1)
        made = [across @ now, across @ target[:, 1:], across @ as_it_was[:, 1:]]
        made += [np.einsum("utp,ut->up", now, visits[:, 1:]), target[:, 0], as_it_was[:, 0], visits]
        weights = times[:, who]
        sums = [np.tensordot(weights, part, axes=(1, 0)) for part in made]
        parts = [[a] for a in sums] if not parts else [[a[0] + b] for a, b in zip(parts, sums, strict=True)]
    gram, to_target, to_own, reward, start_target, start_own, came = (part[0] for part in parts)
    to, starts = (to_target, to_own), (start_target, start_own)
    return _Sums(gram, *to, reward, *starts, came, times.sum(axis=1), ridge * n_users * (n_days - 1))


def _ridge(days: Days, basis: Basis) -> Floats:
    """Return (P,) what is added to the diagonal of the features' products, per row."""
    assert days.brought is not None
    if basis == "tabular":
        return np.full(days.n_states * (2 + days.brought.shape[2]), _RIDGE[basis])
    assert days.columns is not None
    n, n_brought = days.columns.shape[2], days.brought.shape[2]
    n_known = 1 + n + (n * (n + 1) // 2 if basis == "quadratic" else 0)
    crossed = np.tile(np.concatenate([[_RIDGE[basis]], np.full(n, _CROSSED)]), n_brought)
    return np.concatenate([np.full(2 * n_known, _RIDGE[basis]), crossed])


def _residual(days: Days, features: Features, learned: Floats) -> Floats:
    """Return (U, T - 1) visits less what was expected of them the day before."""
    assert days.brought is not None
    found = np.empty((len(days.user), days.n_days - 1))
    for start in range(0, len(found), _USERS_AT_ONCE):
        who = slice(start, start + _USERS_AT_ONCE)
        expected = features(who, slice(0, days.n_days), days.brought[who])[:, :-1] @ learned
        found[who] = days.visited[who, 1:] - expected
    return found


def _features(days: Days, basis: Basis) -> Features:
    """Return what makes (u, T, P) features of users' days: b(x), v b(x), and v m times 1 and the columns of x.

    What a day brings is worth more or less by what is known: discovery saturates.  In a table it is v m b(x).
    """
    assert days.brought is not None
    n_linear = 1 + (0 if days.columns is None else days.columns.shape[2])
    spread = _spread(days.brought[days.visited]) if days.visited.any() else 1.0
    mornings = _mornings(days, basis)

    def made(who: slice, when: slice, brought: Floats) -> Floats:
        known = mornings(who, when)
        came = days.visited[who, when, None].astype(np.float64)
        acted = came * brought / spread  # (u, T, A)
        level = known if basis == "tabular" else known[:, :, :n_linear]
        crossed = (acted[..., None] * level[:, :, None, :]).reshape(*acted.shape[:2], -1)
        return np.concatenate([known, came * known, crossed], axis=2)

    return made


def _mornings(days: Days, basis: Basis) -> Callable[[slice, slice], Floats]:
    """Return what makes (u, T, P0) functions b(x) of the mornings."""
    if basis == "tabular":
        identity = np.eye(days.n_states)
        return lambda who, when: identity[days.state[who, when]]
    assert days.columns is not None
    mean, spread = days.columns.mean(axis=(0, 1)), _spread(days.columns.reshape(-1, days.columns.shape[2]))
    columns, n = days.columns, days.columns.shape[2]
    pairs = np.triu_indices(n)

    def made(who: slice, when: slice) -> Floats:
        x = (columns[who, when] - mean) / spread
        known = [np.ones((*x.shape[:2], 1)), x]
        if basis == "quadratic":
            known.append(x[:, :, pairs[0]] * x[:, :, pairs[1]])
        return np.concatenate(known, axis=2)

    return made


def _spread(columns: Floats) -> Floats:
    """Return the standard deviation of each column; 1 where nothing varies, so that it stays what it is."""
    found = columns.std(axis=0)
    return np.where(found > 1e-9, found, 1.0)


def _estimate(values: Floats, within: tuple[float, float]) -> Estimate:
    """Return the estimate, two standard errors of its replicates wide, inside what is possible."""
    value = min(max(float(values[0]), within[0]), within[1])
    error = float(values[1:].std(ddof=1)) if len(values) > 2 else float("inf")
    return Estimate(value, max(value - _NORMAL * error, within[0]), min(value + _NORMAL * error, within[1]), error)
