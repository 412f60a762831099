"""Each world of the evidence is what its summary says, and else as `default`."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from serendip.simulator.arrays import to_numpy
from serendip.simulator.oracle.truth import liked_topics
from serendip.simulator.settings import read_world
from serendip.simulator.settings_json import settings_to_json
from serendip.simulator.world import World

DIFFERS = {
    "no-satiation": {"dynamics.satiation_effect": 0.0},
    "quiet-personas": {"population.agreement": 0.2},
    "many-topics": {"catalogue.n_topics": 200, "population.liked_topics": 4.0},
    "new-items": {"catalogue.new_share": 0.5, "catalogue.release_days": 120},
    "new-users": {"population.n_users": 1200, "population.inflow_per_day": 7.0, "population.inflow_days": 120},
    "high-churn": {"dynamics.leaving": 0.06},
    "null": {"dynamics.discovery_effect": 0.0},
    "no-satisfaction": {"dynamics.satisfaction_effect": 0.0},
    "frozen": {"dynamics.discovery_effect": 0.0, "dynamics.satisfaction_effect": 0.0},
    "factors": {"catalogue.blend": 0.5},
    "nonlinear": {"catalogue.curvature": 0.5},
    "field-sized": {"dynamics.discovery_effect": 0.04, "dynamics.satisfaction_effect": 0.04},
}


def flat(name: str) -> dict[str, Any]:
    values = settings_to_json(read_world(name)[0])
    nested = {part: values.pop(part) for part in ("catalogue", "population", "choice", "dynamics")}
    return values | {f"{part}.{key}": value for part, found in nested.items() for key, value in found.items()}


def small(name: str, n_users: int = 400, seed: int = 0) -> World:
    settings, _ = read_world(name)
    return World(
        dataclasses.replace(settings, population=dataclasses.replace(settings.population, n_users=n_users)), seed
    )


@pytest.mark.parametrize("name", DIFFERS)
def test_it_differs_from_default_in_what_it_says_and_in_nothing_else(name: str) -> None:
    ours, plain = flat(name), flat("default")
    found = {key: value for key, value in ours.items() if key not in ("name", "summary") and value != plain.get(key)}
    assert found == DIFFERS[name]
    assert ours["name"] == name
    assert ours["summary"]


def utility_after(world: World, times: int) -> float:
    """Return what the first user's best topic is worth after so many slates of nothing else."""
    state, users = world.start(), np.array([0])
    topic = int(np.argmax(world.people.taste[0, : world.catalogue.n_topics]))
    items = np.flatnonzero(np.asarray(world.items.topic) == topic)[:5][None, :]
    for visit in range(times):
        world.show(state, 0, visit, users, items)
    return float(world.utility(state, users, items).mean())


def test_nobody_tires_without_satiation() -> None:
    assert utility_after(small("no-satiation"), 6) == utility_after(small("no-satiation"), 0)
    assert utility_after(small("default"), 6) < utility_after(small("default"), 0) - 1.0


def test_quiet_personas_tell_little() -> None:
    def told(name: str) -> float:
        """Return the largest chance, over topics, that one topic is liked given another, a common one."""
        liked = liked_topics(small(name, 4000)).astype(float)
        together, alone = liked.T @ liked, liked.sum(axis=0)
        share = np.where(alone[:, None] >= 100, together / np.maximum(alone[:, None], 1), 0.0)
        np.fill_diagonal(share, 0.0)
        return float(share.max())

    assert told("default") > 0.6
    assert told("quiet-personas") < 0.35


def test_four_of_two_hundred_topics_are_liked() -> None:
    liked = liked_topics(small("many-topics", 2000))
    assert liked.shape[1] == 200
    assert 3.0 < liked.sum(axis=1).mean() < 5.5


def test_items_and_users_arrive() -> None:
    released = small("new-items").items.released
    assert (released == 0).mean() == 0.5
    assert released.max() <= 120
    first = to_numpy(World(read_world("new-users")[0], 0).people.first_day)
    assert 0.35 < (first > 0).mean() < 0.47


def test_users_who_do_not_come_are_lost_faster() -> None:
    def left(name: str) -> float:
        world = small(name)
        return float(np.mean(to_numpy(world.dynamics.hazard(world.start()))))

    assert left("high-churn") == pytest.approx(3.0 * left("default"), rel=1e-5)


@pytest.mark.parametrize("name", ["factors", "nonlinear"])
def test_items_of_one_topic_differ_in_what_a_user_wants(name: str) -> None:
    def order_shared(world: World) -> float:
        """Return the correlation of what items of a topic are worth between users, 1 where only quality decides."""
        items = np.flatnonzero(np.asarray(world.items.topic) == 0)[None, :]
        users = np.arange(200)
        worth = world.match(users, np.repeat(items, len(users), axis=0))
        return float(np.corrcoef(worth)[np.triu_indices(len(users), 1)].mean())

    assert order_shared(small("default")) > 0.999
    assert order_shared(small(name)) < 0.9


def test_a_level_is_wanted_neither_less_nor_more() -> None:
    plain, world = small("default"), small("nonlinear")
    users, items = np.arange(100), np.tile(np.arange(50), (100, 1))
    lost = plain.match(users, items) - world.match(users, items)  # c ((l - a)^2 - 2)
    level, wanted = to_numpy(world.catalogue.factors)[:50, -3], to_numpy(world.people.taste)[:100, -3]
    np.testing.assert_allclose(lost, 0.5 * ((level[None, :] - wanted[:, None]) ** 2 - 2.0), atol=1e-4)
    everyone = 0.5 * ((to_numpy(world.catalogue.factors)[None, :, -3] - to_numpy(world.people.taste)[:, None, -3]) ** 2)
    assert abs(everyone.mean() - 1.0) < 0.15


def test_a_blend_lies_between_the_two_topics() -> None:
    factors = to_numpy(small("factors").catalogue.factors)
    np.testing.assert_allclose(factors.sum(axis=1), 1.0, rtol=1e-6)
    assert ((factors > 0).sum(axis=1) <= 2).all()
    assert (factors.argmax(axis=1) == np.asarray(small("factors").items.topic)).mean() > 0.99
