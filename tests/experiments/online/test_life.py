"""The loop: common random numbers, and nothing that depends on how visits are batched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serendip.agents import registry
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.settings import read_world
from serendip.simulator.world import World, make_world

FROZEN = {"kind": "repertoire", "discovery_effect": 0.0, "satisfaction_effect": 0.0}


class Diary:
    """Writes down who came each day, and who clicked what."""

    def __init__(self) -> None:
        self.visitors: list[list[int]] = []
        self.clicks: list[tuple[int, ...]] = []

    def came(self, day, users):
        self.visitors.append(users.tolist())

    def saw(self, visits, slates, feedback, version):
        rows, slots = np.nonzero(feedback.clicked)
        for user, item, slot in zip(visits.user_ids[rows], slates.items[rows, slots], slots, strict=True):
            self.clicks.append((visits.day, int(visits.visit[0]), int(user), int(item), int(slot)))

    def night(self, day, state):
        pass


def diary(world: World, name: str, days: int, batch_size: int = 0) -> Diary:
    agent = registry.make(name, world.items, world.settings.slate_size, seed=0)
    book = Diary()
    live(world, agent, Schedule(days=days, update_every=5, batch_size=batch_size), [book])
    return book


def frozen_tiny(seed: int) -> World:
    return World(replace(read_world("tiny")[0], dynamics=FROZEN), seed)


@pytest.mark.parametrize("name", registry.names())
def test_a_frozen_world_is_visited_alike_under_every_agent(name):
    assert diary(frozen_tiny(3), name, 12).visitors == diary(frozen_tiny(3), "uniform", 12).visitors


def test_the_frozen_preset_is_visited_alike_though_clicks_differ():
    uniform, popularity = (diary(make_world("frozen", 1), name, 15) for name in ("uniform", "popularity"))
    assert uniform.visitors == popularity.visitors
    assert uniform.clicks != popularity.clicks


def test_a_living_world_is_visited_differently_in_the_end():
    uniform, popularity = (diary(make_world("tiny", 1), name, 40).visitors for name in ("uniform", "popularity"))
    assert uniform[0] == popularity[0]
    assert uniform != popularity


@pytest.mark.parametrize("name", registry.names())
def test_batches_of_another_size_change_nothing(name):
    whole, parts = (diary(make_world("tiny", 2), name, 12, batch_size).clicks for batch_size in (0, 7))
    assert sorted(whole) == sorted(parts)
    assert len(whole) > 20


def test_the_agent_learns_on_schedule():
    world = make_world("tiny", 0)
    agent = registry.make("popularity", world.items, 3, seed=0)
    versions = set()

    class Versions(Diary):
        def saw(self, visits, slates, feedback, version):
            versions.add((visits.day // 5, version))

    live(world, agent, Schedule(days=15, update_every=5), [Versions()])
    assert versions == {(0, 0), (1, 1), (2, 2)}
