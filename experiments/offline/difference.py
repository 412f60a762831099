"""What one target is worth more than another, from one log: paired over users, which leaves little noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.experiments.offline.intervals.bounds import delta_method
from serendip.experiments.offline.intervals.card import Question
from serendip.experiments.offline.intervals.estimate import bootstrap_interval, ratios
from serendip.experiments.offline.intervals.sums import COUNT, Columns, UserSums, moments
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.survey import gathered
from serendip.experiments.offline.targets.seen import Predictions
from serendip.experiments.offline.targets.target import Target
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints

_EXCESS, _WEIGHTED, _MODEL = range(3)


@dataclass(frozen=True, slots=True)
class Difference:
    """The value of a target less that of another one, with its 95% interval.

    Attributes:
        against: what the other target is called.
        value: the difference, in rewards a slot.
        low: lower end.
        high: upper end.
        standard_error: clustered by user.
    """

    against: str
    value: float
    low: float
    high: float
    standard_error: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return not self.low <= 0.0 <= self.high


def difference(
    pair: tuple[tuple[Source, Target], tuple[Source, Target]],
    against: str,
    predictions: Predictions | None,
    method: Method,
    span: float,
) -> Difference:
    """Return what the first of two targets is worth more than the second.

    V = (1 / n) sum_i (w_i - w'_i) r_i, less the controls w_i - 1, w'_i - 1 and, with a reward model, the difference of
    their w_i q_i - expected_i, each as far as it leaves the least variance over users (`controlled`).  Jeunen &
    Ustimenko (2024), "Delta-OPE: off-policy estimation with pairs of policies", eq. 9.

    Args:
        pair: the log and each of two targets.
        against: what the second is called.
        predictions: what a reward model says, or None.
        method: bootstrap and seed.
        span: the largest reward less the smallest.

    Raises:
        SettingsError: the log does not say whose its rows are, so that nothing can be paired.
    """
    if pair[0][0].rows_are_users:
        raise SettingsError(f"{pair[0][0].path}: a difference is paired over users, and the log has no user column")
    modelled = predictions is not None and predictions.rewards is not None
    users, one = _of_users(*pair[0], predictions, modelled)
    _, other = _of_users(*pair[1], predictions, modelled)
    counts = one[:, -1]
    columns = [counts, np.zeros_like(counts), one[:, _WEIGHTED] - other[:, _WEIGHTED]]
    columns += [one[:, _EXCESS], other[:, _EXCESS]]
    if modelled:
        columns.append(one[:, _MODEL] - other[:, _MODEL])
    where = Columns((2,), (COUNT,), (None,), (tuple(range(3, len(columns))),))
    table = np.stack(columns, axis=1)
    found = moments(where, method.seed, users, table, method.n_replicates)
    values, errors = ratios(where, found)
    reward = (-span, span)
    question = Question(values[:, 0], errors[:, 0], float(len(users)), reward, None, where, 0, found, None)
    kinds = [bootstrap_interval(question), delta_method(question.value, question.error, question.n_users)]
    low, high = min(low for low, _ in kinds), max(high for _, high in kinds)
    ends = min(max(low, -span), question.value), max(min(high, span), question.value)
    return Difference(against, question.value, *ends, question.error)


def _of_users(source: Source, target: Target, predictions: Predictions | None, modelled: bool) -> tuple[Ints, Floats]:
    """Return users in order and their sums of w - 1, of w r, with a model of w q - expected, and of 1."""
    sums = UserSums(4 if modelled else 3)
    for seen in gathered(target.view(source, predictions)):
        slots = seen.slots
        model = [slots.weight * slots.predicted - slots.expected] if modelled else []
        sums.add(slots.user, np.stack([slots.weight - 1.0, slots.weighted, *model, np.ones(len(slots))]))
    return sums.in_order()
