"""What an estimator is given, logged slots seen by a target policy, and what it returns, terms of a ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class Slots:
    """n logged slots, with what the target policy would have done there.

    Attributes:
        user: (n,) who; the unit that is resampled.
        reward: (n,) what came of each slot.
        propensity: (n,) probability of the logged item at its position under the logging policy, in (0, 1].
        target: (n,) the same under the target policy, in [0, 1].
        predicted: (n,) reward that a model predicts of the logged item; NaN where there is no model.
        expected: (n,) what the model predicts of the target's choice, on average; NaN where it is unknown.
        further: columns that only some estimators need, by name, as far as they are known:
            slate_weight: (n,) weight of the whole slate that the slot is in;
            prefix_weight: (n,) weight of the slate down to the slot;
            marginal_weight: (n,) weight of the item's topic at its position;
            pseudo_inverse_weight: (n,) the pseudo-inverse weight of the slate that the slot is in;
            mrdr_predicted, mrdr_expected: (n,) `predicted` and `expected` by the model that MRDR fits;
            day: (n,) the day;
            balanced_propensity: (n,) propensity under the mixture of all logging policies of the log.
        weight: (n,) the importance weight, target / propensity.
        weighted: (n,) weight times reward.
        excess: (n,) weight less 1, which is 0 on average if the propensities are right.
    """

    user: Ints
    reward: Floats
    propensity: Floats
    target: Floats
    predicted: Floats
    expected: Floats
    further: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    weight: Floats = field(init=False)
    weighted: Floats = field(init=False)
    excess: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", self.target / self.propensity)
        object.__setattr__(self, "weighted", self.weight * self.reward)
        object.__setattr__(self, "excess", self.weight - 1.0)

    def __len__(self) -> int:
        return len(self.user)

    def rows(self, rows: Any) -> Slots:
        """Return the slots at `rows` (a slice, a mask or indices)."""
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in COLUMNS}
        return Slots(**columns, further={name: column[rows] for name, column in self.further.items()})

    def column(self, name: str) -> Floats:
        """Return the further column of that name; NaN where it is unknown."""
        return self.further[name] if name in self.further else np.full(len(self), np.nan)


COLUMNS = ("user", "reward", "propensity", "target", "predicted", "expected")


def joined(parts: Sequence[Slots]) -> Slots:
    """Return the slots of all parts, one after another; parts of one log have the same further columns."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    further = {name: np.concatenate([part.further[name] for part in parts]) for name in parts[0].further}
    return Slots(**columns, further=further)


def slots(user: Ints, reward: Floats, propensity: Floats, target: Floats) -> Slots:
    """Return slots that no reward model has seen.

    Args:
        user: (n,) user of each slot.
        reward: (n,) reward of each slot.
        propensity: (n,) probability of the item under the logging policy, in (0, 1].
        target: (n,) probability of the item under the target policy, in [0, 1].
    """
    unknown = np.full(len(user), np.nan)
    return Slots(user, reward, propensity, target, unknown, unknown)


@dataclass(frozen=True, slots=True)
class Terms:
    """Per-decision terms: the estimate is the sum of the numerators over the sum of the denominators.

    Attributes:
        numerator: (n,).
        denominator: (n,), or None for 1 each: a mean over the decisions.
        baseline: (n,) whose mean is added to the ratio, or None.
        controls: (n,) each, of mean 0 if the propensities are right; as much of them is taken away as leaves the least
            variance.  Terms with controls have neither a denominator nor a baseline.
    """

    numerator: Floats
    denominator: Floats | None = None
    baseline: Floats | None = None
    controls: tuple[Floats, ...] = ()
