"""Utilities under which people, choosing as the world lets them, would like what they liked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.calibration.factors import FactorSettings
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.randomness import generator

Matrix = Any  # a scipy sparse matrix
SAMPLE = 1 << 22  # pairs of user and item by which qualities are fitted
BLOCK = 1 << 18  # pairs held at a time after that: about as much as stays in the cache
ROUNDS, DAMPING = 25, 0.7
STEPS = 4  # of Newton's method in each round, from where the round before ended; with two, qualities are off by 2
LONGEST = (
    80.0  # log of the time a user has: e^80 is within single precision, and for who liked nearly all there is none
)
SCALED = 3.0  # utility by which a user's own items are above the others, to begin with


@dataclass(frozen=True, slots=True)
class Utilities:
    """Of N users and M items in K topics.

    Attributes:
        taste: (N, d + 1 + K) tastes.
        factors: (M, d + 1 + K) what they are multiplied with: item factors, 1, and the unit vector of the topic.
        quality: (M,) worth of each item to everybody.
    """

    taste: Floats
    factors: Floats
    quality: Floats


def fit_utilities(
    likes: Matrix, users: Floats, items: Floats, topic: Ints, n_topics: int, settings: FactorSettings, seed: int
) -> Utilities:
    """Return utilities x_ui = s_u (w_u - mean) . v_i + t_uk(i) + q_i + level_u that make expectation and data agree.

    n_u items drawn one after the other by multinomial logit are those of the n_u first arrivals of exponential clocks
    with rates e^x, so that item i is among them with probability about 1 - exp(-tau_u e^x_ui), with tau_u such that
    these sum to n_u.  Iterative scaling then matches, as the likelihood equations have it: each item's number of likes
    (by q; shrunk by what chance adds to their variance), each user's mean score (by s, within bounds), each user's
    likes in each topic (by t, with `topic_prior` likes as expected added).  Levels put every user's history at
    `liked_utility`: how likely anything is to be clicked at all cannot be seen where only likes are.

    Args:
        likes: (N, M) sparse, 1 where a user likes an item.
        users: (N, d) factors of the users.
        items: (M, d) factors of the items.
        topic: (M,) topic of each item.
        n_topics: number of topics.
        settings: bounds, priors and number of steps of the fit.
        seed: number that all draws follow from.
    """
    mean = items.mean(axis=0)
    order = np.argsort(topic, kind="stable")  # topics stand together, so that sums over them are sums over slices
    ordered, centred, sizes = likes[:, order], (items - mean)[order], np.bincount(topic, minlength=n_topics)
    some = np.sort(generator(seed, "utilities").permutation(likes.shape[0])[: max(1, SAMPLE // likes.shape[1])])
    rows = _Rows(ordered[some], users[some], centred, sizes, settings)
    quality = np.zeros(likes.shape[1])
    target = _shrunk(rows.popularity)
    for _ in range(ROUNDS):
        likely = rows.balance(quality)
        quality += DAMPING * np.log(target / likely.sum(axis=0, dtype=np.float64))
        quality -= quality.mean()
    taste, step = list[Floats](), max(1, BLOCK // likes.shape[1])
    for start in range(0, likes.shape[0], step):
        block = slice(start, start + step)
        rows = _Rows(ordered[block], users[block], centred, sizes, settings)
        for _ in range(ROUNDS):
            rows.balance(quality)
        taste.append(rows.tastes(users[block], mean, quality))
    factors = np.column_stack([items, np.ones(len(items)), np.eye(n_topics)[topic]])
    of_items = np.empty_like(quality)
    of_items[order] = quality
    return Utilities(np.concatenate(taste), factors, of_items)


def _shrunk(popularity: Floats) -> Floats:
    """Return (M,) the popularities that, with Poisson noise around them, vary as much as `popularity` (M,) does."""
    mean, variance = float(popularity.mean()), float(popularity.var())
    share = np.sqrt(max(variance - mean, 0.0) / variance) if variance > 0.0 else 0.0
    return np.maximum(mean + share * (popularity - mean), 0.5)


class _Rows:
    """Some users, their scales and tastes for topics, as they come to agree with the data; items stand by topic.

    What is held of every pair of user and item is in single precision, which the fit does not notice.
    """

    def __init__(self, likes: Matrix, users: Floats, centred: Floats, sizes: Ints, settings: FactorSettings) -> None:
        self._likes, self._sizes, self._settings = likes, sizes, settings
        self._starts = np.cumsum(sizes) - sizes
        self._n = np.diff(likes.indptr).astype(np.float64)
        self._score: Any = users.astype(np.float32) @ centred.T.astype(np.float32)  # (B, M)
        self._liked_score = np.einsum("nd,nd->n", users[self._user], centred[likes.indices])
        self._own = np.bincount(self._user, self._liked_score, len(self._n)) / self._n
        topics = np.repeat(np.arange(len(sizes)), sizes)
        self._cell = self._user * len(sizes) + topics[likes.indices]
        self._count = np.bincount(self._cell, minlength=len(self._n) * len(sizes)).reshape(-1, len(sizes))  # (B, K)
        least = max(float(np.median(self._own)), 1e-6) / settings.max_scale
        self._scale = SCALED / np.maximum(self._own, least)
        self._most = settings.max_gap / np.maximum(self._own, least)
        self._liking = np.zeros(self._count.shape)
        self._time = np.log(self._n / likes.shape[1])
        self.popularity = np.asarray(likes.sum(axis=0), dtype=np.float64).ravel()

    @property
    def _user(self) -> Ints:
        """The user of each like."""
        return np.repeat(np.arange(len(self._n)), np.diff(self._likes.indptr))

    def utility(self, quality: Floats) -> Floats:
        """Return (B, M) utilities, but for their levels."""
        found = self._scale[:, None].astype(np.float32) * self._score
        found += np.repeat(self._liking.astype(np.float32), self._sizes, axis=1)
        found += quality.astype(np.float32)
        return found

    def balance(self, quality: Floats) -> Floats:
        """Return (B, M) how likely each item is to be among a user's, and move scales and tastes towards the data."""
        likely = self._likely(self.utility(quality))
        scored = likely * self._score
        off = self._own - scored.sum(axis=1) / self._n
        scored *= self._score
        scored *= 1.0 - likely
        curve = self._scale * scored.sum(axis=1) / self._n
        move = np.clip(DAMPING * off / np.maximum(curve, 1e-9), -0.3, 0.3)
        self._scale = np.clip(self._scale * np.exp(move), 0.1 * self._most, self._most)
        prior = self._settings.topic_prior
        expected = np.add.reduceat(likely, self._starts, axis=1).astype(np.float64)
        self._liking += DAMPING * np.log((self._count + prior) / (expected + prior * np.exp(self._liking)))
        return likely

    def tastes(self, users: Floats, mean: Floats, quality: Floats) -> Floats:
        """Return (B, d + 1 + K) tastes, with levels that put histories at `liked_utility`."""
        user = self._user
        liked = self._scale[user] * self._liked_score + self._liking.ravel()[self._cell] + quality[self._likes.indices]
        own = np.bincount(user, liked, len(self._n)) / self._n
        level = self._settings.liked_utility - own - self._scale * (users @ mean)
        return np.column_stack([users * self._scale[:, None], level, self._liking])

    def _likely(self, utility: Floats) -> Floats:
        """Return (B, M) 1 - exp(-tau_u e^x), each row with the sum n_u (Newton's method from where it was)."""
        utility -= utility.max(axis=1, keepdims=True)
        rate = np.exp(utility, out=utility)
        for _ in range(STEPS):
            hurry = np.exp(self._time)[:, None].astype(np.float32) * rate
            still = np.exp(-hurry)
            off = (1.0 - still).sum(axis=1) - self._n
            still *= hurry
            self._time -= np.clip(off / np.maximum(still.sum(axis=1), 1e-12), -1.0, 1.0)
            np.minimum(self._time, LONGEST, out=self._time)
        return -np.expm1(-np.exp(self._time)[:, None].astype(np.float32) * rate)
