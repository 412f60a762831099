"""A target valued in one pass over a log: estimators, sums over users, weights.  Shards are merged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.further import FURTHER, WEIGHTS_OF_MORE
from serendip.experiments.offline.intervals import INTERVALS, MAIN
from serendip.experiments.offline.intervals import estimate as intervals
from serendip.experiments.offline.intervals.card import Question
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.intervals.overlap import Tenth, by_activity
from serendip.experiments.offline.intervals.serial import SerialSums
from serendip.experiments.offline.intervals.spread import Crowd, Spread, crowd_of, difference_of, spread_of
from serendip.experiments.offline.intervals.sums import (
    COUNT,
    WEIGHT,
    Columns,
    Moments,
    UserSums,
    columns_of,
    moments,
    values_of,
)
from serendip.experiments.offline.intervals.tails import Sizes
from serendip.experiments.offline.intervals.weights import WeightHistogram
from serendip.experiments.offline.slots import Slots, Terms
from serendip.simulator.interface import Floats, Ints

_OFF = 0.25  # how far the mean of such a weight may be from 1
_KEPT = 20_000  # users whose sums are kept for intervals by empirical likelihood
COMPARED = tuple((name, "snips") for name in ("sndr", "slate_snips", "balanced_snips"))  # whose difference is known
WEIGHED = ("slate_snips", "balanced_snips")  # estimates by other weights than those of slots, which should be 1 too
_MEAN_WEIGHT = "mean_weight"  # a ratio like any other: sum of weights over number of slots


@dataclass(frozen=True, slots=True)
class Method:
    """How a target is valued.

    Attributes:
        estimators: names of the estimators.
        tuning: settings that estimators share by name, such as `clip`.
        seed: number that the bootstrap follows from.
        n_replicates: bootstrap replicates.
        rows_are_users: whether each row is a user of its own; nothing is then kept for each user.
        reward_model: name of the model of DM, DR and their kin.
        tune: whether clips, switches and shrinkage are chosen by SLOPE.
        distribution: whether the distribution of rewards is estimated too.
        by: `position`, `week` or `cohort`, by which values of parts of the log are estimated too, or None.
        trained_apart: whether the target owes nothing to the rewards of the users that it is valued on, for certain.
        others: whether intervals of other kinds are made beside the one that estimates go by.
    """

    estimators: tuple[str, ...] = field(default_factory=estimators.usual)
    tuning: Mapping[str, float] | None = None
    seed: int = 0
    n_replicates: int = 400
    rows_are_users: bool = False
    reward_model: str = "table"
    tune: bool = False
    distribution: bool = False
    by: str | None = None
    trained_apart: bool = False
    others: bool = True


@dataclass(frozen=True, slots=True)
class Valued:
    """What a pass over a log comes to.

    Attributes:
        names: names of the estimators, and last that of the mean weight.
        columns: where each ratio's sums are.
        moments: sums over users.
        weights: the importance weights.
        reward_range: smallest and largest reward seen.
        tenths: tenths of the users, by activity; none where each row is a user of its own.
        users: (U, C) the sums of each user, where there are at most 20,000; else None.
        further_means: the mean of each weight of a slate, of its beginning, of a topic; it should be 1.
        floors: (E,) the standard error of each estimate if rewards were as likely at large weights as at small ones.
        spreads: what users' shares say of each standard error; none where users were not kept.
        crowd: how users share the log, or None.
        differences: estimates that are compared, and their difference with its standard error.
        weighed: mean, its standard error, and slots left in effect of weights other than those of slots, by estimator.
        reward_tail: shape of the tail of the rewards' sizes, or None where they come in few.
        serial: what says whether slots that follow one another are alike.
    """

    names: tuple[str, ...]
    columns: Columns
    moments: Moments
    weights: WeightHistogram
    reward_range: tuple[float, float]
    tenths: list[Tenth]
    users: Floats | None = None
    further_means: Mapping[str, float] = field(default_factory=dict[str, float])
    floors: Sequence[float] = ()
    spreads: Sequence[Spread | None] = ()
    crowd: Crowd | None = None
    differences: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict[Any, Any])
    weighed: Mapping[str, tuple[float, float, float]] = field(default_factory=dict[str, Any])
    reward_tail: float | None = None
    serial: SerialSums = field(default_factory=SerialSums)

    def estimates(
        self, reward_range: tuple[float, float], largest_weight: Mapping[str, float] | None = None, others: bool = True
    ) -> dict[str, Estimate]:
        """Return each estimate with its 95% intervals.

        Args:
            reward_range: where a reward can lie, as it is declared.
            largest_weight: the largest weight that there can be, of estimators that are a mean of weighted rewards.
            others: whether intervals of other kinds are made beside the one that estimates go by.
        """
        values, errors = intervals.ratios(self.columns, self.moments)
        ess, kinds = (
            self.weights.effective_sample_size,
            {card.name: card for card in INTERVALS.cards() if others or card.name == MAIN},
        )
        found = dict[str, Estimate]()
        for e, name in enumerate(self.names[:-1]):
            weight = (largest_weight or {}).get(name)
            term = None if weight is None else (min(weight * reward_range[0], 0.0), max(weight * reward_range[1], 0.0))
            users = None if "@" in name else self.users
            size = min(ess, float(self.moments.n_users))
            known = values[:, e], errors[:, e], size, reward_range, term, self.columns, e, self.moments, users
            spread, floor = self.spreads[e] if self.spreads else None, self.floors[e] if self.floors else 0.0
            question = Question(*known, spread, floor, self.reward_tail)
            found[name] = intervals.estimate(question, kinds, MAIN)
        if not self.weights.n_rewarded:
            found = {name: intervals.without_rewards(estimate, ess, reward_range) for name, estimate in found.items()}
        lost = self.unmeasured()
        return {
            name: intervals.UNKNOWN if estimators.needs([name]) & lost.keys() else one for name, one in found.items()
        }

    def unmeasured(self) -> dict[str, float]:
        """Return the mean of those weights that are too far from 1, for the log lacks what they weigh.

        By the name of the further column; estimates that need it are unknown.
        """
        return {name: mean for name, mean in self.further_means.items() if abs(mean - 1.0) > _OFF}

    def errors(self) -> Floats:
        """Return (E + 1,) the standard errors of the estimates and of the mean weight, clustered by user."""
        return intervals.ratios(self.columns, self.moments)[1][0]

    def mean_weight(self) -> tuple[float, float]:
        """Return the mean weight, which should be 1, and its standard error, clustered by user."""
        value, error = intervals.ratios(self.columns, self.moments)
        return float(value[0, -1]), float(error[0, -1])


class Valuation:
    """The sufficient statistics of a log for some estimators: `update` with batches, `merge` shards, `finish`."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self._estimators = [estimators.make(name, method.tuning) for name in method.estimators]
        self._columns: Columns | None = None
        self._open: UserSums | None = None
        self._closed: Moments | None = None
        self._kept: list[Floats] = []  # sums of users that are closed, while they are few
        self._weights = WeightHistogram()
        self._range = (np.inf, -np.inf)
        self._further = dict[str, float]()  # sums of the weights of more than a slot
        self._squares: Floats = np.zeros((len(self._estimators), 2))  # sums of N^2 / D and D^2 over slots
        self._sizes, self._serial = Sizes(), SerialSums()

    def update(self, slots: Slots) -> None:
        """Take a batch of slots into account."""
        if len(slots) == 0:
            return
        terms: Sequence[Terms] = [estimator(slots) for estimator in self._estimators]
        columns = self._columns or columns_of(slots, terms)
        self._columns = columns
        values = values_of(columns, slots, terms)
        if self.method.rows_are_users:
            self._close(_with_mean_weight(columns), slots.user, np.ascontiguousarray(values.T))
        else:
            self._open = self._open or UserSums(columns.n_columns)
            self._open.add(slots.user, values)
        self._weights.update(slots)
        self._sizes.update(slots.reward)
        self._serial.update(slots)
        self._squares += np.array([_squares(term) for term in terms])
        for name in WEIGHTS_OF_MORE:
            if name in slots.further:
                column = slots.further[name]
                weight = slots.target / column if FURTHER[name].below else column
                self._further[name] = self._further.get(name, 0.0) + float(weight.sum())
        self._range = (min(self._range[0], slots.reward.min()), max(self._range[1], slots.reward.max()))

    def merge(self, other: Valuation) -> None:
        """Add another shard of the same log; the order of shards changes nothing."""
        self._columns = self._columns or other._columns
        if other._open is not None:
            self._open = self._open or UserSums(other._open.n_columns)
            self._open.merge(other._open)
        if other._closed is not None:
            self._closed = other._closed if self._closed is None else self._closed.plus(other._closed)
            self._keep(other._kept)
        self._weights.merge(other._weights)
        self._sizes.merge(other._sizes)
        self._serial.merge(other._serial)
        self._squares = self._squares + other._squares
        self._further = {name: total + other._further.get(name, 0.0) for name, total in self._further.items()} | {
            name: total for name, total in other._further.items() if name not in self._further
        }
        self._range = (min(self._range[0], other._range[0]), max(self._range[1], other._range[1]))

    def finish(self, n_threads: int = 1) -> Valued | None:
        """Return what the log comes to, None if it held no slot; threads share the bootstrap and change no bit."""
        if self._columns is None:
            return None
        columns, closed, tenths = _with_mean_weight(self._columns), self._closed, list[Tenth]()
        sums = kept = np.concatenate(self._kept) if self._kept else None
        if self._open is not None:
            users, sums = self._open.in_order()
            closed = moments(columns, self.method.seed, users, sums, self.method.n_replicates, n_threads)
            tenths = by_activity(sums[:, COUNT], sums[:, WEIGHT])
            kept = sums if len(users) <= _KEPT else None
        assert closed is not None
        names = (*self.method.estimators, _MEAN_WEIGHT)
        low, high = self._range
        means = {name: total / self._weights.n for name, total in self._further.items()}
        found = Valued(names, columns, closed, self._weights, (float(low), float(high)), tenths, kept, means)
        floors = [_floor(columns, e, closed, self._squares[e]) for e in range(len(self._estimators))]
        found = dataclasses.replace(found, floors=floors, reward_tail=self._sizes.shape(), serial=self._serial)
        return found if sums is None else _with_users(found, sums, self._squares)

    def _close(self, columns: Columns, users: Ints, values: Floats) -> None:
        sums = moments(columns, self.method.seed, users, values, self.method.n_replicates)
        self._closed = sums if self._closed is None else self._closed.plus(sums)
        self._keep([values])

    def _keep(self, values: list[Floats]) -> None:
        """Keep the sums of single users while they are few."""
        assert self._closed is not None
        self._kept = [*self._kept, *values] if self._closed.n_users <= _KEPT else []


