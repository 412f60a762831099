"""Item factors, tastes and topics from who liked what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.vq import kmeans2

from serendip.simulator.interface import Floats, Ints
from serendip.simulator.randomness import generator

Matrix = Any  # a scipy sparse matrix
BLOCK = 4096  # rows solved at a time


@dataclass(frozen=True, slots=True)
class FactorSettings:
    """How positives are factorised, and where the utilities of the world are put."""

    n_factors: int = 16
    """At most; no more than one for every 8 users or items, or each history would be fitted by heart."""
    unseen_weight: float = 0.3
    """Weight of a pair that did not happen, against 1 for one that did."""
    penalty: float = 0.01
    """L2 penalty per unit of weight of a row."""
    n_sweeps: int = 8
    n_topics: int = 64
    items_per_topic: int = 10
    """Fewer topics where the catalogue has fewer items than this for each."""
    liked_utility: float = 1.0
    """Mean utility, to each user, of the items in their own history: that of liked topics in the preset worlds."""
    max_gap: float = 8.0
    """Utility by which the items in a user's history are above the others, at most (and a tenth of it at least)."""
    topic_prior: float = 0.3
    """Likes in each topic, as many as expected without it, added before tastes for topics are fitted."""
    max_scale: float = 4.0
    """Largest factor on a user's tastes relative to the median user's, where the fit begins."""


def factorise(likes: Matrix, settings: FactorSettings, seed: int) -> tuple[Floats, Floats]:
    """Return user factors (N, d) and item factors (M, d) of the positives `likes` (N, M) CSR.

    Weighted least squares, alternating: sum over all pairs of c_ui (1[liked] - w_u . v_i)^2 + penalty, c_ui = 1 for a
    positive and `unseen_weight` else.  Hu, Koren & Volinsky (2008); Rendle et al. (2022) for the penalty by weight.
    """
    n_factors = max(1, min(settings.n_factors, min(likes.shape) // 8))
    items = generator(seed, "factors").normal(0.0, 0.1, (likes.shape[1], n_factors))
    transposed = likes.T.tocsr()
    for _ in range(settings.n_sweeps):
        users = solve(likes, items, settings)
        items = solve(transposed, users, settings)
    return solve(likes, items, settings), items


def solve(likes: Matrix, other: Floats, settings: FactorSettings) -> Floats:
    """Return the factors (N, d) of the rows of `likes`, given the factors `other` (M, d) of its columns."""
    n_factors = other.shape[1]
    everywhere = settings.unseen_weight * (other.T @ other)  # (d, d)
    one, two = np.triu_indices(n_factors)
    pairs = other[:, one] * other[:, two]  # (M, d (d + 1) / 2)
    rows = list[Floats]()
    for start in range(0, likes.shape[0], BLOCK):
        block = likes[start : start + BLOCK]
        seen = np.empty((block.shape[0], n_factors, n_factors))
        seen[:, one, two] = seen[:, two, one] = (block @ pairs) * (1.0 - settings.unseen_weight)
        n_seen = np.diff(block.indptr)
        weight = n_seen + settings.unseen_weight * (len(other) - n_seen)
        ridge = settings.penalty * weight[:, None, None] * np.eye(n_factors)
        rows.append(np.linalg.solve(everywhere + seen + ridge, (block @ other)[:, :, None])[:, :, 0])
    return np.concatenate(rows)


def cluster(items: Floats, settings: FactorSettings, seed: int) -> tuple[Ints, int]:
    """Return (M,) topic of each item and the number of topics: k-means on the directions of the item factors."""
    length = np.linalg.norm(items, axis=1, keepdims=True)
    directions = items / np.where(length > 0.0, length, 1.0)
    n_topics = max(1, min(settings.n_topics, len(items) // settings.items_per_topic))
    if n_topics == 1:
        return np.zeros(len(items), dtype=np.int64), 1
    rng = generator(seed, "topics")
    start = _spread_centres(directions, n_topics, rng)
    labels = kmeans2(directions, start, iter=30, minit="matrix", missing="warn")[1]
    used, topic = np.unique(labels, return_inverse=True)
    return topic.astype(np.int64), len(used)


def _spread_centres(points: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Return n of the points, each drawn by squared distance from those before (k-means++)."""
    chosen = [int(rng.integers(len(points)))]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < n and distance.sum() > 0.0:
        chosen.append(int(rng.choice(len(points), p=distance / distance.sum())))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]
