"""How activity moves, from a log: base rates, what discovery and satisfaction add to them, and how fast that fades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, logsumexp

from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.interface import Bools, Floats, Ints

GRID = np.linspace(-8.5, 1.5, 37)  # log base rates, per day, over which likelihoods are integrated
BLOCK = 250  # users whose likelihood is computed at a time
SEARCHED = 1_000  # users on whom the search begins
MAX_STEPS, CLOSE = 12, 0.1  # scoring steps; the size of a step, in standard errors, that ends them
START = np.array([1.0, 10.0, 1.0, 1.0, 7.0, 30.0, 0.01, 3.0])
LEAST = np.array([0.05, 0.5, 0.01, 0.01, 1.0, 2.0, 1e-5, 0.01])
MOST = np.array([20.0, 1000.0, 20.0, 20.0, 200.0, 1000.0, 0.5, 100.0])


@dataclass(frozen=True, slots=True)
class Moves:
    """What is found: the settings of `Repertoire` of the same names, and Gamma(shape, scale_days) of base rates."""

    shape: float
    scale_days: float
    discovery_effect: float
    satisfaction_effect: float
    activity_days: float
    repertoire_days: float
    leaving: float
    loyalty: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """Clicks of B different users at one moment.

    Attributes:
        day: when.
        users: (B,) who.
        topics: (B,) what about.
        learnt: (B,) rho max(g, 0), share of the missing familiarity that each adds.
    """

    day: int
    users: Ints
    topics: Ints
    learnt: Floats


@dataclass(frozen=True, slots=True)
class Course:
    """What happened to n users over D days, as far as it does not hang on what is to be found.

    Attributes:
        came: (n, D) whether each user came.
        first: (n,) day of arrival.
        mood: (n, D) satisfaction at the end of each day.
        known: (n, K) repertoire on the first day.
        lessons: what was clicked, in order of time.
        given: dynamics whose other settings hold.
    """

    came: Bools
    first: Ints
    mood: Floats
    known: Floats
    lessons: list[Lesson]
    given: Repertoire

    def of_first(self, n: int) -> Course:
        """Return the course of the first `n` users alone."""
        kept = [(lesson, lesson.users < n) for lesson in self.lessons]
        lessons = [Lesson(one.day, one.users[some], one.topics[some], one.learnt[some]) for one, some in kept]
        return Course(self.came[:n], self.first[:n], self.mood[:n], self.known[:n], lessons, self.given)

    def breadth(self, repertoire_days: float) -> Floats:
        """Return (n, D) breadth at the end of each day, were topics to fade in so many days."""
        known, kept, found = self.known.copy(), np.exp(-1.0 / repertoire_days), np.empty_like(self.mood)
        at = 0
        for day in range(self.mood.shape[1]):
            while at < len(self.lessons) and self.lessons[at].day == day:
                lesson = self.lessons[at]
                known[lesson.users, lesson.topics] += (1.0 - known[lesson.users, lesson.topics]) * lesson.learnt
                at += 1
            known *= kept
            found[:, day] = known.sum(axis=1)
        return found

    def raised(self, effects: Floats, breadth: Floats) -> Floats:
        """Return (n, D) log activity less its base, each morning, given `breadth`; `effects` are A, B and tau_a."""
        effect, mood_effect, days = effects
        target = effect * -np.expm1(-breadth / self.given.breadth_scale) + mood_effect * self.mood
        level, morning = np.zeros(len(target)), np.empty_like(target)
        for day in range(self.mood.shape[1]):
            morning[:, day] = level
            level = level + (target[:, day] - level) / days
        return morning


def fit_moves(course: Course) -> tuple[Moves, Moves]:
    """Return the maximum-likelihood moves, and their standard errors as shares of them.

    Given what was clicked, log activity is log lambda0_u + d_u(t) with a known path d: the transition is deterministic.
    The base rate lambda0 ~ Gamma(r, alpha) and the unseen day of leaving for good are summed out.  A quasi-Newton
    search on some users, then scoring steps by the outer product of all users' gradients (Berndt, Hall, Hall & Hausman
    1974), whose inverse also gives the errors.
    """
    logs, covariance = fit_logs(course)
    errors = np.sqrt(np.diag(covariance))
    return Moves(*np.exp(logs).tolist()), Moves(*errors.tolist())


def fit_logs(course: Course, n_searched: int = SEARCHED) -> tuple[Floats, Floats]:
    """Return the logs of the moves (8,), in their order, and the covariance of these (8, 8).

    Args:
        course: of all users.
        n_searched: users on whom the search begins.
    """
    some = course.of_first(n_searched)

    def loss(logs: Floats) -> tuple[float, Floats]:
        value, scores = _scores(np.exp(logs), some)
        return -float(value.mean()), -scores.mean(axis=0)

    bounds = list(zip(np.log(LEAST), np.log(MOST), strict=True))
    found: Any = minimize(loss, np.log(START), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 80})
    return _score(found.x, course)


def base_rates(logs: Floats, course: Course) -> Floats:
    """Return (n, G) how likely each base rate of `GRID` is for each user, given the days that the user came."""
    path = course.raised(np.exp(logs[2:5]), course.breadth(float(np.exp(logs[5]))))
    found = np.empty((len(path), len(GRID)))
    for start in range(0, len(path), BLOCK):
        rows = slice(start, start + BLOCK)
        found[rows] = _likelihood(np.exp(logs), path[rows], course, rows)[3]
    return found


def carried(logs: Floats, course: Course) -> float:
    """Return by how many standard errors a visit brings one on the next two days beyond what the moves say.

    Were the moves all there is, what they leave open of a day would be luck, and luck does not carry over; slightly
    less than 0, as each user's base rate is found from the same days.
    """
    path = course.raised(np.exp(logs[2:5]), course.breadth(float(np.exp(logs[5]))))
    chance, weight = np.zeros_like(path), base_rates(logs, course)
    for node, base in enumerate(GRID):
        chance -= weight[:, node, None] * np.expm1(-np.minimum(np.exp(base + path), course.given.max_rate))
    n_days = course.came.shape[1]
    last = np.where(course.came.any(axis=1), n_days - 1 - np.argmax(course.came[:, ::-1], axis=1), 0)
    known = (np.arange(n_days) < last[:, None]) & (np.arange(n_days) >= course.first[:, None])
    off = np.where(known, course.came - chance, 0.0)
    by_user = sum((off[:, lag:] * off[:, :-lag]).sum(axis=1) for lag in (1, 2) if lag < n_days)
    total = np.asarray(by_user, dtype=np.float64)
    error = float(np.sqrt(np.sum(total**2)))
    return float(total.sum()) / error if error > 0.0 else 0.0


def _score(logs: Floats, course: Course) -> tuple[Floats, Floats]:
    """Return the logs to which scoring steps from `logs` (8,) lead, and their covariance (8, 8)."""
    value, scores = _scores(np.exp(logs), course)
    for _ in range(MAX_STEPS):
        step = np.linalg.solve(scores.T @ scores + 1e-6 * np.eye(len(logs)), scores.sum(axis=0))
        size = np.sqrt(float(step @ (scores.T @ scores) @ step))  # in standard errors
        if size < CLOSE:
            break
        for share in (1.0, 0.5, 0.25, 0.1):
            tried = np.clip(logs + share * step, np.log(LEAST), np.log(MOST))
            new_value, new_scores = _scores(np.exp(tried), course)
            if new_value.sum() > value.sum():
                break
        else:
            break
        logs, value, scores = tried, new_value, new_scores
    covariance: Floats = np.linalg.inv(scores.T @ scores + 1e-6 * np.eye(len(logs))).astype(np.float64)
    return logs, covariance


def _scores(x: Floats, course: Course) -> tuple[Floats, Floats]:
    """Return the log likelihood of each user (n,), and its gradient by the logs of the parameters `x` (8,), (n, 8)."""
    effects, n = x[2:5], len(course.came)
    breadth = course.breadth(x[5])
    path = course.raised(effects, breadth)
    value, scores, by_path = np.empty(n), np.zeros((n, len(x))), np.empty(path.shape)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        value[rows], scores[rows], by_path[rows], _ = _likelihood(x, path[rows], course, rows)
    step = 1e-4
    for at in range(4):
        ahead, faded = effects.copy(), breadth
        if at < len(effects):
            ahead[at] *= np.exp(step)
        else:
            faded = course.breadth(x[5] * np.exp(step))
        scores[:, 2 + at] = (by_path * (course.raised(ahead, faded) - path)).sum(axis=1) / step
    return value, scores


def _likelihood(x: Floats, path: Floats, course: Course, rows: slice) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the log likelihood of some users, its gradient by the logs of r, alpha, h0 and kappa, and by `path`.

    And (n, G) how likely each base rate of `GRID` is for them.
    """
    shape, scale, leaving, loyalty = x[0], x[1], x[6], x[7]
    came, first = course.came[rows], course.first[rows]
    n_days = came.shape[1]
    day = np.arange(n_days)
    here = (day >= first[:, None])[:, None]  # (n, 1, D)
    rate = np.exp(GRID)[None, :, None] * np.exp(path)[:, None]  # (n, G, D)
    free = rate < course.given.max_rate
    rate = np.minimum(rate, course.given.max_rate)
    hazard = leaving * np.exp(-loyalty * rate)
    visit = came[:, None]
    seen = np.where(here, np.where(visit, np.log(-np.expm1(-rate)), -rate), 0.0)
    stay = np.where(here, np.log1p(-hazard), 0.0)
    through = np.cumsum(seen + stay, axis=2) - stay  # there on each day, before the night that follows
    last = np.where(came.any(axis=1), n_days - 1 - np.argmax(came[:, ::-1], axis=1), first)
    may_leave = (day >= np.maximum(last, first)[:, None]) & (day < n_days - 1)  # (n, D)
    leave = np.where(may_leave[:, None], through + np.log(hazard), -np.inf)
    ends = np.concatenate([leave, through[:, :, -1:]], axis=2)  # the night of leaving, or none
    each: Any = logsumexp(ends, axis=2)  # (n, G)
    prior = shape * (np.log(scale) + GRID) - gammaln(shape) - scale * np.exp(GRID) + np.log(GRID[1] - GRID[0])
    total: Any = logsumexp(each + prior, axis=1)
    weight = np.exp(each + prior - total[:, None])  # (n, G)
    share = np.exp(ends - each[:, :, None]) * weight[:, :, None]  # (n, G, D + 1)
    there = np.cumsum(share[:, :, ::-1], axis=2)[:, :, ::-1]  # still there on each day
    after, left = there[:, :, 1:] * here, share[:, :, :-1]  # still there on the day after; left that night
    after[:, :, -1] = 0.0  # what happens in the last night is not seen
    pull = np.where(visit, 1.0 / np.expm1(rate), -1.0) * there[:, :, :-1] * here
    gone = hazard / (1.0 - hazard)
    pull += loyalty * (after * gone - left)
    by_path = (pull * rate * free).sum(axis=1)
    scores = np.zeros((len(path), len(x)))
    scores[:, 0] = shape * (weight @ (np.log(scale) + GRID) - digamma(shape))
    scores[:, 1] = shape - scale * (weight @ np.exp(GRID))
    scores[:, 6] = (left - after * gone).sum(axis=(1, 2))
    scores[:, 7] = loyalty * (rate * (after * gone - left)).sum(axis=(1, 2))
    return total, scores, by_path, weight
