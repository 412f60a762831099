"""What a log of random slates says of the world that made it: rates, examination by position, satiation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from serendip.simulator.calibration.rates import Activity, Rates, fit_rates
from serendip.simulator.interface import DataError, Floats, Ints
from serendip.simulator.logs import open_log

TAUS = (0.5, 60.0)  # days within which the decay of satiation is looked for


@dataclass(frozen=True, slots=True)
class LogFit:
    """What was found.

    Attributes:
        rates: how often users come, and how they leave.
        examination: gamma, how much less each further position is looked at.
        satiation_days: tau_b, days in which satiation wears off.
        satiation_slope: log odds of a click lost by a first exposure to the topic: about eta times its step.
    """

    rates: Rates
    examination: float
    satiation_days: float
    satiation_slope: float


def fit_log(path: Path) -> LogFit:
    """Return the fit to the log in the folder `path`, whose slates were random.

    Random slates are what makes it possible: what stands where, and what was seen before, then hangs on nobody's taste.

    Raises:
        DataError: not a log, or one with slates that nobody drew at random.
    """
    log = open_log(path)
    columns = {name: list[Any]() for name in ("user_id", "day", "visit", "position", "item_id", "clicked")}
    for part in log.batches():
        if not part.explored.all():
            raise DataError(f"{path}: not all slates are random; fit to a log of the uniform policy")
        for name, kept in columns.items():
            kept.append(getattr(part, name))
    slots = {name: np.concatenate(kept) for name, kept in columns.items()}
    clicked = slots["clicked"].astype(np.float64)
    topic = log.items().topic[slots["item_id"]].astype(np.int64)
    n_users, first = _watch(log.users())
    slate = _number_slates(slots["user_id"], slots["day"], slots["visit"])
    tau, slope = fit_satiation(slots["user_id"], slate, slots["day"], topic, clicked)
    return LogFit(
        rates=fit_rates(_activity(slots["user_id"], slots["day"], n_users, first, log.meta.n_days), from_first=False),
        examination=fit_examination(slate, slots["position"], topic, slots["item_id"], clicked),
        satiation_days=tau,
        satiation_slope=slope,
    )


def _number_slates(user: Ints, day: Ints, visit: Ints) -> Ints:
    """Return (n,) the number of the slate that each slot stands in; of one user's slates the later has the larger."""
    width = int(visit.max()) + 1
    moment = day.astype(np.int64) * width + visit
    return np.unique(user * (int(moment.max()) + 1) + moment, return_inverse=True)[1]


def _watch(users: Any) -> tuple[int, Ints]:
    """Return how many users there are, and (n,) the first day of each."""
    return users.num_rows, users["first_day"].to_numpy().astype(np.int64)


def _activity(user: Ints, day: Ints, n_users: int, first: Ints, n_days: int) -> Activity:
    """Return when users came, those included who never did, from the evening before their first day."""
    who, when = np.divmod(np.unique(user * n_days + day), n_days)
    last = first - 1
    np.maximum.at(last, who, when)
    return Activity(np.bincount(who, minlength=n_users), last - first + 1, n_days - first)


def fit_examination(slate: Ints, position: Ints, topic: Ints, item: Ints, clicked: Floats) -> float:
    """Return gamma of gamma^j, by maximum likelihood over pairs of slots of one slate and topic, one of them clicked.

    Whatever a user thinks of a topic, both slots share it, so that of the multinomial logit there remains
    log odds = log gamma (j - l) + q_i - q_h; the difference of quality goes by the log odds of the items' click rates.
    """
    rate = (np.bincount(item, clicked) + 0.5) / (np.bincount(item) + 1.0)
    appeal = np.log(rate / (1.0 - rate))[item]
    order = np.lexsort((position, topic, slate))
    slate, topic = slate[order], topic[order]
    farther, nearer = list[Ints](), list[Ints]()
    for step in range(1, int(position.max()) + 1):
        later = np.flatnonzero((slate[step:] == slate[:-step]) & (topic[step:] == topic[:-step]))
        farther.append(order[later + step])
        nearer.append(order[later])
    far, near = np.concatenate(farther), np.concatenate(nearer)
    decided = clicked[far] != clicked[near]
    far, near = far[decided], near[decided]
    apart = (position[far] - position[near]).astype(np.float64)
    features = np.stack([apart, appeal[far] - appeal[near]], axis=1)
    return float(np.exp(_logit(features, clicked[far], np.ones(len(far)))[1][0]))


def fit_satiation(user: Ints, slate: Ints, day: Ints, topic: Ints, clicked: Floats) -> tuple[float, float]:
    """Return tau_b and the slope in log odds, by maximum likelihood of a logit in b, b^2 and the slate's mean of b.

    b_uk = sum over earlier slates of exposures x e^(-nights between / tau_b); given tau_b it is known from the log.
    The slate's mean stands for its other slots: where they have satiated, this one is clicked more.
    """
    order = np.lexsort((slate, topic, user))  # slates are numbered in order of time
    keys = np.stack([user[order], topic[order], slate[order]])
    start = np.flatnonzero(np.concatenate([[True], (np.diff(keys, axis=1) != 0).any(axis=0)]))
    shown = np.diff(np.concatenate([start, [len(order)]])).astype(np.float64)  # exposures to the topic in that slate
    clicks = np.add.reduceat(clicked[order], start)
    who, when, which = keys[:2, start], day[order][start].astype(np.int64), keys[2, start]
    same = np.concatenate([[False], (np.diff(who, axis=1) == 0).all(axis=0)])  # of the same user and topic as before
    wait = np.where(same, np.diff(when, prepend=when[0]), 0)
    rank = np.arange(len(start)) - np.maximum.accumulate(np.where(same, 0, np.arange(len(start))))
    length = np.bincount(which, shown)

    def fitted(log_tau: float) -> tuple[float, Floats]:
        b = _satiation(shown, wait, rank, float(np.exp(log_tau)))
        others = (np.bincount(which, shown * b) / length)[which]
        return _logit(np.stack([np.ones_like(b), b, b * b, others], axis=1), clicks, shown)

    def loss(log_tau: float) -> float:
        return fitted(log_tau)[0]

    options = {"xatol": 0.02}
    found: Any = minimize_scalar(loss, bounds=np.log(TAUS), method="bounded", options=options)
    return float(np.exp(found.x)), -float(fitted(found.x)[1][1])


def _satiation(shown: Floats, wait: Ints, rank: Ints, tau: float) -> Floats:
    """Return (n,) satiation before each slate; `rank` counts the slates of a user and topic, which stand in a row."""
    b, kept = np.zeros(len(shown)), np.exp(-wait / tau)
    rows = np.flatnonzero(rank == 1)
    while len(rows):
        b[rows] = (b[rows - 1] + shown[rows - 1]) * kept[rows]
        rows = rows[rows + 1 < len(rank)] + 1
        rows = rows[rank[rows] > 1]
    return b


def _logit(features: Floats, clicks: Floats, shown: Floats) -> tuple[float, Floats]:
    """Return the smallest mean loss of a binomial logit, and its weights (Newton's method)."""
    weights = np.zeros(features.shape[1])
    for _ in range(6):
        chance = 1.0 / (1.0 + np.exp(-features @ weights))
        curve = features.T @ (features * (shown * chance * (1.0 - chance))[:, None])
        weights = weights + np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), features.T @ (clicks - shown * chance))
    score = features @ weights
    return -float(clicks @ score - shown @ np.logaddexp(0.0, score)) / float(shown.sum()), weights
