"""What a mixture of tastes believes at B visits, and joint draws of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.choice.chances import ChoiceScores, strangers_of
from serendip.agents.beliefs.choice.items import Shelf
from serendip.agents.beliefs.choice.population import GRID, People
from serendip.agents.beliefs.choice.tastes import Tastes
from serendip.agents.compiled import compiled
from serendip.simulator.interface import Floats, Ints, Singles

_LEVELS = 1 << 16  # of a rough uniform


@compiled
def drawn_persona(share: Any, user: int, point: float) -> int:
    """Return the persona of `user` that a uniform draws, from (n, C) r.

    Args:
        share: (n, C) r.
        user: row of the user.
        point: in [0, 1).
    """
    c = 0
    while c < share.shape[1] - 1 and point >= share[user, c]:
        point -= share[user, c]
        c += 1
    return c


@compiled
def draw_tastes(
    rows: Any, likelihood: Any, odds: Any, share: Any, prior: Any, liked: Any, grid: Any, luck: Any, out: Any
) -> None:
    """Fill `out` (B, S, K) with joint draws: a persona, then for each topic whether it is liked, then how much.

    Args:
        rows: (B,) users' rows in the next three.
        likelihood: (n, K, G) of a taste on the grid.
        odds: (n, K) Lambda.
        share: (n, C) r.
        prior: (2, G).
        liked: (C, K) pi.
        grid: (G,), evenly spaced.
        luck: (B, S, 1 + 2 K) uint16 uniforms.
        out: (B, S, K); filled.
    """
    n_topics, n_points = liked.shape[1], grid.shape[0]
    gap = grid[1] - grid[0]
    upper = np.zeros((2, n_points))
    persona = np.zeros(out.shape[1], np.int64)
    for b in range(rows.shape[0]):
        user = rows[b]
        for s in range(out.shape[1]):
            persona[s] = drawn_persona(share, user, (luck[b, s, 0] + 0.5) / _LEVELS)
        for k in range(n_topics):
            mass0, mass1 = 0.0, 0.0
            for g in range(n_points):
                mass0 += prior[0, g] * likelihood[user, k, g]
                mass1 += prior[1, g] * likelihood[user, k, g]
                upper[0, g], upper[1, g] = mass0, mass1
            for s in range(out.shape[1]):
                chance = liked[persona[s], k]
                hit = chance * odds[user, k]
                z = 1 if (luck[b, s, 1 + k] + 0.5) / _LEVELS < hit / (1.0 - chance + hit) else 0
                mark = (luck[b, s, 1 + n_topics + k] + 0.5) / _LEVELS * upper[z, n_points - 1]
                low = 0
                for g in range(n_points - 1):  # of so few points quicker than a search by halves
                    low += 1 if upper[z, g] <= mark else 0
                below = upper[z, low - 1] if low > 0 else 0.0
                within = (mark - below) / max(upper[z, low] - below, 1e-300)
                out[b, s, k] = grid[low] + gap * (within - 0.5)


@dataclass(frozen=True, slots=True)
class MixturePosterior(ChoiceScores):
    """Utilities of all items at B visits: a taste for the topic, quality, less satiation.

    Attributes:
        tastes: what is believed of the tastes of all users.
        people: what users are like.
        shelf: items, positions and satiation.
        groups: (M,) topic of each item.
        rows: (B,) the users' rows, all known.
        sated: (B, K) -eta b, in units of utility.
        liked: (B, K) probability that the user likes each topic.
        weights: (B, K, 2) E[e^theta] if not liked, if liked.
        others: what was believed of the tastes of all users when the belief last learned; who visits in between, and
            when, changes nothing there.
    """

    tastes: Tastes
    people: People
    shelf: Shelf
    groups: Ints
    rows: Ints
    sated: Floats
    liked: Floats
    weights: Floats
    others: Tastes

    @classmethod
    def of(
        cls, tastes: Tastes, people: People, shelf: Shelf, topics: Ints, rows: Ints, fill: Floats, others: Tastes
    ) -> MixturePosterior:
        """Return what is believed of the users at `rows`.

        Args:
            tastes: of all users.
            people: what users are like.
            shelf: items, positions and satiation.
            topics: (M,) topic of each item.
            rows: (B,) the users' rows, all known.
            fill: (B, K) satiation with each topic.
            others: what was believed of all users when the belief last learned.
        """
        sated = -shelf.effect[0] * fill
        liked, weights = tastes.liked(people, rows), tastes.mean_weight[rows]
        return cls(tastes, people, shelf, topics, rows, sated, liked, weights, others)

    @property
    def offset(self) -> Singles:
        """(B, M) q - eta b."""
        return self.quality.astype(np.float32) + self.sated.astype(np.float32)[:, self.groups]

    @property
    def appetite(self) -> Floats:
        """(B, K) e^(-eta b), what satiation leaves of a topic's weight."""
        return np.exp(self.sated)

    @property
    def familiarity(self) -> Floats:
        """(B, K) how familiar each topic is by the user's own clicks, in [0, 1], on the day of the last visit."""
        return self.tastes.known[self.rows]

    @property
    def breadth(self) -> Floats:
        """(B,) how many topics are familiar."""
        return self.familiarity.sum(axis=1)

    @property
    def rate(self) -> Floats:
        """(B,) visits per day, as of the last visit."""
        return self.tastes.rate[self.rows]

    def prospects(self) -> tuple[Floats, Floats]:
        """Return (B, K) the probability that a topic is liked, and E[e^theta] if it is."""
        return self.liked, self.weights[:, :, 1]

    def strangers(self, luck: Luck, *, alike: bool) -> MixturePosterior:
        """Return what is believed of other users, drawn anew for each visit: of any, or of as many slates so far."""
        others, own = self.others, self.tastes.seen[self.rows].sum(axis=1)
        rows = strangers_of(self.rows, own, others.seen.sum(axis=1), luck, alike=alike)
        liked, weights = others.liked(self.people, rows), others.mean_weight[rows]
        return replace(self, tastes=others, rows=rows, liked=liked, weights=weights)

    def level(self) -> Singles:
        """Return (B, K) log E[e^theta]."""
        weights = self.liked * self.weights[:, :, 1] + (1.0 - self.liked) * self.weights[:, :, 0]
        return np.log(weights, dtype=np.float64).astype(np.float32)

    def hypotheses(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, K) joint draws of the tastes."""
        people, tastes = self.people, self.tastes
        n_topics = people.liked.shape[1]
        words = np.stack([luck.of("tastes", s).rough_uniforms(1 + 2 * n_topics) for s in indices], axis=1)
        out = np.empty((len(self.rows), len(indices), n_topics), dtype=np.float32)
        draw_tastes(
            self.rows, tastes.likelihood, tastes.odds, tastes.share, people.on_grid(), people.liked, GRID, words, out
        )
        return out
