"""How much single users carry of an estimate: a standard error without each of them, and how well it is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.experiments.offline.intervals.sums import COUNT, WEIGHT, Columns
from serendip.experiments.offline.intervals.tails import hill_shape
from serendip.simulator.interface import Floats

_MOST = 0.999  # share of the weight that a user can have and be left out


@dataclass(frozen=True, slots=True)
class Spread:
    """What users' shares in an estimate say of its standard error.

    Attributes:
        error: the jackknife's, each user left out once.
        degrees: degrees of freedom of Student's t, as many as the kurtosis of the shares leaves.
        least: the smallest share of a user in the error, or 0.
        most: the largest.
    """

    error: float
    degrees: float
    least: float = 0.0
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """How users share the log.

    Attributes:
        effective: (sum n_u)^2 / sum n_u^2: as many users with the same number of slots are worth as much.  Kish (1965).
        weighed: effective number of users by their sums of weights.
        tail: shape of the tail of their numbers of slots, or None of few users.
    """

    effective: float
    weighed: float
    tail: float | None


def shares(columns: Columns, e: int, sums: Floats) -> tuple[Floats, Floats] | None:
    """Return (U,) each user's share in the error of estimate `e`, and in its denominator; None without a denominator.

    (N_u - V D_u) / D, and with a baseline also (B_u - b C_u) / C: the terms of the delta method.  With controls, what
    they leave of (N_u - V n_u) / n.
    """
    if columns.controls[e]:
        return _controlled(columns, e, sums)
    parts = columns.parts(e)
    total = [float(sums[:, part].sum()) for part in parts]
    if total[1] == 0.0:
        return None
    below = sums[:, parts[1]] / total[1]
    share = sums[:, parts[0]] / total[1] - total[0] / total[1] * below
    if len(parts) == 4:
        share = share + sums[:, parts[2]] / total[3] - total[2] / total[3] * sums[:, parts[3]] / total[3]
    return share, below


def _controlled(columns: Columns, e: int, sums: Floats) -> tuple[Floats, Floats]:
    """Return the shares in a mean with controls: what a regression on them leaves (see `estimate.controlled`)."""
    count = sums[:, COUNT]
    n = float(count.sum())
    used = sums[:, [columns.numerator[e], *columns.controls[e]]]
    centred = used - np.multiply.outer(count, used.sum(axis=0) / n)
    slopes = np.linalg.lstsq(centred[:, 1:], centred[:, 0], rcond=1e-8)[0]
    return (centred[:, 0] - centred[:, 1:] @ slopes) / n, count / n


def spread_of(columns: Columns, e: int, sums: Floats) -> Spread | None:
    """Return what the users' sums (U, C) say of estimate `e`; None where there is no estimate or one user.

    The jackknife leaves out each user: its term is share / (1 - share in the denominator).  The spread of the terms'
    squares gives the degrees of freedom by Satterthwaite's rule, 2 / (sum s^4 / (sum s^2)^2 - 1 / U), which is U where
    shares are normal.  Bell & McCaffrey (2002), Survey Methodology 28, section 3, for clusters in regression.
    """
    found, n_users = shares(columns, e, sums), len(sums)
    if found is None or n_users < 2:
        return None
    share, below = found
    left_out = share / (1.0 - np.minimum(below, _MOST))
    error = float(np.sqrt((n_users - 1.0) / n_users * (left_out @ left_out)))
    squares = share * share
    total = float(squares.sum())
    if total == 0.0:
        return Spread(0.0, n_users - 1.0)
    unsure = float(squares @ squares) / total**2 - 1.0 / n_users
    degrees = 2.0 / unsure if unsure > 2.0 / n_users else n_users - 1.0
    ends = min(float(share.min()), 0.0), max(float(share.max()), 0.0)
    return Spread(error, float(np.clip(degrees, 1.0, n_users - 1.0)), *ends)


def difference_of(columns: Columns, one: int, other: int, sums: Floats) -> tuple[float, float] | None:
    """Return estimate `one` less `other` and the standard error of that, over the same users; None where unknown.

    Args:
        columns: which sums belong to which estimate.
        one: number of the estimate.
        other: number of the estimate that is taken from it.
        sums: (U, C) sums of each user.
    """
    pair = [shares(columns, e, sums) for e in (one, other)]
    if pair[0] is None or pair[1] is None or len(sums) < 2:
        return None
    apart = pair[0][0] - pair[1][0]
    scale = len(sums) / (len(sums) - 1.0)
    return _value(columns, one, sums) - _value(columns, other, sums), float(np.sqrt(apart @ apart * scale))


def _value(columns: Columns, e: int, sums: Floats) -> float:
    """Return the estimate `e`, one without controls."""
    total = [float(sums[:, part].sum()) for part in columns.parts(e)]
    return sum(a / b for a, b in zip(total[0::2], total[1::2], strict=True))


def crowd_of(sums: Floats) -> Crowd:
    """Return how U users share the log, from their sums (U, C)."""
    count = sums[:, COUNT]
    return Crowd(_kish(count), _kish(sums[:, WEIGHT]), hill_shape(count))


def _kish(values: Floats) -> float:
    squares = float(values @ values)
    return float(values.sum()) ** 2 / squares if squares else 0.0
