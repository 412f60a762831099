"""What comes out of valuing a target from a log."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serendip.experiments.offline.difference import Difference
from serendip.experiments.offline.intervals.distribution import Distribution
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.valuation import Valued


@dataclass(frozen=True, slots=True)
class Truth:
    """What the target is really worth, from running it in the log's own world.

    Attributes:
        value: mean reward per slot.
        visits: visits per user and day, or None.
    """

    value: float
    visits: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Estimates of a target's value, and how far to trust them.

    Attributes:
        log: the log's path.
        target: what was valued.
        estimates: what each estimator says, by its name.
        diagnostics: numbers by name; None where unknown.
        verdict: `reliable`, `weak` or `invalid`.
        reasons: why.
        truth: the known value, or None.
        truth_visits: visits per user and day of the target in the log's world, or None.
        notes: what the numbers mean and how they were made, in sentences.
        valued: the sums behind the estimates.
        recommended: name of the estimator to go by, or None.
        because: why that one, in a sentence.
        distribution: quantiles of the rewards under the target, where they were asked for.
        difference: estimate of the difference to another target, where one was named.
        parts: estimates for parts of the log, by their names, where they were asked for.
    """

    log: str
    target: str
    estimates: dict[str, Estimate]
    diagnostics: dict[str, float | None]
    verdict: str
    reasons: list[str]
    truth: float | None
    truth_visits: float | None
    notes: list[str]
    valued: Valued | None = field(default=None, repr=False, compare=False)
    recommended: str | None = None
    because: str = ""
    distribution: Distribution | None = None
    difference: Difference | None = None
    parts: dict[str, Estimate] = field(default_factory=dict[str, Estimate])

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as plain JSON values; what is not finite is null."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "valued"}
        values["estimates"] = {name: dataclasses.asdict(e) for name, e in self.estimates.items()}
        values["distribution"] = None if self.distribution is None else dataclasses.asdict(self.distribution)
        values["parts"] = {name: dataclasses.asdict(e) for name, e in self.parts.items()}
        values["difference"] = None if self.difference is None else dataclasses.asdict(self.difference)
        first = ("estimates", "diagnostics", "verdict", "reasons", "truth")
        values["by_activity"] = [dataclasses.asdict(tenth) for tenth in self.valued.tenths] if self.valued else []
        return _finite({name: values[name] for name in (*first, *(n for n in values if n not in first))})


def _finite(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _finite(inner) for key, inner in values.items()}
    if isinstance(values, list | tuple):
        return [_finite(inner) for inner in values]
    return None if isinstance(values, float) and not np.isfinite(values) else values
