"""Situations of slates: items that compete for one click, with and without what whole slates can be weighed by."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import choose
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.situation import Drawn
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class Slated:
    """Settings of a world of slates.

    Attributes:
        n_users: how many users the log has; each sees `n_visits` slates.
        n_visits: slates of a user.
        n_items: how many items there are.
        length: slots of a slate.
        epsilon: how often the logging policy shows any slate; else its best.
        target_epsilon: how often the target shows any slate; else its best.
        compete: whether a slate has one click at most (multinomial logit); else slots are rewarded by themselves.
        whole: whether the log comes with the probability of each whole slate.
    """

    n_users: int = 800
    n_visits: int = 2
    n_items: int = 8
    length: int = 3
    epsilon: float = 0.5
    target_epsilon: float = 0.2
    compete: bool = True
    whole: bool = False


def draw_slates(s: Slated, rng: np.random.Generator) -> Drawn:
    """Return a log of slates with the truth, a sum over all slates that there are."""
    slates = np.array(list(itertools.permutations(range(s.n_items), s.length)))  # (S, L)
    worth = rng.normal(-0.3, 1.0, s.n_items)
    rate = _rates(worth, slates, s.compete)  # (S, L)
    chance = [
        _mostly(worth + rng.normal(0.0, 1.0, s.n_items), slates, epsilon) for epsilon in (s.epsilon, s.target_epsilon)
    ]
    at_position = [_marginals(one, slates, s.n_items) for one in chance]
    n = s.n_users * s.n_visits
    shown = rng.choice(len(slates), size=n, p=chance[0])
    reward = _rewards(rng, rate[shown], s.compete)
    at = np.arange(s.length)[None, :], slates[shown]
    columns = {
        "user": np.repeat(np.repeat(np.arange(s.n_users), s.n_visits), s.length),
        "visit": np.repeat(np.tile(np.arange(s.n_visits), s.n_users), s.length),
        "item": slates[shown].ravel(),
        "position": np.tile(np.arange(s.length), n),
        "reward": reward.ravel(),
        "propensity": at_position[0][at].ravel(),
        "target": at_position[1][at].ravel(),
    }
    if s.whole:
        columns |= {
            "slate_propensity": np.repeat(chance[0][shown], s.length),
            "slate_target": np.repeat(chance[1][shown], s.length),
        }
    truth, logged = (float(one @ rate.mean(axis=1)) for one in (chance[1], chance[0]))
    return Drawn(columns, truth, logged)


def _rates(worth: Floats, slates: Ints, compete: bool) -> Floats:
    """Return (S, L) chance of a click on each slot of each slate."""
    pull = np.exp(worth)[slates] * 0.8 ** np.arange(slates.shape[1])
    return pull / (1.0 + pull.sum(axis=1, keepdims=True)) if compete else pull / (3.0 + pull)


def _mostly(believed: Floats, slates: Ints, epsilon: float) -> Floats:
    """Return (S,) probability of each slate under a policy that shows the best, or any."""
    best = np.argsort(-believed)[: slates.shape[1]]
    return epsilon / len(slates) + (1.0 - epsilon) * (slates == best).all(axis=1)


def _marginals(chance: Floats, slates: Ints, n_items: int) -> Floats:
    """Return (L, M) probability of each item at each position."""
    return np.stack([np.bincount(slates[:, k], chance, n_items).astype(np.float64) for k in range(slates.shape[1])])


def _rewards(rng: np.random.Generator, rate: Floats, compete: bool) -> Floats:
    """Return (n, L) clicks."""
    if not compete:
        return (rng.random(rate.shape) < rate).astype(np.float64)
    clicked = choose(rng, np.concatenate([rate, 1.0 - rate.sum(axis=1, keepdims=True)], axis=1))
    return (clicked[:, None] == np.arange(rate.shape[1])).astype(np.float64)


COMPETING = situation(
    "competing-items",
    summary="Slates of 3 with one click at most; nothing is known of whole slates.",
    half="learned",
    settings=Slated(),
    draw=draw_slates,
)
COMPETING_RARE = situation(
    "competing-rare-slates",
    summary="Slates of 3 with one click at most; whole slates can be weighed, but the target's are hardly shown.",
    half="shown",
    settings=Slated(whole=True, epsilon=0.3),
    draw=draw_slates,
)
COMPETING_SMALL = situation(
    "competing-few-slates",
    summary="Slates of 2 of 4 items with one click at most; whole slates can be weighed.",
    half="learned",
    settings=Slated(n_items=4, length=2, whole=True),
    draw=draw_slates,
)
ADDING = situation(
    "adding-slots",
    summary="Slates of 3 whose slots are rewarded by themselves; whole slates can be weighed.",
    half="shown",
    settings=Slated(n_items=5, length=3, compete=False, whole=True, epsilon=0.6, target_epsilon=0.5),
    draw=draw_slates,
)
