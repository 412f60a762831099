"""Situations that differ in the reward model whose predictions the log comes with: blind, good, biased, overfitted."""

from __future__ import annotations

from typing import Literal

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import Bandit, Rows, World, rows_of, sigmoid, table, world_of
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.situation import Drawn
from serendip.simulator.interface import Floats

Model = Literal["good", "biased", "overfitted"]


def with_model(model: Model, s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log with the predictions of a model of that sort."""
    world = world_of(rng, s)
    rows = rows_of(rng, s, world)
    predicted, expected = predictions(model, world, rows)
    return table(world, rows, modelled=False).with_columns(predicted=predicted, expected=expected)


def predictions(model: Model, world: World, rows: Rows) -> tuple[Floats, Floats]:
    """Return what a model predicts of each slot, and expects of the target there."""
    rate = sigmoid(world.logit)
    if model == "biased":
        rate = 0.5 * rate + 0.25 * np.linspace(0.0, 1.0, rate.shape[1])
    predicted, expected = rate[rows.kind, rows.item], (world.target * rate).sum(axis=1)[rows.kind]
    if model == "overfitted":  # it knows each slot's reward by heart
        learned = 0.9 * rows.reward + 0.1 * predicted
        return learned, expected + world.target[rows.kind, rows.item] * (learned - predicted)
    return predicted, expected


def _good(s: Bandit, rng: np.random.Generator) -> Drawn:
    return with_model("good", s, rng)


def _biased(s: Bandit, rng: np.random.Generator) -> Drawn:
    return with_model("biased", s, rng)


def _overfitted(s: Bandit, rng: np.random.Generator) -> Drawn:
    return with_model("overfitted", s, rng)


BLIND = situation(
    "unseen-segments",
    summary="The reward model knows items, and tastes differ by segments that it cannot see.",
    half="learned",
    settings=Bandit(2000, n_items=12, n_kinds=4, kind_spread=1.0, epsilon=0.2, modelled=True),
)
GOOD = situation(
    "good-model",
    summary="The reward model knows all but the users' own rates.",
    half="shown",
    settings=Bandit(kind_spread=1.2, item_spread=1.0),
    draw=_good,
)
BIASED = situation(
    "biased-model",
    summary="The reward model is off by a third, in the order of the items.",
    half="shown",
    settings=Bandit(2000, epsilon=0.2),
    draw=_biased,
)
OVERFITTED = situation(
    "overfitted-model",
    summary="The reward model knows the log's own rewards by heart.",
    half="learned",
    settings=Bandit(),
    draw=_overfitted,
)
