"""Who the users are: personas, each with its chance to like every topic, learned from what was seen of all users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.agents.compiled import compiled
from serendip.agents.models.model import Arrays
from serendip.simulator import randomness
from serendip.simulator.interface import Bools, Floats, Ints

_AT_ONCE = 24  # factors, each from 1e-4 to 1e12, multiplied before their logarithm is taken
_LEAST_SHARE = 1e-4  # of a persona in a user that is counted
GRID: Floats = np.linspace(-4.2, 3.0, 25)  # tastes, in units of utility
FIRST_MEAN: Floats = np.array([-2.0, 0.5])  # of a taste for a topic that is not liked, that is liked
FIRST_SPREAD: Floats = np.array([0.7, 0.7])
_FIRST_LIKED = 0.1
_TASTES_FOR_MEAN, _TASTES_FOR_SPREAD = 300.0, 1000.0


@dataclass(frozen=True, slots=True)
class People:
    """The prior of a user's tastes.

    Attributes:
        weight: (C,) w, share of each persona.
        liked: (C, K) pi, probability that a persona's users like a topic.
        mean: (2,) mu of a taste for a topic that is not liked, that is liked.
        spread: (2,) s likewise.
    """

    weight: Floats
    liked: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def first(cls, n_personas: int, n_topics: int) -> People:
        """Return what is taken for granted before anything was seen: wrong, but of the right kind."""
        liked = np.full((n_personas, n_topics), _FIRST_LIKED)
        return cls(np.full(n_personas, 1.0 / n_personas), liked, FIRST_MEAN, FIRST_SPREAD)

    def on_grid(self) -> Floats:
        """Return (2, G) the two priors of a taste on the grid; rows sum to 1."""
        z = (GRID - self.mean[:, None]) / self.spread[:, None]
        density = np.exp(-0.5 * z * z) + 1e-12
        return density / density.sum(axis=1, keepdims=True)

    def with_tastes(self, sums: Floats) -> People:
        """Return people with the means and spreads of tastes that the sums of `taste_moments` say.

        Some tastes as they are taken for granted are added: spreads, above all, tell little apart.
        """
        n = sums[:, 0]
        mean = (sums[:, 1] + _TASTES_FOR_MEAN * FIRST_MEAN) / (n + _TASTES_FOR_MEAN)
        square = sums[:, 2] - 2.0 * mean * sums[:, 1] + n * mean**2  # about the mean
        spread = np.sqrt((square + _TASTES_FOR_SPREAD * FIRST_SPREAD**2) / (n + _TASTES_FOR_SPREAD))
        return People(self.weight, self.liked, mean, spread)

    def arrays(self) -> Arrays:
        """Return all of it."""
        return {"weight": self.weight, "liked": self.liked, "mean": self.mean, "spread": self.spread}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n users' likings, user after user: only topics of which anything is known.

    Attributes:
        starts: (n + 1,) where each user's topics begin.
        topics: (N,) topic.
        odds: (N,) Lambda, how much likelier what was seen is if the topic is liked.
        chosen: (N,) whether the user clicked it unasked, before the log.
    """

    starts: Ints
    topics: Ints
    odds: Floats
    chosen: Bools

    @classmethod
    def of(cls, odds: Floats, seen: Bools, chosen: Bools) -> Evidence:
        """Return the evidence where topics were shown or chosen; all (n, K)."""
        users, topics = np.nonzero(seen | chosen)
        starts = np.searchsorted(users, np.arange(len(odds) + 1))
        return cls(starts, topics, odds[users, topics], chosen[users, topics])


@compiled
def expect(
    starts: Any, topics: Any, odds: Any, chosen: Any, weight: Any, liked: Any, share: Any, hits: Any, shown: Any
) -> float:
    """Return the log likelihood of all users, and fill what the M step needs.

    r_uc is proportional to w_c prod_k (1 - pi_ck + pi_ck Lambda_uk), over topics of which anything is known.

    Args:
        starts: (n + 1,) where each user's topics begin.
        topics: (N,) topic.
        odds: (N,) Lambda.
        chosen: (N,) whether it was clicked unasked.
        weight: (C,) w.
        liked: (C, K) pi.
        share: (n, C) r; filled.
        hits: (C, K) sum_u r_uc p_uck; added to.
        shown: (C, K) sum_u r_uc where the topic was not chosen; added to.
    """
    n_personas = weight.shape[0]
    by_topic = liked.T.copy()  # (K, C): personas side by side, for vector units
    hit, asked = np.zeros_like(by_topic), np.zeros_like(by_topic)
    first = np.log(weight)
    logs, product, counted = np.zeros((3, n_personas))
    total = 0.0
    for u in range(starts.shape[0] - 1):
        logs[:] = first
        for start in range(starts[u], starts[u + 1], _AT_ONCE):
            product[:] = 1.0
            for j in range(start, min(start + _AT_ONCE, starts[u + 1])):
                k, ratio = topics[j], odds[j]
                for c in range(n_personas):
                    product[c] *= 1.0 - by_topic[k, c] + by_topic[k, c] * ratio
            for c in range(n_personas):
                logs[c] += np.log(product[c])
        top, scale = logs.max(), 0.0
        for c in range(n_personas):
            logs[c] = np.exp(logs[c] - top)
            scale += logs[c]
        total += top + np.log(scale)
        for c in range(n_personas):
            share[u, c] = logs[c] / scale
            counted[c] = share[u, c] if share[u, c] >= _LEAST_SHARE else 0.0
        for j in range(starts[u], starts[u + 1]):
            k, ratio = topics[j], odds[j]
            for c in range(n_personas):
                likes = by_topic[k, c] * ratio
                hit[k, c] += counted[c] * likes / (1.0 - by_topic[k, c] + likes)
                asked[k, c] += 0.0 if chosen[j] else counted[c]
    hits += hit.T
    shown += asked.T
    return total


