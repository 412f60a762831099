"""How fast satiation wears off can be learned, from a wrong start, from what a site sees."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serendip.agents.beliefs.choice.fading import log_likelihood, wear
from serendip.agents.beliefs.choice.items import Shelf
from serendip.agents.beliefs.choice.population import People
from serendip.agents.beliefs.choice.tastes import Tastes, fading_by_day, scene_of, slate_arrays
from serendip.agents.event_log import Shown
from serendip.agents.registry import load, make
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

TOPICS = np.arange(12) % 4


def slates(n_users: int = 5, n_days: int = 9) -> Shown:
    """Return slates of 3 random items of users who come now and then, the first before the log."""
    rng, parts = np.random.default_rng(0), list[Shown]()
    for day in range(-1, n_days):
        for user in np.flatnonzero(rng.random(n_users) < 0.6):
            items = rng.permutation(12)[:3].astype(np.int32)
            same = [np.full(3, value, np.int32) for value in (user, day, 0)]
            parts.append(Shown(*same, np.arange(3, dtype=np.int32), items, rng.random(3) < 0.3))
    columns = ("rows", "day", "visit", "position", "items", "clicked")
    return Shown(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))


def test_what_wears_off_and_how_likely_it_is_are_what_the_filter_and_the_formula_say() -> None:
    shown, people = slates(), People.first(2, 4)
    shelf = Shelf.first(12, 0.7).with_positions(3)
    tastes, scene = Tastes.unknown(people, 5), scene_of(TOPICS, people, shelf, fading_by_day(3.0))
    expected = tastes.expected(people) * np.random.default_rng(1).uniform(0.5, 2.0, (5, 4))
    fills = tastes.take_in(shown, scene)
    found = np.zeros(len(shown), dtype=np.float32)
    wear(slate_arrays(shown), TOPICS, fading_by_day(3.0), np.zeros((5, 4)), np.zeros(5, np.int64), found)
    np.testing.assert_array_equal(found, fills)
    assert (found > 1.0).any()
    total = 0.0
    for first, end in itertools.pairwise(shown.slate_starts()):
        if shown.day[first] < 0:
            continue
        at = slice(first, end)
        items = shown.items[at]
        weight = scene.pull[items] * expected[shown.rows[at], TOPICS[items]] * scene.examination[shown.position[at]]
        weight = weight * np.exp(-scene.effect * fills[at].astype(np.float64))
        clicked = shown.clicked[at]
        total += np.log(weight[clicked]).sum() - max(clicked.sum(), 1) * np.log(scene.outside + weight.sum())
    assert log_likelihood(slate_arrays(shown), scene, expected, fills) == pytest.approx(total)


@pytest.mark.parametrize("true", [2.0, 10.0])
def test_it_is_learned_from_a_wrong_start_and_saved(true: float, tmp_path: Path) -> None:
    """Next to the truth on the grid after 40 days; where it is not asked for, it stays."""
    settings = read_world("default")[0]
    people, dynamics = replace(settings.population, n_users=300), {**settings.dynamics, "satiation_days": true}
    world = World(replace(settings, population=people, dynamics=dynamics), 3)
    agents = [
        make("greedy", world.items, 5, 3, belief="choice-mixture", fading_days=5.0, learn_fading=asked)
        for asked in (True, False)
    ]
    live(world, agents[0], Schedule(days=40), [])
    live(world, agents[1], Schedule(days=10), [])
    learned, kept = (-1.0 / np.log(agent.belief.fading[1]) for agent in agents)
    assert abs(np.log(learned / true)) < 0.5
    assert kept == pytest.approx(5.0)
    agents[0].save(tmp_path)
    np.testing.assert_array_equal(load(tmp_path).belief.fading, agents[0].belief.fading)
