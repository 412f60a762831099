"""Situations that differ in who wrote the log: a policy that learns, several, one whose reader trained on the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import (
    Bandit,
    Rows,
    World,
    choose,
    mostly,
    rewards_of,
    rows_of,
    table,
    users_of,
    world_of,
)
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.situation import Drawn
from serendip.simulator.interface import Floats

_N_BATCHES = 20


@dataclass(frozen=True, slots=True)
class Learner:
    """A logging policy that learns after each twentieth of the log.

    Attributes:
        world: settings of the world.
        policy: `greedy` shows the best item so far; `thompson` plays one of 32 hypotheses.
        first: epsilon at the start.
        last: epsilon at the end.
    """

    world: Bandit
    policy: Literal["greedy", "thompson"]
    first: float
    last: float


def learning(s: Learner, rng: np.random.Generator) -> Drawn:
    """Return a log of a policy that learns from it; its propensities are exact at each time."""
    world = world_of(rng, s.world)
    user, kind, shift = users_of(rng, s.world)
    n, shape = len(user), world.logit.shape
    item, reward, propensity = np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n)
    seen = np.zeros((2, *shape))
    for b, rows in enumerate(np.array_split(np.arange(n), _N_BATCHES)):
        epsilon = s.first + (s.last - s.first) * b / (_N_BATCHES - 1)
        policy = epsilon / shape[1] + (1.0 - epsilon) * _best(s.policy, seen, rng)
        item[rows] = choose(rng, policy[kind[rows]])
        propensity[rows] = policy[kind[rows], item[rows]]
        logit = world.logit[kind[rows], item[rows]] + shift[rows]
        reward[rows] = rewards_of(rng, s.world, world, logit, item[rows])
        np.add.at(seen[0], (kind[rows], item[rows]), 1.0)
        np.add.at(seen[1], (kind[rows], item[rows]), reward[rows])
    drawn = table(world, Rows(user, kind, item, reward), s.world.modelled)
    return Drawn({**drawn.columns, "propensity": propensity}, drawn.truth, float(reward.mean()))


def _best(policy: str, seen: Floats, rng: np.random.Generator) -> Floats:
    """Return (G, M) how likely each item is taken to be best, from (2, G, M) slots and rewards."""
    if policy == "greedy":
        return mostly((seen[1] + 1.0) / (seen[0] + 4.0) + 1e-9 * rng.random(seen.shape[1:]), 0.0)
    drawn = rng.beta(seen[1] + 1.0, seen[0] - seen[1] + 1.0, (32, *seen.shape[1:]))
    return np.eye(seen.shape[2])[drawn.argmax(axis=2)].mean(axis=0)


def _several(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log that three policies wrote, each for a third of the users; the first explores most."""
    world = world_of(rng, s)
    policies = np.stack([mostly(world.logit + rng.normal(0.0, 1.0, world.logit.shape), e) for e in (1.0, 0.3, 0.1)])
    user, kind, shift = users_of(rng, s)
    who = user % 3
    item = choose(rng, policies[who, kind])
    reward = rewards_of(rng, s, world, world.logit[kind, item] + shift, item)
    share = np.bincount(who, minlength=3) / len(who)
    balanced = np.einsum("k,kn->n", share, policies[:, kind, item])
    drawn = table(world, Rows(user, kind, item, reward), s.modelled)
    columns = {**drawn.columns, "propensity": policies[who, kind, item], "balanced_propensity": balanced}
    return Drawn(columns, drawn.truth, float(share @ [world.value(policy) for policy in policies]))


def _trained(by_kind: bool, s: Bandit, rng: np.random.Generator, other: bool = False) -> Drawn:
    """Return a log for a target that mostly shows what was rewarded most often in the log itself, or in another."""
    world = world_of(rng, s)
    rows = rows_of(rng, s, world)
    read = rows_of(rng, s, world) if other else rows
    seen = np.zeros((2, *world.logit.shape))
    np.add.at(seen[0], (read.kind, read.item), 1.0)
    np.add.at(seen[1], (read.kind, read.item), read.reward)
    if not by_kind:
        seen = np.broadcast_to(seen.sum(axis=1, keepdims=True), seen.shape)
    target = mostly((seen[1] + 0.2) / (seen[0] + 1.0), s.target_epsilon)
    return table(World(world.logit, world.worth, world.logging, target, world.shifts), rows, s.modelled)


def _trained_on_items(s: Bandit, rng: np.random.Generator) -> Drawn:
    return _trained(False, s, rng)


def _trained_on_segments(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log for a target that mostly shows each segment what was rewarded most often there in the log itself."""
    return _trained(True, s, rng)


def _trained_on_others(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log for a target that mostly shows each segment what was rewarded most often there in another log."""
    return _trained(True, s, rng, other=True)


GREEDY = situation(
    "learning-logger",
    summary="The logging policy shows the best item so far, and explores less and less.",
    half="learned",
    settings=Learner(Bandit(in_time=True, n_kinds=1), "greedy", 1.0, 0.1),
    draw=learning,
)
THOMPSON = situation(
    "thompson-logger",
    summary="The logging policy plays one of 32 hypotheses, and any item in a tenth of the slots.",
    half="shown",
    settings=Learner(Bandit(2000, in_time=True, n_kinds=2, n_items=10), "thompson", 0.1, 0.1),
    draw=learning,
)
LEARNING_IN_DRIFT = situation(
    "learning-in-drift",
    summary="Rewards become twice as likely while the logging policy learns.",
    half="shown",
    settings=Learner(Bandit(in_time=True, drift=0.9), "greedy", 0.8, 0.2),
    draw=learning,
)
DRIFT = situation(
    "drift",
    summary="Rewards become three times as likely from the first row to the last.",
    half="learned",
    settings=Bandit(drift=1.4),
)
SEVERAL = situation(
    "several-loggers",
    summary="Three policies wrote the log, one explores little; the mixture's propensities are known too.",
    half="learned",
    settings=Bandit(1500),
    draw=_several,
)
TRAINED = situation(
    "trained-on-the-log",
    summary="The target mostly shows the item that was rewarded most often in this very log.",
    half="learned",
    settings=Bandit(500, n_items=20, n_kinds=1, item_spread=0.2, epsilon=1.0, target_epsilon=0.2),
    draw=_trained_on_items,
)
TRAINED_OTHERS = situation(
    "trained-on-others",
    summary="The target shows each segment what was rewarded most often there, in a log of other users.",
    half="shown",
    settings=Bandit(1000, n_items=15, n_kinds=4, kind_spread=0.3, epsilon=1.0, target_epsilon=0.1),
    draw=_trained_on_others,
)
TRAINED_SEGMENTS = situation(
    "trained-by-segment",
    summary="The target shows each of four segments what was rewarded most often there in this very log.",
    half="learned",
    settings=Bandit(1000, n_items=15, n_kinds=4, kind_spread=0.3, epsilon=1.0, target_epsilon=0.1),
    draw=_trained_on_segments,
)
TRAINED_FINELY = situation(
    "trained-finely",
    summary="The target shows each of twenty segments what was rewarded most often there in this very log.",
    half="shown",
    settings=Bandit(2000, n_items=10, n_kinds=20, kind_spread=0.3, epsilon=1.0, target_epsilon=0.1),
    draw=_trained_on_segments,
)
TRAINED_LOGGED = situation(
    "trained-on-a-greedy-log",
    summary="The target shows each of three segments what was rewarded most often there in a log that explores little.",
    half="shown",
    settings=Bandit(1000, n_kinds=3, kind_spread=0.3, epsilon=0.3, target_epsilon=0.1),
    draw=_trained_on_segments,
)
