"""What an estimator is given, logged slots seen by a target policy, and what it returns, terms of a ratio."""

from __future__ import annotations

import dataclasses
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
        weight: (n,) the importance weight, target / propensity.
    """

    user: Ints
    reward: Floats
    propensity: Floats
    target: Floats
    predicted: Floats
    expected: Floats
    weight: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", self.target / self.propensity)

    def __len__(self) -> int:
        return len(self.user)

    def rows(self, rows: Any) -> Slots:
        """Return the slots at `rows` (a slice, a mask or indices)."""
        columns = (getattr(self, spec.name)[rows] for spec in dataclasses.fields(self) if spec.init)
        return Slots(*columns)


def slots(user: Ints, reward: Floats, propensity: Floats, target: Floats) -> Slots:
    """Return slots that no reward model has seen."""
    unknown = np.full(len(user), np.nan)
    return Slots(user, reward, propensity, target, unknown, unknown)


@dataclass(frozen=True, slots=True)
class Terms:
    """Per-decision terms: the estimate is the sum of the numerators over the sum of the denominators.

    Attributes:
        numerator: (n,).
        denominator: (n,), or None for 1 each: a mean over the decisions.
    """

    numerator: Floats
    denominator: Floats | None = None
