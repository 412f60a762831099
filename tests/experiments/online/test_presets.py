"""In a preset world it pays to know one's users: uniform ends below greedy, but for the presets of `NOT_GREEDY`.

With weaker penalties for what users do not like, showing anything would do as well, which nobody would believe.  How
fast topics fade in `hawkes`, and how many users of `growing` come later, was set on the seeds 100 to 103.
"""

from __future__ import annotations

import numpy as np
import pytest

from serendip.agents import registry
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.settings import preset_names
from serendip.simulator.world import make_world

NOT_GREEDY = {
    *("frozen", "static", "attrition"),  # activity does not move, whoever chooses
    *("field-sized",),  # it moves too little to be seen in five worlds
    *("no-satisfaction",),  # displeasure costs nothing, so that showing anything at all widens what is known
    *("clickbait", "boredom"),  # greed for clicks is what does harm
}


class Visitors:
    """Counts daily active users."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def came(self, day, users):
        self.counts.append(len(users))

    def saw(self, visits, slates, feedback, version):
        pass

    def night(self, day, state):
        pass


def last_month(world_name: str, agent_name: str, seed: int) -> float:
    world, visitors = make_world(world_name, seed), Visitors()
    agent = registry.make(agent_name, world.items, world.settings.slate_size, seed)
    live(world, agent, Schedule(days=240), [visitors])
    return float(np.mean(visitors.counts[-30:]))


def lead(world_name: str, seeds: int) -> list[float]:
    return [
        last_month(world_name, "ease-greedy", seed) - last_month(world_name, "uniform", seed) for seed in range(seeds)
    ]


def test_uniform_ends_below_greedy_on_tiny():
    # eight seeds gave a lead of 8.7 with a standard deviation of 2.3 between seeds: the mean of four is 7 errors from 0
    assert np.mean(lead("tiny", 4)) > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("world", [name for name in preset_names() if name not in NOT_GREEDY])
def test_uniform_ends_below_greedy_on_every_preset(world):
    leads = lead(world, 5)
    assert np.mean(leads) > 2.0 * np.std(leads, ddof=1) / np.sqrt(len(leads))  # false alarm: Student, 4 d.f., 6% at 0
