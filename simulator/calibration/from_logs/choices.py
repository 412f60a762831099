"""What users like and how they choose, from a log: a mixture of liked and other topics, satiation that wears off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from serendip.simulator.interface import Floats, Ints

_HERMITE = np.polynomial.hermite_e.hermegauss(5)
NODES = _HERMITE[0]  # of the normal distribution of tastes around their mean
WEIGHTS = _HERMITE[1] / _HERMITE[1].sum()
START = np.array([0.0, -3.0, np.log(0.5), -2.0, 1.0, 0.1, np.log(4.0)])
BOUNDS = [(-4.0, 4.0), (-8.0, 1.0), (-3.0, 1.0), (-6.0, 2.0), (0.0, 3.0), (0.0, 3.0), (np.log(0.3), np.log(60.0))]


@dataclass(frozen=True, slots=True)
class Choices:
    """How users choose, in units of utility; only differences to the no-click option show in clicks.

    Attributes:
        liked: mean taste for a liked topic, less the utility of clicking nothing.
        other: mean taste for any other topic, less the same.
        spread: standard deviation of tastes around these means.
        liked_share: share of the topics that a user likes.
        quality_scale: utility per log odds of an item's click rate within its topic.
        satiation: utility lost per exposure to the topic (eta times its step).
        satiation_days: tau_b, days in which that wears off.
    """

    liked: float
    other: float
    spread: float
    liked_share: float
    quality_scale: float
    satiation: float
    satiation_days: float

    @classmethod
    def of(cls, x: Floats) -> Choices:
        """Return the choices that the optimiser's vector `x` (7,) stands for."""
        share = float(expit(x[3]))
        tau, spread = float(np.exp(x[6])), float(np.exp(x[2]))
        return cls(float(x[0]), float(x[1]), spread, share, float(x[4]), float(x[5]), tau)


@dataclass(frozen=True, slots=True)
class Exposures:
    """s slates of a user and topic, sorted by user, topic and time.

    Attributes:
        shown: (s,) items of the topic in the slate.
        wait: (s,) nights since the one before.
        rank: (s,) number of the slate among those of the user and topic.
    """

    shown: Floats
    wait: Ints
    rank: Ints

    def satiation(self, tau: float) -> Floats:
        """Return (s,) sum over earlier slates of items shown x e^(-nights between / tau)."""
        b, kept = np.zeros(len(self.shown)), np.exp(-self.wait / tau)
        rows = np.flatnonzero(self.rank == 1)
        while len(rows):
            b[rows] = (b[rows - 1] + self.shown[rows - 1]) * kept[rows]
            rows = rows[rows + 1 < len(self.rank)] + 1
            rows = rows[self.rank[rows] > 1]
        return b


@dataclass(frozen=True, slots=True)
class Trials:
    """n slots, each clicked or in a slate without a click, sorted by user and topic.

    Attributes:
        clicked: (n,) 1 or 0.
        looked: (n,) log gamma_j, of the slot's position.
        appeal: (n,) log odds of the item's click rate, less the mean of its topic.
        start: (c,) first trial of each user and topic.
        user: (c,) that user.
        topic: (c,) that topic.
        cell: (n,) which of these a trial belongs to.
        at: (n,) exposure that the trial belongs to, a row of `exposures`.
        exposures: what was shown, from which satiation follows.
    """

    clicked: Floats
    looked: Floats
    appeal: Floats
    start: Ints
    user: Ints
    topic: Ints
    cell: Ints
    at: Ints
    exposures: Exposures


def expose(user: Ints, topic: Ints, slate: Ints, day: Ints) -> tuple[Exposures, Ints]:
    """Return the exposures in n slots, and (n,) the one that each slot belongs to; slates are numbered in time.

    Args:
        user: (n,) user of each slot.
        topic: (n,) topic of each slot.
        slate: (n,) number of the slate of each slot, in order of time.
        day: (n,) day of each slot.
    """
    order = np.lexsort((slate, topic, user))
    keys = np.stack([user[order], topic[order], slate[order]])
    first = np.concatenate([[True], (np.diff(keys, axis=1) != 0).any(axis=0)])
    start = np.flatnonzero(first)
    shown = np.diff(np.append(start, len(order))).astype(np.float64)
    who, when = keys[:2, start], day[order][start].astype(np.int64)
    same = np.concatenate([[False], (np.diff(who, axis=1) == 0).all(axis=0)])
    wait = np.where(same, np.diff(when, prepend=when[0]), 0)
    rank = np.arange(len(start)) - np.maximum.accumulate(np.where(same, 0, np.arange(len(start))))
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.cumsum(first) - 1
    return Exposures(shown, wait, rank), at


