"""The fast life of one user is, bit by bit, the life that the world gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serendip.envs.lives.crowd import Crowd
from serendip.envs.lives.life import LoneLife, open_crowd, open_life
from serendip.envs.lives.swift import SwiftCrowd, SwiftLife, can_live
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.fitted import Fitted
from serendip.simulator.population import Cohort, PopulationSettings
from serendip.simulator.settings import WorldSettings, preset_names, read_world
from serendip.simulator.world import World, make_world

PEOPLE = PopulationSettings(
    n_users=40,
    inflow_per_day=1.0,
    inflow_days=20,
    cohorts=(Cohort(), Cohort("quick", 2.0, rate=3.0, learning=2.0, satisfaction_step=2.0, discovery_effect=0.5)),
)
STRANGE = WorldSettings(
    mean_slates=1.5,
    catalogue=CatalogueSettings(n_items=200, n_topics=7),
    population=PEOPLE,
    choice={"kind": "multinomial-logit", "outside": -0.5, "examination": 1.0},
    dynamics={"kind": "repertoire", "unfamiliarity": 0.7, "loyalty": 2.0, "max_rate": 0.6, "satiation_step": 0.31},
)


def fitted() -> Fitted:
    """Return items with factors, and people with tastes for these."""
    rng = np.random.default_rng(0)
    return Fitted(
        topic=(np.arange(90) % 6).astype(np.int32),
        quality=rng.normal(0.0, 0.3, 90).astype(np.float32),
        factors=rng.normal(size=(90, 13)).astype(np.float32),
        taste=rng.normal(0.0, 0.3, (50, 13)).astype(np.float32),
        known=rng.random((50, 6)).astype(np.float32),
        days_active=rng.poisson(5.0, 50).astype(np.float32),
        days_watched=np.full(50, 20.0, np.float32),
    )


def worlds() -> list[Any]:
    made = {name: World(read_world(name)[0], 5) for name in preset_names()}
    made |= {"strange": World(STRANGE, 5), "fitted": World(replace(STRANGE, name="fitted"), 5, fitted())}
    return [pytest.param(world, id=name) for name, world in made.items()]


def trace(life: Any, world: World, user: int, luck: int, n_slots: int) -> list[Any]:
    """Return everything that can be seen of a life, as bytes."""
    rng, seen = np.random.default_rng((user, n_slots)), list[Any]()
    came = life.begin(user, luck)
    while came and not life.gone and not life.late and len(seen) < 300:
        before = (life.day, life.visit, life.features().tobytes())
        clicked = life.show(rng.permutation(world.n_items)[:n_slots])
        state = {name: np.asarray(values).tobytes() for name, values in life.truth().items()}
        seen.append((before, clicked.tolist(), state))
    return [came, life.day, life.visit, life.gone, life.late, life.user, life.features().tobytes(), *seen]


@pytest.mark.parametrize("world", worlds())
def test_the_fast_life_is_the_life_the_world_gives(world: World) -> None:
    if not can_live(world):
        pytest.skip(f"world {world.settings.name!r} has no fast life")
    fast, slow = SwiftLife(world, 60), LoneLife(Crowd(world, 1, 60))
    rng = np.random.default_rng(0)
    for n_slots in (1, 3, 5, 10, 20):
        for user in rng.integers(world.n_users, size=6).tolist():
            luck = int(rng.integers(-(2**63), 2**63 - 1))
            assert trace(fast, world, user, luck, n_slots) == trace(slow, world, user, luck, n_slots)


def test_the_default_world_has_a_fast_life_and_others_a_life() -> None:
    assert isinstance(open_life(make_world("default", 0), 10), SwiftLife)
    assert isinstance(open_crowd(make_world("default", 0), 1, 10), SwiftCrowd)
    static = replace(read_world("tiny")[0], dynamics={"kind": "static"})
    assert isinstance(open_crowd(World(static, 0), 1, 10), Crowd)
    assert isinstance(open_life(World(static, 0), 10), LoneLife)
    on_torch = make_world("tiny", 0, arrays="torch")
    assert not can_live(on_torch)
