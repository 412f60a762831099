"""What is believed of items at B visits where users are vectors over factors, and joint draws of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.choice.chances import ChoiceScores, strangers_of
from serendip.agents.beliefs.choice.items import Shelf
from serendip.agents.beliefs.vectors.arrays import Array, ItemArrays, VectorArrays
from serendip.agents.beliefs.vectors.loadings import Loadings
from serendip.agents.beliefs.vectors.users import Vectors
from serendip.agents.compiled import compiled
from serendip.simulator.interface import Floats, Ints, Singles

_LEVELS = 1 << 16  # of a rough uniform
_LIKELY = 1e-3  # share of a persona from which it counts
_HIGHEST = 5.0  # variance of a utility that counts, so that no guess is worth everything
LIKED_FROM = 0.0  # utility from which an item counts as liked


@compiled
def weigh(users: VectorArrays, user: int, items: ItemArrays, i: int, whole: bool) -> tuple[float, float, float]:
    """Return of v theta of item `i`: log E[e^x], P(x > t) and E[e^x | x > t], with t = LIKED_FROM.

    Of a Gaussian N(m, s^2): m + s^2 / 2, Phi((m - t) / s), and e^(m + s^2 / 2) Phi((m + s^2 - t) / s) over that.

    Args:
        users: what is believed of all users.
        user: row of the user.
        items: what items are about.
        i: the item.
        whole: whether more than the first is asked for.
    """
    spread = total = chance = worth = 0.0
    for j in range(items.n_factors[i]):
        for k in range(items.n_factors[i]):
            both = items.share[i, j] * items.share[i, k]
            spread += both * users.covariance[user, items.index[i, j], items.index[i, k]]
    spread = min(max(spread, 1e-6), _HIGHEST)
    scale = math.sqrt(2.0 * spread)
    for c in range(users.share.shape[1]):
        r = users.share[user, c]
        if r < _LIKELY:
            continue
        at = 0.0
        for j in range(items.n_factors[i]):
            at += items.share[i, j] * users.mean[user, c, items.index[i, j]]
        weight = r * math.exp(at + 0.5 * spread)
        total += weight
        if not whole:
            continue
        chance += 0.5 * r * math.erfc((LIKED_FROM - at) / scale)
        worth += 0.5 * weight * math.erfc((LIKED_FROM - at - spread) / scale)
    chance = min(max(chance, 1e-12), 1.0)
    return math.log(total), chance, max(worth / chance, math.exp(LIKED_FROM))


@compiled
def weigh_all(users: VectorArrays, rows: Array, items: ItemArrays, level: Array, chance: Array, weight: Array) -> None:
    """Fill (B, M) each with what `weigh` says of all items; those about one factor alone share one answer.

    Args:
        users: what is believed of all users.
        rows: (B,) whom it is asked of.
        items: what items are about.
        level: filled.
        chance: filled.
        weight: filled; if it and the last have no rows, neither is worked out.
    """
    whole = weight.shape[1] == level.shape[1]
    first = np.full(users.fill.shape[1], -1)  # an item that is about each factor alone
    for i in range(level.shape[1]):
        if items.n_factors[i] == 1 and first[items.index[i, 0]] < 0:
            first[items.index[i, 0]] = i
    for b in range(rows.shape[0]):
        for i in range(level.shape[1]):
            one = first[items.index[i, 0]] if items.n_factors[i] == 1 else i
            if one < i:
                level[b, i] = level[b, one]
                if whole:
                    chance[b, i], weight[b, i] = chance[b, one], weight[b, one]
                continue
            log, p, worth = weigh(users, rows[b], items, i, whole)
            level[b, i] = log
            if whole:
                chance[b, i], weight[b, i] = p, worth


@compiled
def draw_vectors(
    rows: Array, mean: Array, roots: Array, share: Array, persona: Array, normal: Array, out: Array
) -> None:
    """Fill `out` (B, S, d) with joint draws: a persona, then mean + root normal.

    Args:
        rows: (B,) users' rows in `mean` and `share`.
        mean: (n, C, d).
        roots: (B, d, d) lower Cholesky factors of the covariances.
        share: (n, C).
        persona: (B, S) uint16 uniforms.
        normal: (B, S, d) float32.
        out: filled.
    """
    n_personas, d = mean.shape[1], mean.shape[2]
    for b in range(rows.shape[0]):
        user = rows[b]
        for s in range(out.shape[1]):
            point, c = (persona[b, s] + 0.5) / _LEVELS, 0
            while c < n_personas - 1 and point >= share[user, c]:
                point -= share[user, c]
                c += 1
            for i in range(d):
                total = np.float32(0.0)
                for k in range(i + 1):
                    total += roots[b, i, k] * normal[b, s, k]
                out[b, s, i] = mean[user, c, i] + total


@compiled
def combine(vectors: Array, items: ItemArrays, part: Array, out: Array) -> None:
    """Fill `out` with the products of vectors and what items are about.

    Args:
        vectors: (R, d).
        items: what items are about.
        part: (M, J) how much each of an item's factors counts.
        out: (R, M), filled.
    """
    for r in range(out.shape[0]):
        for i in range(out.shape[1]):
            total = np.float32(0.0)
            for j in range(items.n_factors[i]):
                total += part[i, j] * vectors[r, items.index[i, j]]
            out[r, i] = total


@dataclass(frozen=True)
class VectorPosterior(ChoiceScores):
    """Utilities of all items at B visits: v theta, quality, less satiation; every item is a group of its own.

    Attributes:
        vectors: what is believed of all users.
        shelf: items, positions and satiation.
        loadings: what items are about.
        groups: (M,) every item is a group of its own.
        rows: (B,) the users' rows, all known.
        fill: (B, d) satiation by factor.
        others: what was believed of all users when the belief last learned.
    """

    vectors: Vectors
    shelf: Shelf
    loadings: Loadings
    groups: Ints
    rows: Ints
    fill: Floats
    others: Vectors

    @cached_property
    def sated(self) -> Floats:
        """(B, M) -eta b, in units of utility."""
        out = np.empty((len(self.rows), len(self.groups)), dtype=np.float32)
        combine(self.fill.astype(np.float32), self._items, self._items.unit, out)
        return -self.shelf.effect[0] * out.astype(np.float64)

    @property
    def appetite(self) -> Floats:
        """(B, M) e^(-eta b), what satiation leaves of an item's weight."""
        return np.exp(self.sated)

    @property
    def offset(self) -> Singles:
        """(B, M) q - eta b."""
        return self.quality.astype(np.float32) + self.sated.astype(np.float32)

    @property
    def familiarity(self) -> Floats:
        """(B, M) how familiar what each item is about is, in [0, 1], on the day of the last visit."""
        known = self.vectors.known[self.rows]
        return np.clip(known @ self.loadings.dense(known.shape[1]).T, 0.0, 1.0)

    @property
    def breadth(self) -> Floats:
        """(B,) how many factors are familiar."""
        return self.vectors.known[self.rows].sum(axis=1)

    @property
    def rate(self) -> Floats:
        """(B,) visits per day, as of the last visit."""
        return self.vectors.rate[self.rows]

    def prospects(self) -> tuple[Floats, Floats]:
        """Return (B, M) the probability that an item's utility without quality is above 0, and E[e^x] if it is."""
        _, chance, weight = self._weighed(whole=True)
        return chance, weight

    def strangers(self, luck: Luck, *, alike: bool) -> VectorPosterior:
        """Return what is believed of other users, drawn anew for each visit: of any, or of as many slates so far."""
        rows = strangers_of(self.rows, self.vectors.seen[self.rows], self.others.seen, luck, alike=alike)
        return replace(self, vectors=self.others, rows=rows)

    def level(self) -> Singles:
        """Return (B, M) log E[e^(v theta)]."""
        return self._weighed(whole=False)[0].astype(np.float32)

    def hypotheses(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, M) v theta under joint draws of theta."""
        d = self.fill.shape[1]
        wide = self.vectors.covariance[self.rows].astype(np.float64)
        roots = np.linalg.cholesky(wide + 1e-6 * np.eye(d)).astype(np.float32)
        persona = np.stack([luck.of("persona", s).rough_uniforms(1)[:, 0] for s in indices], axis=1)
        normal = np.stack([luck.of("vector", s).rough_normals(d) for s in indices], axis=1)
        theta = np.empty((len(self.rows), len(indices), d), dtype=np.float32)
        draw_vectors(self.rows, self.vectors.mean, roots, self.vectors.share, persona, normal, theta)
        out = np.empty((len(self.rows), len(indices), len(self.groups)), dtype=np.float32)
        combine(theta.reshape(-1, d), self._items, self._items.share, out.reshape(-1, len(self.groups)))
        return out

    @cached_property
    def _items(self) -> ItemArrays:
        return self.loadings.view()

    def _weighed(self, *, whole: bool) -> tuple[Floats, Floats, Floats]:
        """Return (B, M) logarithms of expected weights and, if asked, chances that items are liked and weights then."""
        shape = len(self.rows), len(self.groups)
        more = shape if whole else (0, 0)
        level, chance, weight = np.empty(shape), np.empty(more), np.empty(more)
        weigh_all(self.vectors.view(), self.rows, self._items, level, chance, weight)
        return level, chance, weight
