"""A surrogate index: what a short run of the target makes of users, carried to the horizon by a long log of another.

    V = mean over the short run's users of { visits so far + E[ visits from then on | what is known that morning ] }

with the expectation from the long log.  It is the value of the target if surrogates hold all by which the short run
acts on what follows, and if what follows them is the same under both policies: where the target stays switched on and
goes on changing its users, that is the value of running it for the short run's days only.  Athey, Chetty, Imbens & Kang
(2019), "The surrogate index: combining short-term proxies to estimate long-term treatment effects more rapidly and
precisely".
"""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.intervals import bootstrap
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.days import Days, counted
from serendip.experiments.offline.long_term.estimators import from_replicates
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats

_RIDGE = 1e-6
_MANY = 1000


def surrogate_index(
    long: Days, short: Days, horizon: int, *, last: int | None = None, seed: int = 0, n_replicates: int = 200
) -> Estimate:
    """Return visits per user over the horizon, or its `last` days, with an interval over both logs' users.

    Args:
        long: a log of at least `horizon` days, under any policy.
        short: a log of fewer days under the target.
        horizon: days.
        last: count only as many last days; all when None.
        seed: of the bootstrap.
        n_replicates: replicates.

    Raises:
        SettingsError: the long log is shorter than the horizon, or the short one is not shorter.
    """
    n = short.n_days
    if long.n_days < horizon or n >= horizon:
        raise SettingsError(
            f"the short run has {n} days and the log {long.n_days}, for a horizon of {horizon}; the short run must be"
            " shorter than the horizon, and the log at least as long"
        )
    counts = np.zeros(horizon, dtype=bool)
    counts[counted(horizon, last)] = True
    later = long.visited[:, n:horizon] @ counts[n:].astype(np.float64)  # (U,)
    known, here = _surrogates(long, short)
    so_far = short.visited @ counts[:n].astype(np.float64)
    of_long = _times(long, seed, "long", n_replicates)
    of_short = _times(short, seed, "short", n_replicates)
    values = [_value(known, later, here, so_far, a, b) for a, b in zip(of_long, of_short, strict=True)]
    return from_replicates(np.array(values), float(counts.sum()))


def beyond(long: Days, short: Days) -> float:
    """Return the share of the short run's users with a column outside the middle 99% of the long log's that morning."""
    if long.columns is None or short.columns is None:
        return 0.0
    x, y = long.columns[:, short.n_days], short.columns[:, short.n_days]
    low, high = np.quantile(x, [0.005, 0.995], axis=0)
    return float(((y < low - 1e-9) | (y > high + 1e-9)).any(axis=1).mean())


def _times(days: Days, seed: int, name: str, n_replicates: int) -> Floats:
    """Return (1 + R, U) how often each user counts: once, then in each replicate."""
    drawn = bootstrap.counts(randomness.derive(seed, name), days.user, n_replicates).T.astype(np.float64)
    return np.concatenate([np.ones((1, len(days.user))), drawn])


def _value(known: Floats, later: Floats, here: Floats, so_far: Floats, long: Floats, short: Floats) -> float:
    weighed = known * long[:, None]
    gram = weighed.T @ known + _RIDGE * len(known) * np.eye(known.shape[1])
    index = here @ np.linalg.solve(gram, weighed.T @ later)
    return float(short @ (so_far + index) / short.sum())


def _surrogates(long: Days, short: Days) -> tuple[Floats, Floats]:
    """Return (U, P) what is known of each log's users on the morning after the short run.

    Of 1,000 users and more also squares and products, which take as many to learn; without columns the state alone.
    """
    day = short.n_days
    if long.columns is None or short.columns is None:
        identity = np.eye(long.n_states)
        return identity[long.state[:, day]], identity[short.state[:, day]]
    x, y = long.columns[:, day], short.columns[:, day]
    mean, spread = x.mean(axis=0), x.std(axis=0)
    varies = spread > 1e-9  # all have the same tenure
    made = list[Floats]()
    for columns in (x, y):
        z = ((columns - mean) / np.maximum(spread, 1e-9))[:, varies]
        pairs = np.triu_indices(z.shape[1] if len(x) >= _MANY else 0)
        made.append(np.concatenate([np.ones((len(z), 1)), z, z[:, pairs[0]] * z[:, pairs[1]]], axis=1))
    return made[0], made[1]
