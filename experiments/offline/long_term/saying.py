"""What all estimators say of a target's users, and which of them to go by: what a verdict is made from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.verdict import INVALID, RELIABLE, Verdict
from serendip.experiments.offline.long_term import estimators
from serendip.experiments.offline.long_term.days import Days, counted
from serendip.experiments.offline.long_term.double_reinforcement import double_reinforcement
from serendip.experiments.offline.long_term.fitted_q import FittedQ
from serendip.experiments.offline.long_term.judgement import correlation_over_time, judge_activity, widened
from serendip.experiments.offline.long_term.twin import Held, Runs, held, judge_twin, lift, value

BY_TWIN = (
    "Go by twin: a world fitted to the log, in which the target was run beside the logged policy; what the log's users"
    " did, plus what the target changes there."
)
_NO_DAYS = "the log ends before the days that count, or its policy cannot be made anew"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days count, and how replicates are drawn.

    Attributes:
        horizon: days from the log's first morning on.
        last: how many of its last days count; all of them when None.
        seed: number that folds and bootstrap follow from.
        n_replicates: bootstrap replicates over users.
    """

    horizon: int
    last: int | None = None
    seed: int = 0
    n_replicates: int = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What was found of a target.

    Attributes:
        estimates: all by name, except for those of the twin.
        diagnostics: numbers by name.
        twin: the twin's runs held to the log; why there are none; None where it was not asked.
    """

    estimates: dict[str, Estimate]
    diagnostics: dict[str, float | None]
    twin: Held | str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        twin = self.twin
        if isinstance(twin, Held):
            twin = dataclasses.asdict(twin) | {"change": twin.change.tolist()}
        found = {name: dataclasses.asdict(estimate) for name, estimate in self.estimates.items()}
        return {"estimates": found, "diagnostics": self.diagnostics, "twin": twin}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Said:
        """Return what `to_json` wrote."""
        twin = values["twin"]
        if isinstance(twin, dict):
            fields: dict[str, Any] = {**twin, "change": np.array(twin["change"])}
            twin = Held(**fields)
        return cls({n: Estimate(**e) for n, e in values["estimates"].items()}, values["diagnostics"], twin)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What to make of it.

    Attributes:
        estimates: all of them, by name.
        diagnostics: numbers by name.
        verdict: how far to trust the recommended one.
        recommended: its name; None where there is none.
        lift: name of the estimate of what the target changes that goes with it; None where there is none.
        because: why that one, in a sentence.
        note: why the twin says nothing; empty where it does.
    """

    estimates: dict[str, Estimate]
    diagnostics: dict[str, float | None]
    verdict: Verdict
    recommended: str | None
    lift: str | None
    because: str
    note: str


def said_of(days: Days, run: FittedQ, runs: Runs | str | None, asked: Asked) -> Said:
    """Return what all estimators say of a target.

    Args:
        days: the log as the target lived through it.
        run: fitted Q evaluation of the target over the days that count.
        runs: its runs in the twin, of the horizon or more days; why there are none; None where it was not asked.
        asked: which days count.
    """
    weighted, effective = _by_weights(days, asked)
    numbers = _diagnostics(days, effective) | _of_model(days, run)
    numbers |= {"horizon": float(asked.horizon), "days_counted": float(len(counted(asked.horizon, asked.last)))}
    twin = held(runs, days, asked.horizon, asked.last) if isinstance(runs, Runs) else runs
    if isinstance(runs, Runs) and twin is None:
        twin = _NO_DAYS
    return Said({"fitted_q": run.value, "lift": run.lift} | weighted, numbers, twin)


def conclude(said: Said) -> Conclusion:
    """Return the verdict, and which estimate to go by: weights, the twin, or fitted Q, in this order."""
    numbers = said.diagnostics
    found = said.estimates | _widened(said)
    verdict = judge_activity(numbers, found)
    recommended = _named(verdict)
    lifted = "lift" if recommended == "fitted_q" else None
    twin = said.twin
    if not isinstance(twin, Held):
        note = "" if twin is None else f"The twin has no say: {twin}."
        return Conclusion(found, numbers, verdict, recommended, lifted, "", note)
    told = judge_twin(twin, int(numbers["n_users"] or 0), found["lift"])
    found = {"twin": value(twin), "twin_lift": lift(twin)} | found
    numbers = numbers | {
        "twin_of_logged": twin.own,
        "twin_reach": twin.reach,
        "twin_carries": twin.carries,
        "twin_missed": twin.missed,
    }
    if told.word != INVALID and verdict.word != RELIABLE:
        return Conclusion(found, numbers, told, "twin", "twin_lift", BY_TWIN, "")
    if verdict.word != RELIABLE:
        verdict = Verdict(verdict.word, [*verdict.reasons, *told.reasons])
    return Conclusion(found, numbers, verdict, recommended, lifted, "", "")


def _widened(said: Said) -> dict[str, Estimate]:
    """Return what fitted Q says, as wide as what a regression gets wrong."""
    most, logged = said.diagnostics.get("days_counted") or np.inf, said.diagnostics.get("logged_visits") or 0.0
    change = said.estimates["lift"].value or 0.0
    ends = {"fitted_q": (0.0, most), "lift": (-most, most)}
    return {name: widened(said.estimates[name], change, logged, within) for name, within in ends.items()}


def _named(verdict: Verdict) -> str | None:
    """Return the estimate that the reasons of a verdict say to read."""
    said = " ".join(verdict.reasons)
    return None if verdict.word == INVALID else "mis" if "Read mis" in said else "fitted_q"


def _by_weights(days: Days, asked: Asked) -> tuple[dict[str, Estimate], float]:
    """Return the estimates that rest on weights, and the effective number of whole histories.

    Those that are diagnostics count the whole horizon, and are left out where only its last days count.
    """
    horizon, last = asked.horizon, asked.last
    found = {
        "mis": estimators.marginalised(days, horizon, asked.seed, asked.n_replicates, last),
        "drl": double_reinforcement(days, horizon, asked.seed, last, held=True),
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
    return {
        "logged_visits": run.observed,
        "logged_visits_by_model": run.own,
        "shift": days.shift(),
        "hidden_from_model": correlation_over_time(run.residual),
        "outside": run.outside,
        "missed_by_model": run.missed,
    }


def hidden_state(days: Days) -> float:
    """Return how far what the tabular state does not explain comes back: the correlation of residuals over time.

    A residual is a visit less the chance of one in the state.
    """
    state = days.state[:, :-1]
    stays = np.bincount(state.ravel(), minlength=days.n_states)
    visits = np.bincount(state.ravel(), weights=days.visited.ravel(), minlength=days.n_states)
    return correlation_over_time(days.visited - (visits / np.maximum(stays, 1))[state])
