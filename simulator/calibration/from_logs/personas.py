"""What each user likes, from a log, by the likelihood of clicks given what was shown: a mixture of personas.

A user is of persona c ~ w, likes topic k with chance pi_ck, and has a taste ~ N(mu_z, s^2), z = liked or not.  A slate
adds to what is known of the taste for each of its topics

    LL(theta) += y theta - log(R + a e^theta),  a = sum over the topic's slots of gamma e^(q - eta b)

with y whether one of them was clicked and R = 1 + what the other topics weigh, at the mean of what is known of them.
Whoever chose the slate, that holds: a policy which shows what is liked does not make users seem to like more, as
weighted click rates do.  What was clicked before the first day counts too, and what is never shown to a user stays as
likely as it is to others of the persona.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp

from serendip.simulator.calibration.from_logs.choices import Choices
from serendip.simulator.calibration.from_logs.showings import QUALITY, Showings, qualities
from serendip.simulator.interface import Bools, Floats, Ints

PERSONAS, STEPS, RESTARTS = 16, 20, 2  # kinds of users at most, steps of EM, and times that it is begun
_USERS_EACH = 30  # users for each persona at least
_PSEUDO = 2.0  # users of each persona that like a topic as all do
_NODES, _RANGE = 27, (-6.5, 2.6)  # tastes at which likelihoods are computed, less the utility of clicking nothing
_LEVELS = 100  # steps of EM for the level of all chances of liking
_ROUNDS = 4  # of personas, then qualities and means
GAP, SPREAD = 3.2, 0.5  # of tastes between liked and other topics, and around both: those of the preset worlds
_ORGANIC_ODDS = 3.0  # log odds that a topic with clicks before the first day is liked, for each of up to two clicks


@dataclass(frozen=True, slots=True)
class Tastes:
    """What is known of n users' tastes for K topics, and of M items' qualities.

    Attributes:
        grid: (G,) tastes, less the utility of clicking nothing.
        cell: (c,) user K + topic of each pair that was shown or clicked, in order.
        seen: (c, G) log likelihood of what came of it, at each taste.
        prior: (2, G) chance of each taste of a topic that is not liked, and of one that is.
        share: (C,) of each persona.
        likes: (C, K) chance that a user of a persona likes a topic.
        quality: (M,) of items, of mean 0 within topics.
        error: (M,) standard errors of qualities.
        means: mean taste for other and for liked topics, less the utility of clicking nothing.
        spread: standard deviation of tastes around these.
        n_users: n.
        chosen: (c,) whether a pair is there because it was clicked before the first day: it says of its user, but not
            of how many topics are liked, for what is not liked would not have been there.
    """

    grid: Floats
    cell: Ints
    seen: Floats
    prior: Floats
    share: Floats
    likes: Floats
    quality: Floats
    error: Floats
    means: tuple[float, float]
    spread: float
    n_users: int
    chosen: Bools

    @property
    def n_topics(self) -> int:
        """Number of topics K."""
        return self.likes.shape[1]

    def evidence(self) -> Floats:
        """Return (c,) log odds that what was seen of a pair comes of a liked topic."""
        one: Any = logsumexp(self.seen + np.log(self.prior[1]), axis=1)
        other: Any = logsumexp(self.seen + np.log(self.prior[0]), axis=1)
        return one - other

    def of_users(self) -> Floats:
        """Return (n, C) how likely each user is of each persona."""
        return _of_users(self.evidence(), self.cell, self.share, self.likes, self.n_users)

    def liked(self, kind: Ints) -> Floats:
        """Return (n, K) chance that each user likes each topic, were they of the personas `kind` (n,)."""
        odds = np.log(self.likes / (1.0 - self.likes))[kind]
        np.add.at(odds.reshape(-1), self.cell, self.evidence())
        return expit(odds)

    def posterior(self) -> Floats:
        """Return (c, G) how likely each taste is for each pair that was shown, over all personas."""
        of_users, user, topic = self.of_users(), self.cell // self.n_topics, self.cell % self.n_topics
        odds = np.log(self.likes / (1.0 - self.likes)).T[topic]  # (c, C)
        liked = (of_users[user] * expit(odds + self.evidence()[:, None])).sum(axis=1)
        by_kind = self._by_kind()
        return (1.0 - liked)[:, None] * by_kind[0] + liked[:, None] * by_kind[1]

    def draw(self, rng: np.random.Generator) -> Floats:
        """Return (n, K) tastes drawn jointly: a persona, what is liked, and how much."""
        kind = _pick(self.of_users(), rng)
        liked = rng.random((self.n_users, self.n_topics)) < self.liked(kind)
        mean = np.where(liked, self.means[1], self.means[0])
        taste = mean + self.spread * rng.standard_normal(mean.shape)
        which = liked.reshape(-1)[self.cell]
        by_kind = self._by_kind()
        node = _pick(np.where(which[:, None], by_kind[1], by_kind[0]), rng)
        step = self.grid[1] - self.grid[0]
        taste.reshape(-1)[self.cell] = self.grid[node] + step * (rng.random(len(node)) - 0.5)
        return taste

    def _by_kind(self) -> Floats:
        """Return (2, c, G) how likely each taste is for each pair, were the topic not liked, and liked."""
        logs: Any = self.seen[None] + np.log(self.prior)[:, None, :]
        total: Any = logsumexp(logs, axis=2, keepdims=True)
        return np.exp(logs - total)


def fit_tastes(showings: Showings, topic: Ints, choices: Choices, organic: Floats, rng: np.random.Generator) -> Tastes:
    """Return the tastes that make what was clicked likely, given what was shown.

    Args:
        showings: what was shown and clicked.
        topic: (M,) topic of each item.
        choices: where to begin.
        organic: (n, K) clicks before the first day.
        rng: of the first personas.
    """
    n_users, n_topics = organic.shape
    cell = showings.cell
    before = np.minimum(organic.reshape(-1)[cell], 2.0) * _ORGANIC_ODDS  # log odds
    chosen = before > 0.0
    means, spread = (choices.liked - GAP, choices.liked), SPREAD
    quality, error = np.zeros(len(topic)), np.full(len(topic), QUALITY)
    grid = np.linspace(*_RANGE, _NODES)
    weight = showings.weights(quality)
    mean = np.full(len(showings.pair), np.exp(means[0]) * 2.0)
    found: Tastes | None = None
    for _ in range(_ROUNDS):
        rest = showings.rest(weight, mean)
        seen = showings.likelihood(weight, rest, grid)
        seen = seen + np.where(grid > 0.5 * (means[0] + means[1]), before[:, None], 0.0)
        start = np.ones(1), np.full((1, n_topics), 0.1)
        one = Tastes(
            grid, cell, seen, _prior(grid, means, spread), *start, quality, error, means, spread, n_users, chosen
        )
        found = _best(one, rng)
        mean = showings.means(weight, rest, found.posterior(), grid)
        quality, error = qualities(showings, mean, topic, quality)
        weight = showings.weights(quality)
        liked = _moved(found)
        means = liked - GAP, liked
    assert found is not None
    return found


def _prior(grid: Floats, means: tuple[float, float], spread: float) -> Floats:
    """Return (2, G) chance of each taste for topics that are not liked, and for those that are."""
    density = np.exp(-0.5 * ((grid[None] - np.array(means)[:, None]) / spread) ** 2) + 1e-12
    return density / density.sum(axis=1, keepdims=True)


def _best(start: Tastes, rng: np.random.Generator) -> Tastes:
    """Return the personas with the largest posterior among several beginnings."""
    evidence, best, found = start.evidence(), -np.inf, start
    user, topic = start.cell // start.n_topics, start.cell % start.n_topics
    n_kinds = int(np.clip(start.n_users // _USERS_EACH, 1, PERSONAS))
    for _ in range(RESTARTS):
        share = np.full(n_kinds, 1.0 / n_kinds)
        likes = _begin(evidence, user, topic, start, n_kinds, rng)
        for _ in range(STEPS):
            of_users = _of_users(evidence, start.cell, share, likes, start.n_users)
            share, likes = _maximised(evidence, start, of_users, likes)
        worth = _worth(evidence, start.cell, share, likes, start.n_users)
        if worth > best:
            best, found = worth, _with(start, share, likes)
    return found


def _with(start: Tastes, share: Floats, likes: Floats) -> Tastes:
    same = start.grid, start.cell, start.seen, start.prior
    rest = start.quality, start.error, start.means, start.spread, start.n_users, start.chosen
    return Tastes(*same, share, likes, *rest)


def _begin(evidence: Floats, user: Ints, topic: Ints, start: Tastes, n_kinds: int, rng: np.random.Generator) -> Floats:
    """Return (C, K) chances of liking, each persona's after a user and those nearest to it.

    The level of all of them is found first, without personas: EM moves it slowly where pairs are shown seldom.
    """
    level, counts = 0.1, evidence[~start.chosen]
    for _ in range(_LEVELS):
        level = float(np.clip(expit(np.log(level / (1.0 - level)) + counts).mean(), 1e-3, 0.9))
    liked, shown = np.full((start.n_users, start.n_topics), level), np.zeros((start.n_users, start.n_topics))
    liked[user, topic], shown[user, topic] = expit(np.log(level / (1.0 - level)) + evidence), ~start.chosen
    centres = liked[rng.choice(start.n_users, n_kinds, replace=False)]
    near = np.zeros(start.n_users, dtype=np.int64)
    for _ in range(8):
        near = np.argmin((centres**2).sum(axis=1) - 2.0 * liked @ centres.T, axis=1)
        for kind in np.unique(near):
            centres[kind] = liked[near == kind].mean(axis=0)
    members = np.eye(n_kinds)[near]
    hits, total = members.T @ (liked * shown), members.T @ shown
    return np.clip((hits + _PSEUDO * level) / (total + _PSEUDO), 1e-3, 0.98)


def _joint(evidence: Floats, cell: Ints, share: Floats, likes: Floats, n_users: int) -> Floats:
    """Return (n, C) log chance of each persona and of what was seen of each user."""
    user, topic = cell // likes.shape[1], cell % likes.shape[1]
    found = np.tile(np.log(share), (n_users, 1))
    odds = np.exp(np.clip(evidence, -40.0, 40.0))
    for kind, chance in enumerate(likes):
        found[:, kind] += np.bincount(user, np.log1p(chance[topic] * (odds - 1.0)), n_users)
    return found


def _of_users(evidence: Floats, cell: Ints, share: Floats, likes: Floats, n_users: int) -> Floats:
    joint = _joint(evidence, cell, share, likes, n_users)
    total: Any = logsumexp(joint, axis=1, keepdims=True)
    return np.exp(joint - total)


def _worth(evidence: Floats, cell: Ints, share: Floats, likes: Floats, n_users: int) -> float:
    total: Any = logsumexp(_joint(evidence, cell, share, likes, n_users), axis=1)
    return float(total.sum())


def _maximised(evidence: Floats, start: Tastes, of_users: Floats, likes: Floats) -> tuple[Floats, Floats]:
    """Return the shares and chances of liking that follow; pairs that were never shown say nothing of them."""
    counts = ~start.chosen
    user, topic, evidence = start.cell[counts] // start.n_topics, start.cell[counts] % start.n_topics, evidence[counts]
    liked = expit(np.log(likes / (1.0 - likes)).T[topic] + evidence[:, None])  # (c, C)
    weight = of_users[user]
    n_kinds, n_topics = likes.shape
    total = np.stack([np.bincount(topic, weight[:, c], n_topics) for c in range(n_kinds)])
    hits = np.stack([np.bincount(topic, weight[:, c] * liked[:, c], n_topics) for c in range(n_kinds)])
    overall = (hits.sum() + 0.1) / (total.sum() + 1.0)
    of_topic = (hits.sum(axis=0) + 4.0 * _PSEUDO * overall) / (total.sum(axis=0) + 4.0 * _PSEUDO)
    found = np.clip((hits + _PSEUDO * of_topic) / (total + _PSEUDO), 1e-3, 0.98)
    share = of_users.sum(axis=0) + 1.0
    return share / share.sum(), found


def _moved(found: Tastes) -> float:
    """Return the mean taste for liked topics that makes what was seen of the pairs likely; `GAP` below are the others.

    A topic that is shown once tells only how often users click; whether many like it a little or few like it much is
    told by those shown often, which a policy chooses.  So the gap is not found but given.
    """
    of_users, user, topic = found.of_users(), found.cell // found.n_topics, found.cell % found.n_topics
    liked = (of_users[user] * found.likes.T[topic]).sum(axis=1)  # (c,), before what was seen of the pair
    seen = np.exp(found.seen - found.seen.max(axis=1, keepdims=True))

    def loss(mean: float) -> float:
        prior = _prior(found.grid, (mean - GAP, mean), found.spread)
        return -float(np.log((1.0 - liked) * (seen @ prior[0]) + liked * (seen @ prior[1])).mean())

    best: Any = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded", options={"xatol": 0.01})
    return float(best.x)


def _pick(chances: Floats, rng: np.random.Generator) -> Ints:
    """Return (n,) a column for each row, drawn by its chances."""
    upper = np.cumsum(chances, axis=1)
    return np.minimum((upper < rng.random((len(chances), 1)) * upper[:, -1:]).sum(axis=1), chances.shape[1] - 1)
