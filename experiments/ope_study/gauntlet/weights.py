"""Situations that differ in the weights: rare exploration, big logs of it, short logs, targets close to or far off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import Bandit, World, rows_of, shifts_of, sigmoid, table, world_of
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.rounds import Fixed, OneToFew
from serendip.experiments.ope_study.gauntlet.situation import Drawn


@dataclass(frozen=True, slots=True)
class Smooth:
    """A log of actions on a line, whose weights are log-normal.

    Attributes:
        shift: shift of the target, in standard deviations of the logging policy; the spread of the weights' logarithm.
        n_users: how many users the log has.
        rounds: rounds of each user.
        n_actions: points on the line, from -4.5 to 4.5.
        base: logit of a reward in the middle.
        slope: rise of the logit with the place.
    """

    shift: float
    n_users: int = 1000
    rounds: int = 3
    n_actions: int = 121
    base: float = -1.0
    slope: float = 0.7


def _reversed(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log that shows item i with probability (i + 1) / sum, for a target that does the reverse."""
    logging = np.arange(1.0, s.n_items + 1.0)[None, :] / (s.n_items * (s.n_items + 1) / 2)
    drawn = world_of(rng, s)
    world = World(drawn.logit, drawn.worth, logging, logging[:, ::-1], shifts_of(s))
    return table(world, rows_of(rng, s, world), s.modelled)


def _of_the_logger(s: Bandit, rng: np.random.Generator) -> Drawn:
    drawn = world_of(rng, s)
    world = World(drawn.logit, drawn.worth, drawn.logging, drawn.logging, drawn.shifts)
    return table(world, rows_of(rng, s, world), s.modelled)


def draw_smooth(s: Smooth, rng: np.random.Generator) -> Drawn:
    """Return a log of actions on a line, chosen as from a normal distribution, for a target that is shifted."""
    place = np.linspace(-4.5, 4.5, s.n_actions)
    logging, target = (chance / chance.sum() for chance in (np.exp(-0.5 * (place - c) ** 2) for c in (0.0, s.shift)))
    rate = sigmoid(s.base + s.slope * place)
    n = s.n_users * s.rounds
    item = rng.choice(s.n_actions, size=n, p=logging)
    columns = {
        "user": np.repeat(np.arange(s.n_users), s.rounds),
        "item": item,
        "reward": (rng.random(n) < rate[item]).astype(np.float64),
        "propensity": logging[item],
        "target": target[item],
    }
    return Drawn(columns, float(target @ rate), float(logging @ rate))


SHORT = situation(
    "short-log",
    summary="Three hundred users, four items shown in proportions 1 to 4; the target reverses them.",
    half="learned",
    settings=Bandit(300, Fixed(5), n_items=4, n_kinds=1),
    draw=_reversed,
)
SAME = situation(
    "target-is-logger",
    summary="The target is the logging policy.",
    half="shown",
    settings=Bandit(500),
    draw=_of_the_logger,
)
GREEDY = situation(
    "greedy-target",
    summary="A uniform log, for a target that shows its best of ten items alone.",
    half="shown",
    settings=Bandit(1500, n_items=10, epsilon=1.0, target_epsilon=0.0),
)
HEAVY = situation(
    "heavy-weights",
    summary="Each of twenty items is explored in one slot of 400; the target shows another best.",
    half="learned",
    settings=Bandit(2000, n_items=20, epsilon=0.05, doubt=1.2),
)
EXTREME = situation(
    "extreme-weights",
    summary="Each of a hundred items is explored in one slot of 1,000; the target shows any in half the slots.",
    half="shown",
    settings=Bandit(1500, n_items=100, epsilon=0.1, target_epsilon=0.5),
)
BIG = situation(
    "big-log",
    summary="60,000 slots of 15,000 users in four segments that the reward model cannot see; epsilon .1.",
    half="learned",
    settings=Bandit(
        15_000, Fixed(4), 20, 4, base=-0.6, kind_spread=0.7, epsilon=0.1, target_epsilon=0.4, modelled=True
    ),
)
BIGGER = situation(
    "big-log-rare-exploration",
    summary="60,000 slots of 20,000 users in four segments that the reward model cannot see; epsilon .05.",
    half="shown",
    settings=Bandit(
        20_000, OneToFew(2.0), 20, 4, base=-1.0, kind_spread=0.7, epsilon=0.05, target_epsilon=0.5, modelled=True
    ),
)
SMOOTH = situation(
    "smooth-weights",
    summary="Actions on a line, normal, and a target that is shifted by 1.3: weights are log-normal.",
    half="learned",
    settings=Smooth(1.3),
    draw=draw_smooth,
)
SMOOTH_HEAVY = situation(
    "smooth-heavy-weights",
    summary="The same, shifted by 2.2: a hundredth of the slots is left in effect.",
    half="shown",
    settings=Smooth(2.2),
    draw=draw_smooth,
)
