"""Utilities under which people, choosing as the world lets them, would like what they liked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.calibration.factors import FactorSettings
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.randomness import generator

Matrix = Any  # a scipy sparse matrix
BLOCK = 1 << 22  # pairs of user and item held at a time
ROUNDS, DAMPING = 25, 0.7
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
    centred = items - mean
    step = max(1, BLOCK // likes.shape[1])
    some = np.sort(generator(seed, "utilities").permutation(likes.shape[0])[:step])
    rows = _Rows(likes[some], users[some], centred, topic, n_topics, settings)
    quality = np.zeros(likes.shape[1])
    target = _shrunk(rows.popularity)
    for _ in range(ROUNDS):
        likely = rows.balance(quality)
        quality += DAMPING * np.log(target / likely.sum(axis=0))
        quality -= quality.mean()
    taste = list[Floats]()
    for start in range(0, likes.shape[0], step):
        block = slice(start, start + step)
        rows = _Rows(likes[block], users[block], centred, topic, n_topics, settings)
        for _ in range(ROUNDS):
            rows.balance(quality)
        taste.append(rows.tastes(users[block], mean, quality))
    factors = np.column_stack([items, np.ones(len(items)), np.eye(n_topics)[topic]])
    return Utilities(np.concatenate(taste), factors, quality)


def _shrunk(popularity: Floats) -> Floats:
    """Return (M,) the popularities that, with Poisson noise around them, vary as much as `popularity` (M,) does."""
    mean, variance = float(popularity.mean()), float(popularity.var())
    share = np.sqrt(max(variance - mean, 0.0) / variance) if variance > 0.0 else 0.0
    return np.maximum(mean + share * (popularity - mean), 0.5)


class _Rows:
    """Some users, their scales and tastes for topics, as they come to agree with the data."""

    def __init__(
        self, likes: Matrix, users: Floats, centred: Floats, topic: Ints, n_topics: int, settings: FactorSettings
    ) -> None:
        self._likes, self._topic, self._settings = likes, np.eye(n_topics)[topic], settings
        self._n = np.diff(likes.indptr).astype(np.float64)
        self._score = users @ centred.T  # (B, M)
        self._own = np.asarray(likes.multiply(self._score).sum(axis=1)).ravel() / self._n
        self._count = likes @ self._topic  # (B, K)
        least = max(float(np.median(self._own)), 1e-6) / settings.max_scale
        self._scale = SCALED / np.maximum(self._own, least)
        self._most = settings.max_gap / np.maximum(self._own, least)
        self._liking = np.zeros(self._count.shape)
        self._time = np.log(self._n / likes.shape[1])
        self.popularity = np.asarray(likes.sum(axis=0), dtype=np.float64).ravel()

    def utility(self, quality: Floats) -> Floats:
        """Return (B, M) utilities, but for their levels."""
        return self._scale[:, None] * self._score + self._liking @ self._topic.T + quality

    def balance(self, quality: Floats) -> Floats:
        """Return (B, M) how likely each item is to be among a user's, and move scales and tastes towards the data."""
        likely = self._likely(self.utility(quality))
        off = self._own - (likely * self._score).sum(axis=1) / self._n
        curve = self._scale * (likely * (1.0 - likely) * self._score**2).sum(axis=1) / self._n
        move = np.clip(DAMPING * off / np.maximum(curve, 1e-9), -0.3, 0.3)
        self._scale = np.clip(self._scale * np.exp(move), 0.1 * self._most, self._most)
        prior = self._settings.topic_prior
        expected = likely @ self._topic
        self._liking += DAMPING * np.log((self._count + prior) / (expected + prior * np.exp(self._liking)))
        return likely

    def tastes(self, users: Floats, mean: Floats, quality: Floats) -> Floats:
        """Return (B, d + 1 + K) tastes, with levels that put histories at `liked_utility`."""
        own = np.asarray(self._likes.multiply(self.utility(quality)).sum(axis=1)).ravel() / self._n
        level = self._settings.liked_utility - own - self._scale * (users @ mean)
        return np.column_stack([users * self._scale[:, None], level, self._liking])

    def _likely(self, utility: Floats) -> Floats:
        """Return (B, M) 1 - exp(-tau_u e^x), each row with the sum n_u (Newton's method from where it was)."""
        rate = np.exp(utility - utility.max(axis=1, keepdims=True))
        for _ in range(4):
            hurry = np.exp(self._time)[:, None] * rate
            still = np.exp(-hurry)
            off = (1.0 - still).sum(axis=1) - self._n
            self._time -= np.clip(off / np.maximum((hurry * still).sum(axis=1), 1e-12), -1.0, 1.0)
        return -np.expm1(-np.exp(self._time)[:, None] * rate)