@compiled
def taste_moments(likelihood: Any, prior: Any, chance: Any, seen: Any, grid: Any) -> Any:
    """Return (2, 3) sums over users and topics that were shown: of probabilities, of E[theta] and of E[theta^2].

    Args:
        likelihood: (n, K, G).
        prior: (2, G).
        chance: (n, K) probability of being liked.
        seen: (n, K) slates that had the topic; pairs without any say nothing.
        grid: (G,).
    """
    sums = np.zeros((2, 3))
    for u in range(likelihood.shape[0]):
        for k in range(likelihood.shape[1]):
            if seen[u, k] == 0:
                continue
            for z in range(2):
                mass, first, second = 1e-30, 0.0, 0.0
                for g in range(grid.shape[0]):
                    value = prior[z, g] * likelihood[u, k, g]
                    mass += value
                    first += value * grid[g]
                    second += value * grid[g] * grid[g]
                p = chance[u, k] if z == 1 else 1.0 - chance[u, k]
                sums[z, 0] += p
                sums[z, 1] += p * first / mass
                sums[z, 2] += p * second / mass
    return sums


@compiled
def liked_chances(odds: Any, liked: Any, share: Any, out: Any) -> None:
    """Fill `out` (n, K) with the probability that each of n users likes each topic.

    Args:
        odds: (n, K) Lambda.
        liked: (C, K) pi.
        share: (n, C) r.
        out: (n, K); filled.
    """
    for u in range(odds.shape[0]):
        for k in range(odds.shape[1]):
            out[u, k] = 0.0
        for c in range(liked.shape[0]):
            r = share[u, c]
            if r < 1e-6:
                continue
            for k in range(odds.shape[1]):
                hit = liked[c, k] * odds[u, k]
                out[u, k] += r * hit / (1.0 - liked[c, k] + hit)


def learn_people(people: People, evidence: Evidence, key: int, *, restarts: int, steps: int, pull: float) -> People:
    """Return the personas that explain best what was seen of all users, by EM from here and from `restarts` other ones.

    The largest posterior probability with `pull` made-up users a persona who like each topic as all users do.

    Args:
        people: where to go on from.
        evidence: of n users.
        key: of the stream that the restarts are drawn from.
        restarts: starts besides the personas that are known.
        steps: of EM, for each.
        pull: number of made-up users.
    """
    best, most = people, -np.inf
    alike = bool(np.ptp(people.liked, axis=0).max() < 1e-9)  # from where EM does not find its way
    for start in range(int(alike), restarts + 1 + int(alike)):
        at = people if start == 0 else _random_start(people, evidence, randomness.generator(key, "start", start))
        found, score = _em(at, evidence, steps, pull)
        if score > most:
            best, most = found, score
    return best


def shares(people: People, evidence: Evidence) -> Floats:
    """Return (n, C) probability of each persona, of every user."""
    share = np.empty((len(evidence.starts) - 1, len(people.weight)))
    nothing = np.zeros_like(people.liked)
    e = evidence
    expect(e.starts, e.topics, e.odds, e.chosen, people.weight, people.liked, share, nothing, nothing.copy())
    return share


def _em(people: People, evidence: Evidence, steps: int, pull: float) -> tuple[People, float]:
    """Return the personas after so many steps, and their log posterior before the last one.

    Of a topic that was shown, the M step counts who likes it among whom it was shown to.  Who clicks a topic unasked
    is one of those who like it, with probability pi_ck / sum_k pi_ck, and is no sample of who does.
    """
    weight, liked = people.weight, people.liked
    share = np.empty((len(evidence.starts) - 1, len(weight)))
    has_chosen = np.zeros(len(share))
    has_chosen[np.searchsorted(evidence.starts, np.flatnonzero(evidence.chosen), side="right") - 1] = 1.0
    score = -np.inf
    e = evidence
    for _ in range(steps):
        hits, shown = np.zeros_like(liked), np.zeros_like(liked)
        total = expect(e.starts, e.topics, e.odds, e.chosen, weight, liked, share, hits, shown)
        size = share.sum(axis=0)  # (C,)
        n_chose = share.T @ has_chosen / liked.sum(axis=1)  # (C,) how often a topic would be chosen, if liked
        asked = shown + n_chose[:, None]  # (C, K)
        average = np.clip(weight @ liked, 1e-3, 0.9)  # (K,) share of all users who like each topic
        score = total + float((pull * (average * np.log(liked) + (1.0 - average) * np.log1p(-liked))).sum())
        liked = np.clip((hits + pull * average) / (asked + pull), 1e-4, 1.0 - 1e-4)
        weight = (size + 1.0) / (len(share) + len(size))
    return People(weight, liked, people.mean, people.spread), score


def _random_start(people: People, evidence: Evidence, rng: np.random.Generator) -> People:
    """Return personas each of which is one user, as far as is known, and half everybody."""
    n_personas = len(people.weight)
    average = people.weight @ people.liked
    liked = np.tile(average, (n_personas, 1))
    for c, user in enumerate(rng.integers(len(evidence.starts) - 1, size=n_personas)):
        mine = slice(evidence.starts[user], evidence.starts[user + 1])
        topics, odds = evidence.topics[mine], evidence.odds[mine]
        own = average[topics] * odds / (1.0 - average[topics] + average[topics] * odds)
        liked[c, topics] = 0.5 * own + 0.5 * average[topics]
    return People(np.full(n_personas, 1.0 / n_personas), np.clip(liked, 1e-3, 0.999), people.mean, people.spread)
