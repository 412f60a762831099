"""What a target would make of the users' visits, from a log: `--outcome activity`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from serendip.experiments.offline.evaluate import choose_target
from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.intervals import Estimate
from serendip.experiments.offline.long_term import estimators
from serendip.experiments.offline.long_term.days import Days
from serendip.experiments.offline.sources import LogSource
from serendip.experiments.offline.targets import Seen
from serendip.experiments.offline.verdict import INVALID, RELIABLE, WEAK, Verdict
from serendip.simulator.interface import Bools, Floats, Ints, SettingsError
from serendip.simulator.logs import open_log

MEANING = (
    "A long-run estimate: days with a visit, per user over the horizon, if the target chose from the first day on."
    " Users are followed from morning to morning by their recent activity, the topics they have clicked and their rate"
    " so far; what else moves them is taken to be the same under the target."
)
_RECENT, _BREADTH, _RATE = 6, 5, 3  # levels of recent activity, topics clicked, rate so far
_MEMORY = 14.0  # days over which recent activity fades


def evaluate_activity(
    log: Path, target: str, *, horizon: int = 90, seed: int = 0, n_replicates: int = 200, truth: float | None = None
) -> Evaluation:
    """Return estimates of days with a visit per user over `horizon` days, with 95% intervals over users.

    Raises:
        DataError: the log or the agent cannot be read.
        SettingsError: an unknown agent, or a horizon below 1.
    """
    if horizon < 1:
        raise SettingsError(f"horizon is {horizon}; allowed is 1 day or more")
    source = LogSource(log)
    policy = choose_target(target, source, None, seed)
    days = user_days(log, policy.view(source, None))
    long_run = estimators.marginalised(days, horizon, seed, n_replicates)
    histories, effective = estimators.trajectory(days, horizon)
    found: dict[str, Estimate] = {
        "mis": long_run,
        "drl": estimators.double_reinforcement(days, horizon, seed),
        "per_decision_is": estimators.per_decision(days, horizon),
        "trajectory_is": histories,
        "one_step": estimators.one_step(days, horizon),
    }
    diagnostics = _diagnostics(days, effective) | {"horizon": float(horizon)}
    verdict = judge_activity(diagnostics, found)
    notes = [MEANING, *policy.notes, "drl, per_decision_is and trajectory_is reach no further than the log's days."]
    return Evaluation(str(log), target, found, diagnostics, verdict.word, verdict.reasons, truth, None, notes)


def user_days(log: Path, seen: Iterator[Seen]) -> Days:
    """Return the log as users and days, each day weighed by all that was shown on it.

    A day's weight is 1 + sum (w - 1) over its slots: exact for one slot, to first order for more, and without the
    product whose variance grows with every slot.
    """
    opened = open_log(log)
    users = np.sort(opened.users()["user_id"].to_numpy())
    n_days = opened.meta.n_days
    weight: Floats = np.ones((len(users), n_days))
    for one in seen:
        rows = np.searchsorted(users, one.slots.user)
        np.add.at(weight, (rows, one.slots.column("day").astype(np.int64)), one.slots.weight - 1.0)
    visited, breadth, before = _histories(log, users, n_days)
    state = _states(visited, breadth, before)
    return Days(users, visited[:, before:], weight, state, _RECENT * _BREADTH * _RATE)


def _histories(log: Path, users: Ints, n_days: int) -> tuple[Bools, Ints, int]:
    """Return (U, T0 + T) visits, (U, T0 + T + 1) topics clicked before each day, and the T0 days before the log."""
    opened = open_log(log)
    topic, organic = opened.items().topic, opened.organic()
    tables = [(d.user_id, d.day, d.item_id, d.clicked) for d in opened.batches()]
    if organic is not None and organic.num_rows:
        names = ("user_id", "day", "item_id", "clicked")
        tables.insert(0, tuple(organic[name].to_numpy(zero_copy_only=False) for name in names))
    user, day, item, clicked = (np.concatenate(columns) for columns in zip(*tables, strict=True))
    before = max(-int(day.min(initial=0)), 0)
    rows, day = np.searchsorted(users, user), day.astype(np.int64) + before
    visited = np.zeros((len(users), before + n_days), dtype=bool)
    visited[rows, day] = True
    n_topics = int(topic.max()) + 1
    first = np.full((len(users), n_topics), before + n_days + 1)
    np.minimum.at(first, (rows[clicked], topic[item[clicked]]), day[clicked] + 1)
    breadth = np.zeros((len(users), before + n_days + 2), dtype=np.int64)
    np.add.at(breadth, (np.repeat(np.arange(len(users)), n_topics), first.ravel()), 1)
    return visited, np.cumsum(breadth, axis=1)[:, : before + n_days + 1], before


def _states(visited: Bools, breadth: Ints, before: int) -> Ints:
    """Return (U, T + 1) the state on each morning: levels of recent activity, topics clicked and rate so far."""
    n_users, n_days = visited.shape
    recent = np.zeros((n_users, n_days + 1))
    for t in range(n_days):
        recent[:, t + 1] = recent[:, t] * np.exp(-1.0 / _MEMORY) + visited[:, t]
    past = np.cumsum(np.concatenate([np.zeros((n_users, 1)), visited], axis=1), axis=1)
    rate = (past + 0.5) / (np.arange(n_days + 1) + 5.0)
    levels = _levels(recent[:, before:], _RECENT)
    for values, n in ((breadth[:, before:].astype(np.float64), _BREADTH), (rate[:, before:], _RATE)):
        levels = levels * n + _levels(values, n)
    return levels


def _levels(values: Floats, n: int) -> Ints:
    """Return which of n quantiles each value is in."""
    return np.searchsorted(np.quantile(values, np.arange(1, n) / n), values, side="right")


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


def hidden_state(days: Days) -> float:
    """Return how far what the state does not explain comes back: the correlation of users' residuals over time.

    A residual is a visit less the chance of one in the state.  The mean of a user's residuals in every other fortnight
    is compared with that in the fortnights between: 0 where the state holds all that drives activity.
    """
    state = days.state[:, :-1]
    stays = np.bincount(state.ravel(), minlength=days.n_states)
    visits = np.bincount(state.ravel(), weights=days.visited.ravel(), minlength=days.n_states)
    residual = days.visited - (visits / np.maximum(stays, 1))[state]
    odd = (np.arange(days.n_days) // 14) % 2 == 1
    if not odd.any() or len(days.user) < 3:
        return 0.0
    one, other = residual[:, ~odd].mean(axis=1), residual[:, odd].mean(axis=1)
    return float(np.corrcoef(one, other)[0, 1]) if one.std() and other.std() else 0.0


def judge_activity(d: dict[str, float | None], found: dict[str, Estimate]) -> Verdict:
    """Return whether the long-run estimate can be trusted."""
    bad, poor = list[str](), list[str]()
    ess, z, hidden = d["effective_sample_size"] or 0.0, d["mean_weight_z"] or 0.0, d["hidden_state"] or 0.0
    mean = d["mean_weight"] or 0.0
    if ess < 30:
        bad.append(f"The weights leave {ess:.0f} days with a visit in effect.")
    elif ess < 1000:
        poor.append(f"The weights leave {ess:.0f} days with a visit in effect.")
    if abs(z) > 4.0 and abs(mean - 1.0) > 0.1:
        bad.append(f"The mean weight of a day is {mean:.3g}, {abs(z):.1f} standard errors from 1.")
    if hidden > 0.2:
        poor.append(f"The state hides what drives activity: what it leaves open correlates {hidden:.2f} over time.")
    word = INVALID if bad else WEAK if poor else RELIABLE
    fine = [f"The mean weight of a day is {mean:.3f} and {ess:.0f} days with a visit are left in effect."]
    return Verdict(word, [*(bad + poor or fine), *_against_one_step(found)])


def _against_one_step(found: dict[str, Estimate]) -> list[str]:
    """Return a warning where one-step weighting says something else."""
    step, run = found["one_step"].value, found["mis"]
    if step is None or run.low is None or run.high is None or run.low <= step <= run.high:
        return []
    return [f"One-step weighting says {step:.3g}: it leaves out that users change, and is not to be used here."]
