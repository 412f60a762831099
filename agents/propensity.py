"""Exact propensities: a policy that plays one of S candidate slates, or now and then a uniformly random one.

    P(item i at position k) = (1 - epsilon) * sum_s w_s [candidate_s has i at k] + epsilon / M

with M the number of available items.  The candidates are drawn first (posterior samples, ensemble members), and the
probability is exact *given* them, so that importance weights with it are unbiased: no estimate is divided by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.interface import Bools, Floats, Ints, Slates, Visits, at_items


@dataclass(frozen=True, slots=True)
class SlateMixture:
    """A distribution over slates for each of B visits.

    Attributes:
        candidates: (B, S, L) candidate slates; no item twice in one.
        weights: (B, S) probability of each candidate when not exploring; rows sum to 1.  None: 1 / S each.
        epsilon: probability of a uniformly random slate, in [0, 1].
        available: (M,) which items can be shown, or (B, M) where that differs by visit.
    """

    candidates: Ints
    weights: Floats | None
    epsilon: float
    available: Bools

    @property
    def n_available(self) -> Any:
        """Number of items that can be shown; (B,) where it differs by visit."""
        counts = np.count_nonzero(self.available, axis=-1)
        return counts if self.available.ndim == 2 else int(counts)

    def play(self, visits: Visits, key: int) -> Slates:
        """Draw a slate for each visit: a candidate by its weight, or with probability epsilon a random slate."""
        users, day, visit = visits.user_ids, visits.day, visits.visit
        u = randomness.uniform(randomness.derive(key, "candidate"), users, day, visit)  # (B,)
        items = self.candidates[np.arange(len(users)), self._chosen(u)]  # (B, L)
        explored = randomness.uniform(randomness.derive(key, "explore"), users, day, visit) < self.epsilon
        if explored.any():
            some = self.available if self.available.ndim == 1 else self.available[explored]
            items[explored] = random_slates(visits.rows(explored), some, items.shape[1], key)
        return Slates(items, self.at_position(items), self.of_slate(items), explored)

    def at_position(self, items: Ints) -> Floats:
        """Return (B, L) probability of each item of `items` (B, L) at its position."""
        same = self.candidates == items[:, None, :]  # (B, S, L)
        share = self._share(same)  # (B, L)
        return np.minimum(mixed(share, self.epsilon, self._random(items, 1)), 1.0)

    def of_slate(self, items: Ints) -> Floats:
        """Return (B,) probability of each whole slate of `items` (B, L)."""
        same = (self.candidates == items[:, None, :]).all(axis=2)  # (B, S)
        share = self._share(same)  # (B,)
        random = self._random(items, items.shape[1]).prod(axis=1)
        return np.minimum(mixed(share, self.epsilon, random), 1.0)

    def anywhere(self, items: Ints) -> Floats:
        """Return (B, L) probability that each item of `items` (B, L) is anywhere in the slate."""
        length = self.candidates.shape[2]
        held = (self.candidates[:, :, :, None] == items[:, None, None, :]).any(axis=2)  # (B, S, L)
        return np.minimum(mixed(self._share(held), self.epsilon, length * self._random(items, 1)), 1.0)

    def after_prefix(self, items: Ints) -> Floats:
        """Return (B, L) probability of each item at its position given the items before it, for cascades.

        It is the probability of the first k items over that of the first k - 1; 0 where these cannot come.
        """
        same = np.logical_and.accumulate(self.candidates == items[:, None, :], axis=2)  # (B, S, L)
        random = np.cumprod(self._random(items, items.shape[1]), axis=1)
        prefix = mixed(self._share(same), self.epsilon, random)  # (B, L)
        before = np.concatenate([np.ones((len(items), 1)), prefix[:, :-1]], axis=1)
        return np.minimum(np.divide(prefix, before, out=np.zeros_like(prefix), where=before > 0.0), 1.0)

    def likelihoods(self, items: Ints) -> Floats:
        """Return (B, S) probability of the whole slates `items` (B, L) if candidate s were the one that counts."""
        same = (self.candidates == items[:, None, :]).all(axis=2)
        return mixed(same, self.epsilon, self._random(items, items.shape[1]).prod(axis=1)[:, None])

    def given_played(self, likelihoods: Floats) -> SlateMixture:
        """Return the mixture with its candidates reweighted by what was played before from the same hypotheses.

        Where one hypothesis is kept over several slates, what was already played tells which: the propensities given
        the history are those of the mixture with w_s in proportion to w_s times the product of the earlier slates'
        `likelihoods` (B, S).
        """
        shape = self.candidates.shape[:2]
        prior = np.full(shape, 1.0 / shape[1]) if self.weights is None else self.weights
        joint = prior * likelihoods
        total = joint.sum(axis=1, keepdims=True)
        return replace(self, weights=np.where(total > 0.0, joint / np.where(total > 0.0, total, 1.0), prior))

    def _chosen(self, u: Floats) -> Ints:
        """Return (B,) the candidate that the uniform `u` (B,) falls on."""
        if self.weights is None:
            return (u * self.candidates.shape[1]).astype(np.int64)
        return np.sum(u[:, None] >= np.cumsum(self.weights, axis=1)[:, :-1], axis=1)

    def _share(self, values: Any) -> Floats:
        """Return the mean of `values` (B, S, ...) over the candidates, by weight; exact where all S agree."""
        if self.weights is None:
            return values.mean(axis=1)
        weights = self.weights.reshape(self.weights.shape + (1,) * (values.ndim - 2))
        return (values * weights).sum(axis=1)

    def _random(self, items: Ints, n_slots: int) -> Floats:
        """Return (B, L) the random branch's share: epsilon / M each for one slot, factors of 1/(M(M-1)..) for L."""
        n, length = np.reshape(self.n_available, (-1, 1)), items.shape[1]
        shown = at_items(self.available, items).astype(np.float64)  # (B, L) what cannot be shown has probability 0
        if n_slots == 1:
            return self.epsilon / n * shown
        factors = 1.0 / (n - np.arange(length, dtype=np.float64))
        factors[:, 0] *= self.epsilon
        return factors * shown

    def expected(self, values: Floats) -> Floats:
        """Return (B, L) expected value at each position when the item there is worth `values` (L, M)."""
        positions = np.arange(self.candidates.shape[2])
        of_candidates = values[positions, self.candidates]  # (B, S, L)
        greedy = self._share(of_candidates)  # (B, L)
        there = np.atleast_2d(self.available)
        random = there @ values.T / there.sum(axis=1, keepdims=True)  # (1 or B, L)
        return mixed(greedy, self.epsilon, self.epsilon * random)

    def expected_by_group(self, values: Floats, factors: Floats, group: Ints) -> Floats:
        """Return (B, L) expected value where item i is worth `values` (L, M) times the visit's factor of its group.

        Args:
            values: (L, M) worth of each item at each position.
            factors: (B, K) factor of each group at each visit.
            group: (M,) group of each item.
        """
        positions, visits = np.arange(self.candidates.shape[2]), np.arange(len(factors))[:, None, None]
        of_candidates = values[positions, self.candidates] * factors[visits, group[self.candidates]]  # (B, S, L)
        if self.available.ndim == 2:
            random = (self.available * factors[:, group]) @ values.T / self.n_available[:, None]  # (B, L)
        else:
            worth = values * self.available  # (L, M)
            of_groups = np.stack([np.bincount(group, one, factors.shape[1]) for one in worth], axis=1)  # (K, L)
            random = factors @ of_groups / self.n_available
        return mixed(self._share(of_candidates), self.epsilon, self.epsilon * random)


def mixed(share: Any, epsilon: float, random: Any) -> Any:
    """Return (1 - epsilon) share + random: what candidates give in `share` of the cases, and random slates in all.

    `random` holds epsilon already, as the random branch's probability.
    """
    return (1.0 - epsilon) * share + random


def random_slates(visits: Visits, available: Bools, length: int, key: int) -> Ints:
    """Return (B, length) uniformly random slates without repetition, a pure hash of key, user, day and visit.

    Args:
        visits: the B visits.
        available: (M,) which items can be shown, or (B, M) where that differs by visit.
        length: items in a slate.
        key: key of the draws.
    """
    words = randomness.derive(key, "random slate"), visits.user_ids, visits.day, visits.visit
    if available.ndim == 1:
        pool = np.flatnonzero(available)
        return pool[randomness.distinct(len(pool), length, *words)]
    ranks = randomness.distinct(np.count_nonzero(available, axis=1), length, *words)
    first = np.argsort(~available, axis=1, kind="stable")  # (B, M) what can be shown, in order, then the rest
    return np.take_along_axis(first, ranks, axis=1)