def make_trials(slots: dict[str, Any], examination: float, appeal: Floats) -> Trials:
    """Return the trials in the slots (user, topic, slate, day, position, item, clicked), with gamma = `examination`.

    Given that either it was clicked or nothing, a slot was clicked with odds gamma_j e^(x_j - x_0), whatever else the
    slate held: the multinomial logit is independent of irrelevant alternatives.
    """
    exposures, at = expose(slots["user"], slots["topic"], slots["slate"], slots["day"])
    clicks = np.bincount(slots["slate"], slots["clicked"])[slots["slate"]]
    kept = np.flatnonzero((clicks == 0.0) | (slots["clicked"] > 0.0))
    kept = kept[np.lexsort((at[kept], slots["topic"][kept], slots["user"][kept]))]
    cells = np.stack([slots["user"][kept], slots["topic"][kept]])
    first = np.concatenate([[True], (np.diff(cells, axis=1) != 0).any(axis=0)])
    return Trials(
        clicked=slots["clicked"][kept].astype(np.float64),
        looked=slots["position"][kept] * np.log(examination),
        appeal=appeal[slots["item"][kept]],
        start=np.flatnonzero(first),
        user=cells[0, first],
        topic=cells[1, first],
        cell=np.cumsum(first) - 1,
        at=at[kept],
        exposures=exposures,
    )


def fit_choices(trials: Trials) -> Choices:
    """Return the maximum-likelihood choices: tastes of each user and topic are integrated over the mixture."""
    options = {"maxiter": 60}
    found: Any = minimize(_loss, START, args=(trials,), jac=True, method="L-BFGS-B", bounds=BOUNDS, options=options)
    return Choices.of(found.x)


def tastes(choices: Choices, trials: Trials) -> tuple[Floats, Floats]:
    """Return (10,) tastes, less the utility of no click, and (c, 10) how likely each is of a user for a topic."""
    x = [choices.liked, choices.other, np.log(choices.spread), 0.0, choices.quality_scale, choices.satiation, 0.0]
    vector = np.array(x)
    vector[3] = np.log(choices.liked_share / (1.0 - choices.liked_share))
    vector[6] = np.log(choices.satiation_days)
    joint = _joint(vector, trials)[0]
    total: Any = logsumexp(joint, axis=1, keepdims=True)
    return _grid(vector), np.exp(joint - total)


def _grid(x: Floats) -> Floats:
    """Return (10,) tastes: five around the mean of liked topics, five around that of others."""
    spread = np.exp(x[2])
    return np.concatenate([x[0] + spread * NODES, x[1] + spread * NODES])


def _joint(x: Floats, trials: Trials) -> tuple[Floats, Floats, Floats]:
    """Return (c, 10) log joint of clicks and taste, (n, 10) click minus its probability, and (n,) satiation."""
    b = trials.exposures.satiation(float(np.exp(x[6])))[trials.at]
    known = trials.looked + x[4] * trials.appeal - x[5] * b
    score = known[:, None] + _grid(x)
    probability = expit(score)
    clicked = trials.clicked[:, None]
    likelihood = np.log(np.where(clicked > 0.0, probability, 1.0 - probability) + 1e-300)
    share = expit(x[3])
    prior = np.log(np.concatenate([share * WEIGHTS, (1.0 - share) * WEIGHTS]))
    return np.add.reduceat(likelihood, trials.start, axis=0) + prior, clicked - probability, b


def _loss(x: Floats, trials: Trials) -> tuple[float, Floats]:
    """Return minus the mean log likelihood of a trial, and its gradient (7,)."""
    joint, off, b = _joint(x, trials)
    total: Any = logsumexp(joint, axis=1, keepdims=True)
    weight = np.exp(joint - total)  # (c, 10)
    pull = weight[trials.cell] * off  # (n, 10)
    each, by_node = pull.sum(axis=1), pull.sum(axis=0)
    step = 1e-4
    ahead = trials.exposures.satiation(float(np.exp(x[6] + step)))[trials.at]
    spread = np.exp(x[2])
    gradient = np.array(
        [
            by_node[:5].sum(),
            by_node[5:].sum(),
            spread * float(by_node @ np.tile(NODES, 2)),
            float((weight[:, :5].sum(axis=1) - expit(x[3])).sum()),
            float(each @ trials.appeal),
            -float(each @ b),
            -x[5] * float(each @ (ahead - b)) / step,
        ]
    )
    return -float(total.sum()) / len(b), -gradient / len(b)
