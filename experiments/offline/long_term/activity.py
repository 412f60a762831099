"""What a target would make of the users' visits, from a log: `--outcome activity`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.long_term.days import Days, counted
from serendip.experiments.offline.long_term.fitted_q import FittedQ, difference, fitted_q
from serendip.experiments.offline.long_term.judgement import judge_short_run, widened
from serendip.experiments.offline.long_term.recording import logged_days, user_days
from serendip.experiments.offline.long_term.saying import Asked, conclude, said_of
from serendip.experiments.offline.long_term.surrogate import beyond, surrogate_index
from serendip.experiments.offline.long_term.twin import Runner, Runs, apart, held
from serendip.experiments.offline.reading.column_map import ColumnMap
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.table_log import as_log
from serendip.experiments.offline.targets.choosing import choose_target
from serendip.experiments.offline.targets.target import AgentTarget
from serendip.simulator.errors import DataError, SettingsError

LONGEST = 10_000  # days that anybody looks ahead
MEANING = (
    "A long-run estimate: days with a visit, per user over the horizon, if the target chose from the first day on."
    " Users are followed from morning to morning by their recent activity, the topics they have clicked and their rate"
    " so far; what else moves them is taken to be the same under the target."
)
_BY_WEIGHTS = "per_decision_is and trajectory_is reach no further than the log's days."
SHORT_RUN = (
    "A surrogate index: visits per user of the short run's days, and after them those that users of the log made from"
    " a like morning on. Where the target would stay on and go on changing its users, that is what running it for the"
    " short run's days alone is worth."
)
_BY_MODEL = (
    "fitted_q weighs nothing: it takes a day to act on later ones through the slates, clicks and clicks on new topics"
    " that it brought, and asks a click model what the target's slates would bring; lift is fitted_q less what the"
    " log's own users did."
)


def evaluate_activity(
    log: Path,
    target: str,
    *,
    columns: ColumnMap = (),
    against: str | None = None,
    horizon: int = 90,
    last: int | None = None,
    seed: int = 0,
    n_replicates: int = 200,
    truth: Callable[[], float] | float | None = None,
    progress: Callable[[int, int], None] | None = None,
    twin: Callable[[Path], Runner] | None = None,
) -> Evaluation:
    """Return estimates of days with a visit per user over `horizon` days, with 95% intervals over users.

    Args:
        log: a log's folder, or a table with a user, a day, an item, a reward and a propensity in each row.
        target: an agent's name, or a saved agent's folder.
        columns: what the columns of a table are called, by the log's own names.
        against: another one, to estimate the difference to.
        horizon: days from the log's first morning on.
        last: count only as many last days of the horizon; all when None.
        seed: of folds and bootstrap.
        n_replicates: bootstrap replicates over users.
        truth: the known value, or what finds it out, for a simulated log.
        progress: called with the slots done and the slots there are.
        twin: what fits a world to the log in a folder and runs policies in it; without it the twin has no say.

    Raises:
        DataError: the log or the agent cannot be read.
        SettingsError: an unknown agent, a horizon below 1, or `last` not in it.
    """
    _check(horizon, last)
    asked = Asked(horizon, last, seed, n_replicates)
    with as_log(log, columns) as folder:
        found = _evaluated(folder, [target] if against is None else [target, against], asked, progress, twin)
    known = truth() if callable(truth) else truth
    return dataclasses.replace(found, log=str(log), truth=known)


def _evaluated(
    log: Path,
    targets: list[str],
    asked: Asked,
    progress: Callable[[int, int], None] | None,
    twin: Callable[[Path], Runner] | None,
) -> Evaluation:
    """Return the estimates of the first target, and of its difference to a second."""
    horizon, last = asked.horizon, asked.last
    source = LogSource(log)
    n_rows = source.n_rows * len(targets)

    def lived(name: str) -> tuple[AgentTarget, Days, FittedQ]:
        policy = choose_target(name, source, None, asked.seed)
        assert isinstance(policy, AgentTarget)
        before = source.n_rows * targets.index(name)
        tell = None if progress is None else partial(_tell, progress, before, n_rows)
        days = user_days(log, policy, tell)
        return policy, days, fitted_q(days, horizon, last=last, seed=asked.seed, n_replicates=asked.n_replicates)

    policy, days, run = lived(targets[0])
    runs = _run(log, twin, targets, horizon)
    first = conclude(said_of(days, run, runs[0] if runs else None, asked))
    found = dict(first.estimates)
    if len(targets) > 1:
        apart_by_model = difference(run, lived(targets[1])[2], horizon)
        logged = first.diagnostics.get("logged_visits") or 0.0
        found["difference"] = widened(apart_by_model, apart_by_model.value or 0.0, logged, (-horizon, horizon))
        both = [held(each, days, horizon, last) for each in runs if isinstance(each, Runs)]
        if len(both) == 2 and both[0] is not None and both[1] is not None:
            found["twin_difference"] = apart(both[0], both[1])
    notes = [MEANING, *policy.notes, _BY_MODEL, *([_BY_WEIGHTS] if last is None else [])]
    notes += [f"difference is fitted_q less that of {other}, paired over users." for other in targets[1:]]
    notes += [first.note] if first.note else []
    said = first.verdict.word, first.verdict.reasons, None, None, notes
    return Evaluation(str(log), targets[0], found, first.diagnostics, *said, None, first.recommended, first.because)


def _run(log: Path, twin: Callable[[Path], Runner] | None, targets: list[str], horizon: int) -> list[Runs | str]:
    """Return the runs of each target in the twin, or why there are none; nothing where it is not asked."""
    if twin is None:
        return []
    try:
        runner = twin(log)
        return [runner.runs(name, horizon) for name in targets]
    except DataError as error:
        return [str(error)]


def evaluate_short_run(log: Path, short_run: Path, *, horizon: int = 90, last: int | None = None) -> Evaluation:
    """Return visits per user after a short run of a target, carried to the horizon by a long log of another policy.

    Args:
        log: folder of a log of at least `horizon` days.
        short_run: folder of a log of fewer days, under the target.
        horizon: days from the short run's first morning on.
        last: count only as many last days of the horizon; all when None.

    Raises:
        DataError: a log cannot be read.
        SettingsError: a log that is too short, or too long.
    """
    _check(horizon, last)
    long, short = logged_days(log), logged_days(short_run)
    found = surrogate_index(long, short, horizon, last=last)
    diagnostics: dict[str, float | None] = {
        "beyond": beyond(long, short),
        "n_users": float(len(short.user)),
        "n_users_of_the_log": float(len(long.user)),
        "horizon": float(horizon),
        "days_counted": float(len(counted(horizon, last))),
    }
    verdict = judge_short_run(diagnostics)
    name = f"{short_run}, {short.n_days} days"
    notes = [SHORT_RUN]
    return Evaluation(
        str(log), name, {"surrogate_index": found}, diagnostics, verdict.word, verdict.reasons, None, None, notes
    )


def _check(horizon: int, last: int | None) -> None:
    if not 1 <= horizon <= LONGEST:
        raise SettingsError(f"horizon is {horizon:,}; allowed is 1 to {LONGEST:,} days")
    if last is not None and not 1 <= last <= horizon:
        raise SettingsError(f"last is {last}; allowed is 1 to the horizon's {horizon} days")


def _tell(progress: Callable[[int, int], None], before: int, there_are: int, done: int) -> None:
    progress(before + done, there_are)
