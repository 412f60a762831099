"""The loop over `serendip/Population-v0` and a study make the same log, byte by byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest

import serendip
from serendip.envs.opening import open_world
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.catalogue import HidingRules
from serendip.simulator.interface import Feedback
from serendip.simulator.settings import read_world

DAYS, EVERY = 12, 5


class Heard:
    """A witness who keeps every byte that a log would hold."""

    def __init__(self) -> None:
        self.bytes = list[Any]()

    def came(self, day: int, users: Any) -> None:
        pass

    def saw(self, visits: Any, slates: Any, feedback: Any, version: int) -> None:
        shown = slates.items, slates.propensities, slates.explored, feedback.clicked
        parts = visits.user_ids, visits.visit, visits.available, *shown
        self.bytes.append((visits.day, version, *(part.tobytes() for part in parts)))

    def night(self, day: int, state: Any) -> None:
        pass


SHOP = replace(read_world("tiny")[0], name="shop", hides=HidingRules(clicked_days=4, most_showings=3))


@pytest.mark.parametrize(
    ("agent_name", "world"), [("ease-epsilon", "tiny"), ("bootstrap-thompson", "tiny"), ("ease-epsilon", SHOP)]
)
def test_the_loop_and_a_study_make_the_same_bytes(agent_name: str, world: Any) -> None:
    seed, heard, looped = 3, Heard(), Heard()
    studied = open_world(world, seed)
    live(studied, serendip.make(agent_name, studied), Schedule(DAYS, EVERY), [heard])

    env = gymnasium.make("serendip/Population-v0", world=world, world_seed=seed, max_days=DAYS)
    agent = serendip.make(agent_name, env)
    _, info = env.reset(seed=seed)
    for visits, slates, feedback in info["history"]:
        agent.observe(visits, slates, feedback)
    over, version = False, -1
    while not over:
        for day in info["mornings"]:
            if day % EVERY == 0:
                agent.update()
                version += 1
        visits = info["visits"]
        slates = agent.act(visits, info["key"])
        action = np.zeros(env.action_space.shape or (), int)
        action[visits.user_ids] = slates.items
        _, _, gone, late, info = env.step(action)
        over = gone or late
        feedback = Feedback(info["clicked"][visits.user_ids])
        agent.observe(visits, slates, feedback)
        looped.saw(visits, slates, feedback, version)
    assert len(looped.bytes) > DAYS
    assert looped.bytes == heard.bytes


def test_another_seed_is_other_luck_for_the_same_people() -> None:
    env = gymnasium.make("serendip/Population-v0", world="tiny", max_days=3)
    first, again, other = (env.reset(seed=seed)[1]["visits"].user_ids.tolist() for seed in (0, 0, 1))
    assert first == again != other
