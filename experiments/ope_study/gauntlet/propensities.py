"""Situations in which the log is wrong: propensities that are not those of the choice, items that it never shows."""

from __future__ import annotations

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import Bandit, World, rows_of, table, world_of
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.situation import Drawn
from serendip.simulator.interface import Floats


def _with_propensity(drawn: Drawn, propensity: Floats) -> Drawn:
    return drawn.with_columns(propensity=propensity)


def _of_bandit(s: Bandit, rng: np.random.Generator) -> Drawn:
    world = world_of(rng, s)
    return table(world, rows_of(rng, s, world), s.modelled)


def _shuffled(s: Bandit, rng: np.random.Generator) -> Drawn:
    drawn = _of_bandit(s, rng)
    return _with_propensity(drawn, rng.permutation(drawn.columns["propensity"]))


def _of_the_next(s: Bandit, rng: np.random.Generator) -> Drawn:
    drawn = _of_bandit(s, rng)
    return _with_propensity(drawn, np.roll(drawn.columns["propensity"], -1))


def _one_item(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log that says twice the propensity of the item that the target shows most."""
    drawn = _of_bandit(s, rng)
    item, chance = drawn.columns["item"], drawn.columns["propensity"]
    wrong = np.bincount(item, drawn.columns["target"]).argmax()
    return _with_propensity(drawn, np.where(item == wrong, np.minimum(2.0 * chance, 1.0), chance))


def _branch(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log that says 1 of each slot in which the best item was shown."""
    drawn = _of_bandit(s, rng)
    chance = drawn.columns["propensity"]
    return _with_propensity(drawn, np.where(chance > 0.5, 1.0, chance))


def never_shown(share: float, s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log that never shows each kind its second best item, which the target shows with probability `share`."""
    world = world_of(rng, s)
    rows, second = np.arange(s.n_kinds), np.argsort(world.logit, axis=1)[:, -2]
    logging, target = world.logging.copy(), (1.0 - share) * world.target
    logging[rows, second] = 0.0
    logging /= logging.sum(axis=1, keepdims=True)
    lost = target[rows, second].copy()
    target[rows, second] = 0.0
    target *= (1.0 - share) / (1.0 - share - lost)[:, None]
    target[rows, second] = share
    kept = World(world.logit, world.worth, logging, target, world.shifts)
    return table(kept, rows_of(rng, s, kept), s.modelled)


def _a_fortieth(s: Bandit, rng: np.random.Generator) -> Drawn:
    return never_shown(0.025, s, rng)


def _a_fifth(s: Bandit, rng: np.random.Generator) -> Drawn:
    return never_shown(0.2, s, rng)


SHUFFLED = situation(
    "shuffled-propensities", summary="Propensities are of other rows.", half="shown", settings=Bandit(), draw=_shuffled
)
NEXT = situation(
    "next-propensities",
    summary="Propensities are of the next row.",
    half="learned",
    settings=Bandit(),
    draw=_of_the_next,
)
ONE_ITEM = situation(
    "one-item-wrong",
    summary="The propensity of the target's main item is twice what it was.",
    half="learned",
    settings=Bandit(),
    draw=_one_item,
)
BRANCH = situation(
    "branch-propensities",
    summary="The propensity of the best item is written as 1.",
    half="shown",
    settings=Bandit(),
    draw=_branch,
)
MISSING_LITTLE = situation(
    "missing-little",
    summary="A big log never shows each segment one good item, which the target shows in 2.5% of the slots.",
    half="learned",
    settings=Bandit(20_000, base=-2.0, kind_spread=1.0),
    draw=_a_fortieth,
)
MISSING_MUCH = situation(
    "missing-much",
    summary="The log never shows each segment one good item, which the target shows in a fifth of the slots.",
    half="shown",
    settings=Bandit(kind_spread=1.0),
    draw=_a_fifth,
)
