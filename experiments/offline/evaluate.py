"""What a target policy is worth, from a log that another policy wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from serendip.experiments.offline.difference import Difference, difference
from serendip.experiments.offline.evaluation import Evaluation, Truth
from serendip.experiments.offline.judging.conclusion import conclude, rewards_of
from serendip.experiments.offline.judging.diagnosis import of_slates
from serendip.experiments.offline.judging.states import of_its_run, of_states
from serendip.experiments.offline.parallel import Workers
from serendip.experiments.offline.passing import pass_over
from serendip.experiments.offline.preparing import Prepared, Request, other_of, prepare
from serendip.experiments.offline.reading.column_map import ColumnMap
from serendip.experiments.offline.reading.opening import TableOptions
from serendip.experiments.offline.valuation import Method, Valued

MEANING = (
    "A one-step estimate: the target's mean reward per slot in the states that the logging policy brought about. Where"
    " users do not change with what they are shown, that is its value; where they do, it is not its long-run value."
)


def evaluate(
    log: Path,
    target: str | None = None,
    *,
    columns: ColumnMap = (),
    target_column: str | None = None,
    against: str | None = None,
    truth: Callable[[], Truth | float] | Truth | float | None = None,
    method: Method | None = None,
    table: TableOptions | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Return estimates of what `target` is worth, from the log alone, with 95% intervals over users and a verdict.

    Args:
        log: a log's folder, an Open Bandit folder, a Parquet or CSV file, or a folder of Parquet parts.
        target: an agent's name or a saved agent's folder; None where a column says what the target would do.
        columns: what the columns of a file are called, by the log's own names.
        target_column: column with the target's probability of each logged item.
        against: another target that the difference is taken to: an agent, or a column where the target is one.
        truth: the known value, or what finds it out, for a simulated log.
        method: estimators, bootstrap and seed.
        table: what is to be known of a file from elsewhere beyond its columns.
        workers: who reads the files of a table with the target in a column; this process when None.
        progress: called with the slots done and the slots there are.

    Raises:
        DataError: the log or the agent cannot be read, or it lacks what the estimators need; the message names what.
        SettingsError: an unknown agent, column or estimator, or no target.
    """
    request = Request(log, target, columns, target_column, against, table, method or Method())
    return answer(request, truth, workers, progress)


def answer(
    request: Request,
    truth: Callable[[], Truth | float] | Truth | float | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Return what `evaluate` does, of a request in one piece.

    Args:
        request: what is to be valued, and how.
        truth: the known value, or what finds it out, for a simulated log.
        workers: who reads the files of a table with the target in a column; this process when None.
        progress: called with the slots done and the slots there are.

    Raises:
        DataError: the log or the agent cannot be read, or it lacks what the estimators need; the message names what.
        SettingsError: an unknown agent, column or estimator, or no target.
    """
    p = prepare(request)
    passed = pass_over(request, p, workers, progress)
    said = conclude(passed.valued, p.source, p.asked, p.method, passed.unseen, p.drift, passed.ledger)
    known = truth() if callable(truth) else truth
    known = known if isinstance(known, Truth) or known is None else Truth(float(known))
    states = of_states(p.target, p.source, passed.valued) if said.still else []
    return Evaluation(
        log=str(request.log),
        target=request.named,
        estimates=said.estimates,
        diagnostics=said.diagnostics,
        verdict=said.verdict.word,
        reasons=[*said.verdict.reasons, *states, *of_its_run(said.estimates, said.recommended, known)],
        truth=None if known is None else known.value,
        truth_visits=None if known is None else known.visits,
        notes=[MEANING, *p.target.notes, *p.source.notes, *p.notes, *of_slates(passed.valued), *said.notes],
        valued=passed.valued,
        recommended=said.recommended,
        because=said.because,
        distribution=None if passed.distribution is None else passed.distribution.finish(),
        difference=_compared(request, p, passed.valued),
        parts={} if passed.breakdown is None else passed.breakdown.finish(rewards_of(p.source, passed.valued)),
    )


def _compared(request: Request, p: Prepared, valued: Valued) -> Difference | None:
    """Return the difference to the other target, where one was named."""
    if request.against is None:
        return None
    low, high = rewards_of(p.source, valued)
    pair = (p.source, p.target), other_of(request, p)
    return difference(pair, request.against, p.predictions, p.method, high - low)
