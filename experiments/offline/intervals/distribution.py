"""How rewards are distributed under the target: the chance of each level, quantiles, and the mean of the worst.

A mean hides who is badly served.  The estimates are self-normalised, so that they are a distribution; their intervals
come from the same bootstrap over users as those of the means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.experiments.offline.intervals import bootstrap
from serendip.experiments.offline.intervals.sums import UserSums
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method
from serendip.simulator.interface import Floats, Ints

LEVELS = 64  # rewards that are told apart at least
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
_WORST = (0.05, 0.25, 0.5)
_SEEN = 1 << 17  # rewards that levels are chosen from

Triple = tuple[float, float, float]  # an estimate, the lower and the upper end of its 95% interval


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of a slot's reward under the target.

    Attributes:
        levels: (G,) rewards, in order; of more than 64 different ones, the means of groups of them.
        cdf: (G,) probability of a reward at or below each level.
        low: (G,) lower end of a band that holds the whole function in 95% of logs.
        high: (G,) upper end of it.
        quantiles: smallest level that a share p of the rewards does not exceed, by p.
        cvar: mean of the worst share a of the rewards (conditional value at risk), by a.
    """

    levels: list[float]
    cdf: list[float]
    low: list[float]
    high: list[float]
    quantiles: dict[str, Triple]
    cvar: dict[str, Triple]


def levels_of(source: Source) -> tuple[Floats, Floats]:
    """Return (G,) reward levels and (G - 1,) the cuts between them: every reward, or groups finer towards the tails."""
    step, done, some = -(-max(source.n_rows, 1) // _SEEN), 0, list[Floats]()
    for logged in source.batches():
        some.append(logged.reward[(-done) % step :: step])
        done += len(logged)
    return levels_from(np.concatenate(some) if some else np.zeros(0))


def levels_from(rewards: Floats) -> tuple[Floats, Floats]:
    """Return the levels of a sample of rewards and the cuts between them.

    Rewards that are each more than a 64th of the sample stand alone, such as 0 among revenues.  The rest is cut at
    quantiles of its own: each 64th, and towards either end halves of halves, so that a tail is no single level.
    """
    distinct, counts = np.unique(rewards, return_counts=True)
    if len(distinct) <= LEVELS:
        return distinct, (distinct[1:] + distinct[:-1]) / 2.0
    alone = distinct[counts * LEVELS >= len(rewards)]
    rest = np.sort(rewards[~np.isin(rewards, alone)])
    ends = 2.0 ** -np.arange(6, np.log2(max(len(rest), 2)) + 1)  # shares in each tail
    shares = np.unique(np.concatenate([ends, np.arange(1, LEVELS) / LEVELS, 1.0 - ends]))
    points = np.unique(np.concatenate([np.quantile(rest, shares, method="inverted_cdf"), alone, rest[[0, -1]]]))
    group = np.minimum(np.searchsorted(points, rewards), len(points) - 1)  # each with the next point above
    kept, of = np.unique(group, return_inverse=True)
    return np.bincount(of, rewards) / np.bincount(of), points[kept][:-1]


class RewardDistribution:
    """Sums of the weights at each level of reward, for each user: `update`, `merge`, `finish`."""

    def __init__(self, levels: Floats, cuts: Floats, method: Method) -> None:
        self.levels, self._cuts, self._method = levels, cuts, method
        self._open = UserSums(len(levels))
        self._closed: Floats = np.zeros((1 + method.n_replicates, len(levels)))

    def update(self, slots: Slots) -> None:
        """Take a batch of slots into account."""
        group = np.searchsorted(self._cuts, slots.reward)  # a reward at a cut is of the level below it
        values = np.zeros((len(self.levels), len(slots)))
        values[group, np.arange(len(slots))] = slots.weight
        if self._method.rows_are_users:
            columns = np.ascontiguousarray(values.T)
            self._closed += self._replicated(slots.user, columns)
        else:
            self._open.add(slots.user, values)

    def merge(self, other: RewardDistribution) -> None:
        """Add another shard of the same log and levels."""
        self._open.merge(other._open)
        self._closed += other._closed

    def finish(self) -> Distribution | None:
        """Return the distribution; None where no slot has a weight."""
        users, sums = self._open.in_order()
        weights = self._closed
        if len(users):
            weights = weights + self._replicated(users, sums)
        kept = weights.sum(axis=1) > 0.0
        if not kept[0]:
            return None
        cdf = np.cumsum(weights[kept], axis=1) / weights[kept].sum(axis=1, keepdims=True)  # (1 + R, G)
        return summary(self.levels, np.minimum(cdf, 1.0))

    def _replicated(self, users: Ints, values: Floats) -> Floats:
        """Return (1 + R, G) sums over users, as they are and in each replicate."""
        return bootstrap.weighted_sums(self._method.seed, users, lambda rows: values[rows], self._method.n_replicates)


def summary(levels: Floats, cdf: Floats, level: float = 0.95) -> Distribution:
    """Return the distribution with its intervals.

    F(t) = sum_i w_i [r_i <= t] / sum_i w_i; the band is F -+ c se, with c the `level` quantile of max_t |F_r - F| / se
    over the replicates.  A quantile's interval is where the pointwise interval of F crosses its share (Woodruff 1952);
    that of CVaR_a = (1 / a) int_0^a F^-1(u) du are the replicates' quantiles.  Huang et al. (2021),
    "Off-policy risk assessment in contextual bandits"; Chandak et al. (2021), "Universal off-policy evaluation".

    Args:
        levels: (G,) rewards in order.
        cdf: (1 + R, G) estimated distribution function, then that of each replicate.
        level: share of the logs that the intervals hold in.
    """
    own, replicates = cdf[0], cdf[1:]
    error = replicates.std(axis=0, ddof=1) if len(replicates) > 1 else np.full(len(own), np.inf)
    off = np.abs(replicates - own) / np.where(error > 0.0, error, np.inf)
    band = float(np.quantile(off.max(axis=1), level)) * error if len(replicates) > 1 else error
    tail = (1.0 - level) / 2.0
    low, high = np.maximum(own - 1.96 * error, 0.0), np.minimum(own + 1.96 * error, 1.0)

    def cross(values: Floats, share: float) -> float:
        return float(levels[min(int(np.searchsorted(values, share - 1e-12)), len(levels) - 1)])

    worst = {share: np.array([cvar(levels, one, share) for one in cdf]) for share in _WORST}
    return Distribution(
        levels.tolist(),
        own.tolist(),
        np.maximum(own - band, 0.0).tolist(),
        np.minimum(own + band, 1.0).tolist(),
        {f"{p:g}": _held(cross(own, p), cross(_rising(high), p), cross(_rising(low), p)) for p in _SHARES},
        {f"{a:g}": (float(v[0]), *_ends(v[1:], tail, levels)) for a, v in worst.items()},
    )


def cvar(levels: Floats, cdf: Floats, share: float) -> float:
    """Return the mean of the worst `share` of rewards with distribution function `cdf` (G,) at `levels` (G,)."""
    mass = np.diff(np.minimum(cdf, share), prepend=0.0)
    return float(mass @ levels / share)


def _held(value: float, low: float, high: float) -> Triple:
    """Return an estimate with ends that hold it."""
    return value, min(low, value), max(high, value)


def _rising(values: Floats) -> Floats:
    return np.maximum.accumulate(values)


def _ends(replicates: Floats, tail: float, levels: Floats) -> tuple[float, float]:
    if len(replicates) < 2:
        return float(levels[0]), float(levels[-1])
    low, high = np.quantile(replicates, [tail, 1.0 - tail])
    return float(low), float(high)
