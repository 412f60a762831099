"""One log of a situation, evaluated as anybody's table would be, and what was said of it beside what is true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.reading.opening import TableOptions
from serendip.experiments.offline.valuation import Method
from serendip.experiments.ope_study.gauntlet.situation import Drawn, Situation
from serendip.simulator import randomness

# what can be recommended, and what leans on a model beside it: others change no verdict and take time
ESTIMATORS = (
    *("ips", "snips", "dr", "sndr", "dr_os", "slate_snips", "balanced_ips", "balanced_snips"),
    *("beta_ips", "beta_dr", "adaptive_snips", "adaptive_dr"),
)

Ends = tuple[float, float, float]  # a value, the lower and the upper end of its interval


@dataclass(frozen=True, slots=True)
class Trial:
    """What was said of one log, and what is true.

    Attributes:
        truth: the target's value.
        logged: the logging policy's value.
        observed: mean reward of the log.
        verdict: the word.
        recommended: the estimate to go by, or None.
        reasons: reasons of the verdict.
        estimates: estimates that have an interval, by name.
        diagnostics: values of the diagnostics, by name.
    """

    truth: float
    logged: float
    observed: float
    verdict: str
    recommended: str | None
    reasons: list[str]
    estimates: dict[str, Ends]
    diagnostics: dict[str, float | None]


def trial(situation: Situation, seed: int, number: int, folder: Path, method: Method | None = None) -> Trial:
    """Return what is said of the log of that number.

    Args:
        situation: which kind of log.
        seed: of all logs.
        number: of this one.
        folder: where the table is written, to be read like any other.
        method: how it is valued; by the estimators that count when None.
    """
    drawn: Drawn = situation.make(randomness.generator(seed, "gauntlet", situation.name, number))
    file = folder / "log.parquet"
    pq.write_table(pa.table(dict(drawn.columns)), file.absolute())
    options = TableOptions(reward_range=drawn.reward_range)
    found = evaluate(
        file, target_column="target", table=options, method=method or Method(ESTIMATORS, seed=number, others=False)
    )
    ends = {name: made for name, e in found.estimates.items() if (made := _ends(e)) is not None}
    observed = float(drawn.columns["reward"].mean())
    said = found.verdict, found.recommended, found.reasons
    return Trial(drawn.truth, drawn.logged, observed, *said, ends, dict(found.diagnostics))


def _ends(estimate: Estimate) -> Ends | None:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    return estimate.value, estimate.low, estimate.high
