"""Whether a long-run estimate can be trusted, in one word, with reasons in words."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.verdict import INVALID, RELIABLE, WEAK, Verdict
from serendip.simulator.interface import Floats

_FORTNIGHT = 14
_NORMAL = 1.959963984540054
_USERS = 300
FEWEST = 1000.0  # days with a visit that weights leave in effect, of a target that is all but the logger
AS_NEAR, NEAR = 0.1, 0.4  # standard deviations of what a day brings: all but the logger, and near enough for a model
MODEL, FLOOR = 0.5, 0.02  # what a regression gets wrong: of a change, and of the visits (one standard error)
_OFF, _MISSED, _OUTSIDE, _NEVER = 0.1, 0.2, 0.025, 100.0
_ENOUGH = 1000  # users from which a model's word can be `reliable`


def correlation_over_time(residual: Floats) -> float:
    """Return the correlation over users of their mean residuals in every other fortnight with those between.

    It is 0 where the state holds all that drives activity: what it leaves open of a user's visits is then luck, and
    luck does not come back.

    Args:
        residual: (U, T) visits less what was expected of them in the state.
    """
    odd = (np.arange(residual.shape[1]) // _FORTNIGHT) % 2 == 1
    if not odd.any() or odd.all() or len(residual) < 3:
        return 0.0
    one, other = residual[:, ~odd].mean(axis=1), residual[:, odd].mean(axis=1)
    return float(np.corrcoef(one, other)[0, 1]) if one.std() and other.std() else 0.0


def judge_activity(d: dict[str, float | None], found: dict[str, Estimate]) -> Verdict:
    """Return whether the long-run estimates can be trusted, and which of them to read.

    Where the weights leave nearly all of the log, the target is all but the logging policy, and they are read.  Else
    the verdict is on fitted Q, which is a model, and `reliable` only where what it would have to know is next to
    nothing.
    """
    bad = _of_weights(d)
    if not bad:
        mean, ess = d["mean_weight"] or 0.0, d["effective_sample_size"] or 0.0
        said = f"The mean weight of a day is {mean:.3f} and {ess:.0f} days with a visit are left in effect."
        word = RELIABLE if ess >= FEWEST else WEAK
        return Verdict(word, ["Read mis.", said, *_against_one_step(found)])
    wrong, doubts = _of_model(d)
    if wrong:
        return Verdict(INVALID, [*wrong, *doubts, *bad])
    near, many = (d.get("shift") or 0.0) <= AS_NEAR, (d["n_users"] or 0.0) >= _ENOUGH
    if near and many and not doubts:
        return Verdict(RELIABLE, ["Read fitted_q: the target's days would be all but those of the log."])
    first = "What rests on weights is not to be used; read fitted_q, which is a model."
    return Verdict(WEAK, [first, *doubts, *bad])


def judge_short_run(d: dict[str, float | None]) -> Verdict:
    """Return whether a surrogate index can be trusted; it rests on an assumption, so that it is at best `weak`."""
    reasons = ["That the log's users go on from a like morning as the short run's would is taken for granted."]
    outside, n_users = d["beyond"] or 0.0, d["n_users_of_the_log"] or 0.0
    bad = list[str]()
    if outside > 0.3:
        bad.append(f"{outside:.0%} of the short run's users are outside of what the log knows.")
    if n_users < _USERS:
        bad.append(f"The log has {n_users:.0f} users; the regression needs hundreds.")
    return Verdict(INVALID if bad else WEAK, bad + reasons)


def widened(estimate: Estimate, change: float, logged: float, within: tuple[float, float]) -> Estimate:
    """Return what a regression says, as wide as what it gets wrong: a share of the change, and of the log's visits.

    Args:
        estimate: by fitted Q, whose interval knows of chance alone.
        change: what the target is said to change, in visits per user.
        logged: visits per user of the log.
        within: smallest and largest value.
    """
    if estimate.value is None or estimate.standard_error is None or not np.isfinite(estimate.standard_error):
        return estimate
    error = float(np.sqrt(estimate.standard_error**2 + (MODEL * change) ** 2 + (FLOOR * logged) ** 2))
    low, high = max(estimate.value - _NORMAL * error, within[0]), min(estimate.value + _NORMAL * error, within[1])
    return Estimate(estimate.value, low, high, error)


def _of_weights(d: dict[str, float | None]) -> list[str]:
    """Return what forbids weighting."""
    ess, z, mean = d["effective_sample_size"] or 0.0, d["mean_weight_z"] or 0.0, d["mean_weight"] or 0.0
    if ess < 30 or (d.get("shift") or 0.0) > AS_NEAR:
        return [f"The weights leave {ess:.0f} days with a visit in effect, and the target is not all but the logger."]
    if abs(z) > 4.0 and abs(mean - 1.0) > 0.1:
        return [f"The mean weight of a day is {mean:.3g}, {abs(z):.1f} standard errors from 1."]
    return []


def _of_model(d: dict[str, float | None]) -> tuple[list[str], list[str]]:
    """Return what forbids the regression, and what weakens it."""
    bad, poor = list[str](), list[str]()
    seen, said = d.get("logged_visits"), d.get("logged_visits_by_model")
    shift, outside, missed = (d.get(name) or 0.0 for name in ("shift", "outside", "missed_by_model"))
    if shift > _NEVER:
        bad.append("The target's days would bring what hardly any day of the log brought.")
    elif shift > NEAR:
        bad.append(
            f"The target's days would differ from the logged ones by {shift:.1f} standard deviations: more than a"
            " regression knows of."
        )
    if outside > _OUTSIDE:
        bad.append(f"In {outside:.0%} of the replicates the regression says what cannot be.")
    if seen is None or said is None or not seen:
        bad.append("The log ends before the days that count; nothing holds the regression to what users did.")
    elif abs(said / seen - 1.0) > _OFF:
        bad.append(f"The regression says {said:.3g} visits of the log's own users, who made {seen:.3g}.")
    if missed > _MISSED:
        bad.append(f"The regression misses the visits of a third of the users by {missed:.0%} of the mean.")
    elif missed > 0.5 * _MISSED:
        poor.append(f"The regression misses the visits of a third of the users by {missed:.0%} of the mean.")
    if (d["n_users"] or 0.0) < _USERS:
        bad.append(f"There are {d['n_users'] or 0.0:.0f} users; the regression needs hundreds.")
    hidden = d.get("hidden_from_model") or 0.0
    if hidden > 0.2:
        poor.append(f"What the regression leaves open of users' visits correlates {hidden:.2f} over time.")
    return bad, poor


def _against_one_step(found: dict[str, Estimate]) -> list[str]:
    """Return a warning where one-step weighting says something else."""
    step, run = found.get("one_step"), found["mis"]
    if step is None or step.value is None or run.low is None or run.high is None or run.low <= step.value <= run.high:
        return []
    return [f"One-step weighting says {step.value:.3g}: it leaves out that users change, and is not to be used here."]