def _squares(term: Terms) -> tuple[float, float]:
    """Return the sums of N^2 / D and D^2 of terms with weights below; 0 of others."""
    if term.denominator is None:
        return 0.0, 0.0
    below = term.denominator
    ratio = np.divide(term.numerator, below, out=np.zeros_like(below), where=below > 0.0)
    return float(term.numerator @ ratio), float(below @ below)


def _floor(columns: Columns, e: int, closed: Moments, squares: Floats) -> float:
    """Return the standard error of a weighted mean N / D if its terms N / D had one variance, whatever their weight.

    sqrt(sum D (N / D - V)^2 / sum D * sum D^2) / sum D: the spread of the terms over the effective sample size.
    """
    above, below = (float(closed.sums[0, part]) for part in columns.parts(e)[:2])
    if not squares[1] > 0.0 or not below > 0.0:
        return 0.0
    variance = max(float(squares[0]) / below - (above / below) ** 2, 0.0)
    return float(np.sqrt(variance * squares[1])) / below


def _with_users(found: Valued, sums: Floats, squares: Floats) -> Valued:
    """Return the values with what the sums of each user (U, C) say of them."""
    columns, place = found.columns, {name: e for e, name in enumerate(found.names)}
    pairs = [pair for pair in COMPARED if pair[0] in place and pair[1] in place]
    apart = {pair: difference_of(columns, place[pair[0]], place[pair[1]], sums) for pair in pairs}
    weighed = {name: _weighed(columns, place[name], sums, squares) for name in WEIGHED if name in place}
    return dataclasses.replace(
        found,
        spreads=[spread_of(columns, e, sums) for e in range(len(found.names))],
        crowd=crowd_of(sums),
        differences={pair: made for pair, made in apart.items() if made is not None},
        weighed={name: made for name, made in weighed.items() if made is not None},
    )


def _weighed(columns: Columns, e: int, sums: Floats, squares: Floats) -> tuple[float, float, float] | None:
    """Return the mean weight of an estimate that is divided by its weights, its error, and slots left in effect."""
    if len(sums) < 2 or not np.isfinite(weights := sums[:, columns.denominator[e]]).all():
        return None
    n = float(sums[:, COUNT].sum())
    mean = float(weights.sum()) / n
    off = weights - mean * sums[:, COUNT]
    error = float(np.sqrt(off @ off * len(sums) / (len(sums) - 1.0))) / n
    return mean, error, float(weights.sum() ** 2 / squares[e, 1]) if squares[e, 1] > 0.0 else 0.0


def _with_mean_weight(columns: Columns) -> Columns:
    ratio = (*columns.numerator, WEIGHT), (*columns.denominator, COUNT)
    return Columns(*ratio, (*columns.baseline, None), (*columns.controls, ()))
