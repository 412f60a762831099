"""What the twin says: a world fitted to the log, in which the target was run, held to what the log's users did.

The twin is a world, which this floor does not see: its runs are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.verdict import INVALID, RELIABLE, WEAK, Verdict
from serendip.experiments.offline.long_term.days import Days, counted, early, missed
from serendip.simulator.interface import Bools, Floats

_NORMAL = 1.959963984540054
_USERS = 300
WRONG = 0.45  # of a change, that a twin's world gets wrong (one standard error)
NEAR, FAR = 0.1, 0.3  # share by which the twin may miss the logged policy without a word, and at all
AWAY, FARTHEST = 0.25, 2.2  # further share for each standard deviation of shift: a twin rather says too little
DISTANT = 0.02  # of the log's visits, that it gets wrong for each standard deviation of what a day brings
SHIFT, REACH, MANY = 0.5, 0.25, 1000  # how far the target may be, and users there must be, for a `reliable` word
CARRIES = 3.0  # standard errors by which visits may bring visits beyond what the twin's world says


@dataclass(frozen=True, slots=True)
class Runs:
    """Visits per user and day in D worlds drawn from what the log leaves possible.

    Attributes:
        target: (D, horizon) under the target.
        logger: (D, horizon) under the logged policy, with the same luck; None where it cannot be run.
        carries: number of standard errors by which visits of the log bring visits beyond what the fitted world says.
        lopsided: whether in the fitted world breadth moves users and satisfaction does not at all.
        came: (D, U, horizon) whether each user came on each day, under the logged policy; None where that is not known.
    """

    target: Floats
    logger: Floats | None
    carries: float = 0.0
    lopsided: bool = False
    came: Bools | None = None


class Runner(Protocol):
    """Who runs policies in the twin of a log."""

    def runs(self, target: str, horizon: int) -> Runs:
        """Return what the twin says of `target` over `horizon` days."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """What the twin's runs come to, held to the log.

    Attributes:
        change: (D,) visits per user that the target adds to the logged policy's, over the days that count.
        logged: what the log's users made of these days.
        own: what the twin says of that, on average over the draws.
        error: standard error of `logged` over users.
        most: days that count.
        carries: as in `Runs`.
        lopsided: as in `Runs`.
        missed: largest miss of the visits of a third of the users by the twin under the logged policy, as a share.
        shift: standard deviations of what a day brings, by which the target's days differ from the logged ones.
    """

    change: Floats
    logged: float
    own: float
    error: float
    most: float
    carries: float = 0.0
    lopsided: bool = False
    missed: float = 0.0
    shift: float = 0.0

    @property
    def off(self) -> float:
        """By what share the twin misses the logged policy."""
        return self.own / self.logged - 1.0 if self.logged else np.inf

    @property
    def reach(self) -> float:
        """How far the target takes users from what the log knows: its change as a share of their visits."""
        return abs(float(self.change.mean())) / self.logged if self.logged else np.inf


def held(runs: Runs, log: Days, horizon: int, last: int | None) -> Held | None:
    """Return the runs held to what the users did; None where the log or the logger lacks the days.

    Args:
        runs: what runs of the target and of the logger in fitted worlds brought.
        log: the log, day by day and user by user.
        horizon: days that are looked ahead.
        last: how many of the last days count; all of them when None.
    """
    days = counted(horizon, last)
    if runs.logger is None or days.stop > log.n_days:
        return None
    when = slice(days.start, days.stop)
    target, logger = (each[:, when].sum(axis=1) for each in (runs.target, runs.logger))
    did = log.visited[:, when].sum(axis=1).astype(np.float64)
    error = float(did.std(ddof=1) / np.sqrt(len(did)))
    off = 0.0
    if runs.came is not None and runs.came.shape[1] == len(did):
        said = runs.came[:, :, when].sum(axis=2).mean(axis=0)
        off = missed(did, said, log.thirds(max(early(days.start, log.n_days), 1)))
    told = runs.carries, runs.lopsided, off, log.shift()
    return Held(target - logger, float(did.mean()), float(logger.mean()), error, float(len(days)), *told)


def value(found: Held) -> Estimate:
    """Return visits per user under the target: what the users did, plus what the target changes in the twin."""
    at, (below, above) = float(found.change.mean()), _errors(found, found.change)
    both = np.hypot(found.error, below), np.hypot(found.error, above)
    return _estimate(found.logged + at, both, (0.0, found.most))


def lift(found: Held) -> Estimate:
    """Return visits per user under the target less what the users did."""
    return _difference(found, found.change)


def apart(one: Held, other: Held) -> Estimate:
    """Return by how much one target's value is above another's, in the same draws with the same luck."""
    return _difference(one if one.shift > other.shift else other, one.change - other.change)


def _difference(found: Held, change: Floats) -> Estimate:
    below, above = _errors(found, change)
    both = np.hypot(0.5 * found.error, below), np.hypot(0.5 * found.error, above)
    return _estimate(float(change.mean()), both, (-found.most, found.most))


def _errors(found: Held, change: Floats) -> tuple[float, float]:
    """Return the standard errors of a change downwards and upwards: of the draws, and of what the twin gets wrong.

    The latter is a share of the change, the larger the more the twin misses of the logged policy itself, and a share of
    the log's visits, the larger the further the target's days are from the logged ones.  What a log hardly says of
    tastes a fit shrinks, so that a change may rather be larger than said, the more so the further the target is.
    """
    at = float(change.mean())
    draws = float(change.std(ddof=1)) if len(change) > 1 else abs(at)
    toward = WRONG + abs(found.off)
    away, far = toward + AWAY * min(found.shift, FARTHEST), DISTANT * found.shift * found.logged
    inner, outer = (float(np.sqrt(draws**2 + (share * at) ** 2 + far**2)) for share in (toward, away))
    return (inner, outer) if at >= 0.0 else (outer, inner)


def _estimate(at: float, errors: tuple[float, float], within: tuple[float, float]) -> Estimate:
    low, high = at - _NORMAL * float(errors[0]), at + _NORMAL * float(errors[1])
    inside = [min(max(x, within[0]), within[1]) for x in (at, low, high)]
    return Estimate(inside[0], inside[1], inside[2], 0.5 * float(errors[0] + errors[1]))


def judge_twin(found: Held, n_users: int, by_model: Estimate | None = None) -> Verdict:
    """Return whether what the twin says can be trusted.

    `reliable` where it lives as the log's users do, in all and in thirds of them, where the target is not far from the
    logger, and where the regression says the same.

    Args:
        found: what its runs come to.
        n_users: users of the log.
        by_model: what fitted Q says that the target changes, or None.
    """
    bad, poor = _of_world(found, n_users), list[str]()
    said = f"the twin says {found.own:.3g} visits of the logged policy, whose users made {found.logged:.3g}"
    if abs(found.off) > FAR:
        bad.append(f"The twin does not live as the log's users do: {said}.")
    elif abs(found.off) > NEAR:
        poor.append(f"The twin is not quite right: {said}.")
    if found.missed > NEAR:
        poor.append(f"The twin misses the visits of a third of the users by {found.missed:.0%} of the mean.")
    if found.reach > REACH or found.shift > SHIFT:
        poor.append(
            f"The target is far from what the log knows: days would differ by {min(found.shift, 99.0):.1f} standard"
            f" deviations, visits by {found.reach:.0%}."
        )
    if n_users < MANY:
        poor.append(f"There are {n_users} users; that a fit can be relied on was seen for {MANY:,}.")
    if by_model is not None and not _agree(found, by_model):
        poor.append(f"Fitted Q says {by_model.value:+.2g} visits, the twin {float(found.change.mean()):+.2g}.")
    fine = [f"{said[0].upper()}{said[1:]}; the target changes that by {found.reach:.0%}. It rests on a fitted world."]
    return Verdict(INVALID if bad else WEAK if poor else RELIABLE, bad + poor or fine)


def _of_world(found: Held, n_users: int) -> list[str]:
    """Return why the fitted world is not that of these users."""
    bad = list[str]()
    if found.carries > CARRIES:
        bad.append(
            f"Visits bring visits ({found.carries:.1f} standard errors): what moves these users is not what moves the"
            " twin's, and what it says of another policy may be of the wrong sign."
        )
    if found.lopsided:
        bad.append(
            "In the fitted world breadth moves users and satisfaction does not: breadth stands in for what it lacks."
        )
    if n_users < _USERS:
        bad.append(f"There are {n_users} users; a world needs hundreds to be fitted.")
    return bad


def _agree(found: Held, by_model: Estimate) -> bool:
    """Return whether twin and regression say the same, two standard errors allowed."""
    if by_model.value is None or by_model.standard_error is None:
        return False
    error = np.hypot(max(_errors(found, found.change)), by_model.standard_error)
    return bool(abs(float(found.change.mean()) - by_model.value) <= 2.0 * error)
