"""What a target would make of the users' visits, from a log: `--outcome activity`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.verdict import INVALID, Verdict
from serendip.experiments.offline.long_term import estimators
from serendip.experiments.offline.long_term.days import Days, counted
from serendip.experiments.offline.long_term.double_reinforcement import double_reinforcement
from serendip.experiments.offline.long_term.fitted_q import FittedQ, difference, fitted_q
from serendip.experiments.offline.long_term.judgement import correlation_over_time, judge_activity, judge_short_run
from serendip.experiments.offline.long_term.recording import logged_days, user_days
from serendip.experiments.offline.long_term.surrogate import beyond, surrogate_index
from serendip.experiments.offline.long_term.twin import Runner, apart, held, judge_twin, lift, value
from serendip.experiments.offline.reading.log_source import LogSource
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
BY_TWIN = (
    "Go by twin: a world fitted to the log, in which the target was run beside the logged policy; what the log's users"
    " did, plus what the target changes there."
)
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
    against: str | None = None,
    horizon: int = 90,
    last: int | None = None,
    seed: int = 0,
    n_replicates: int = 200,
    truth: Callable[[], float] | float | None = None,
    progress: Callable[[int, int], None] | None = None,
    twin: Callable[[], Runner] | None = None,
) -> Evaluation:
    """Return estimates of days with a visit per user over `horizon` days, with 95% intervals over users.

    Args:
        log: a log's folder.
        target: an agent's name, or a saved agent's folder.
        against: another one, to estimate the difference to.
        horizon: days from the log's first morning on.
        last: count only as many last days of the horizon; all when None.
        seed: of folds and bootstrap.
        n_replicates: bootstrap replicates over users.
        truth: the known value, or what finds it out, for a simulated log.
        progress: called with the slots done and the slots there are.
        twin: what fits a world to the log and runs policies in it; without it the twin has no say.

    Raises:
        DataError: the log or the agent cannot be read.
        SettingsError: an unknown agent, a horizon below 1, or `last` not in it.
    """
    _check(horizon, last)
    targets = [target] if against is None else [target, against]
    source = LogSource(log)
    n_rows = source.n_rows * len(targets)

    def lived(name: str) -> tuple[AgentTarget, Days, FittedQ]:
        policy = choose_target(name, source, None, seed)
        assert isinstance(policy, AgentTarget)
        before = source.n_rows * targets.index(name)
        tell = None if progress is None else partial(_tell, progress, before, n_rows)
        days = user_days(log, policy, tell)
        return policy, days, fitted_q(days, horizon, last=last, seed=seed, n_replicates=n_replicates)

    policy, days, run = lived(target)
    found = {"fitted_q": run.value, "lift": run.lift}
    if against is not None:
        found["difference"] = difference(run, lived(against)[2], horizon)
    weighted, effective = _by_weights(days, horizon, last, seed, n_replicates)
    found |= weighted
    diagnostics = _diagnostics(days, effective) | _of_model(days, run)
    diagnostics |= {"horizon": float(horizon), "days_counted": float(len(counted(horizon, last)))}
    verdict = judge_activity(diagnostics, found)
    recommended, because = _named(verdict), ""
    told = None if twin is None else _of_twin(twin, days, targets, (horizon, last))
    if isinstance(told, TwinSays):
        found, diagnostics = told.estimates | found, diagnostics | told.diagnostics
        if told.verdict.word != INVALID:
            verdict, recommended, because = told.verdict, "twin", BY_TWIN
        elif verdict.word != INVALID:
            verdict = Verdict(verdict.word, [*verdict.reasons, *told.verdict.reasons])
    notes = [MEANING, *policy.notes, _BY_MODEL, *([_BY_WEIGHTS] if last is None else [])]
    notes += [f"difference is fitted_q less that of {against}, paired over users."] if against else []
    notes += [told] if isinstance(told, str) else []
    known = truth() if callable(truth) else truth
    said = verdict.word, verdict.reasons, known, None, notes
    return Evaluation(str(log), target, found, diagnostics, *said, None, recommended, because)


@dataclass(frozen=True, slots=True)
class TwinSays:
    """What the twin of a log says of a target: estimates and numbers by name, and how far to trust them."""

    estimates: dict[str, Estimate]
    diagnostics: dict[str, float | None]
    verdict: Verdict


def _of_twin(
    twin: Callable[[], Runner], days: Days, targets: list[str], when: tuple[int, int | None]
) -> TwinSays | str:
    """Return what the twin says of the first target, and of the difference to a second; or why it says nothing."""
    horizon, last = when
    try:
        runner = twin()
        runs = [held(runner.runs(name, horizon), days.visited, horizon, last) for name in targets]
    except DataError as error:
        return f"The twin has no say: {error}."
    one = runs[0]
    if one is None:
        return "The twin has no say: the log ends before the days that count, or its policy cannot be made anew."
    found = {"twin": value(one), "twin_lift": lift(one)}
    if len(runs) > 1 and runs[1] is not None:
        found["twin_difference"] = apart(one, runs[1])
    numbers: dict[str, float | None] = {"twin_of_logged": one.own, "twin_reach": one.reach, "twin_carries": one.carries}
    return TwinSays(found, numbers, judge_twin(one, len(days.user)))


def _named(verdict: Verdict) -> str | None:
    """Return the estimate that the reasons of a verdict say to read."""
    said = " ".join(verdict.reasons)
    return None if verdict.word == INVALID else "mis" if "Read mis" in said else "fitted_q"


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


def _by_weights(
    days: Days, horizon: int, last: int | None, seed: int, n_replicates: int
) -> tuple[dict[str, Estimate], float]:
    """Return the estimates that rest on weights, and the effective number of whole histories.

    Those that are diagnostics count the whole horizon, and are left out where only its last days count.
    """
    found = {
        "mis": estimators.marginalised(days, horizon, seed, n_replicates, last),
        "drl": double_reinforcement(days, horizon, seed, last, held=True),
    }
    histories, effective = estimators.trajectory(days, horizon)
    if last is None:
        found["per_decision_is"] = estimators.per_decision(days, horizon)
        found["trajectory_is"] = histories
        found["one_step"] = estimators.one_step(days, horizon)
    return found, effective


def _diagnostics(days: Days, effective_histories: float) -> dict[str, float | None]:
    came = days.visited
    weight = days.weight[came]
    total, squares = float(weight.sum()), float(weight @ weight)
    by_user = np.where(came, days.weight - 1.0, 0.0).sum(axis=1)
    error = float(by_user.std(ddof=1) * np.sqrt(len(by_user))) if len(by_user) > 1 else 0.0
    return {
        "mean_weight": float(weight.mean()) if len(weight) else None,
        "effective_sample_size": total**2 / squares if squares else 0.0,
        "max_weight": float(weight.max(initial=0.0)),
        "mean_weight_z": float(by_user.sum()) / error if error else 0.0,
        "effective_histories": effective_histories,
        "hidden_state": hidden_state(days),
        "n_users": float(len(days.user)),
        "n_user_days": float(came.size),
    }


def _of_model(days: Days, run: FittedQ) -> dict[str, float | None]:
    """Return what the regression says of the log itself, and how far the target takes it from there."""
    assert days.brought is not None
    assert days.expected is not None
    change = days.expected[days.visited].mean(axis=0) - days.brought[days.visited].mean(axis=0)
    spread = np.maximum(days.brought[days.visited].std(axis=0), 1e-9)
    return {
        "logged_visits": run.observed,
        "logged_visits_by_model": run.own,
        "shift": float(np.abs(change / spread).max()),
        "hidden_from_model": correlation_over_time(run.residual),
    }


def hidden_state(days: Days) -> float:
    """Return how far what the tabular state does not explain comes back: the correlation of residuals over time.

    A residual is a visit less the chance of one in the state.
    """
    state = days.state[:, :-1]
    stays = np.bincount(state.ravel(), minlength=days.n_states)
    visits = np.bincount(state.ravel(), weights=days.visited.ravel(), minlength=days.n_states)
    return correlation_over_time(days.visited - (visits / np.maximum(stays, 1))[state])
