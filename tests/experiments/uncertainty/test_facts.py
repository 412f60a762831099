"""What is known from the field and from benchmarks, and comes out here too; docs/evidence.md lists what does not.

Worlds are paired over seeds; margins were set on the seeds 0 to 3, and are held to others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serendip.experiments.bandits.play import play
from serendip.experiments.online.agents import make_player
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.uncertainty.cells import measures, sized
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

SEEDS = range(4, 7)


@pytest.fixture(scope="module")
def tests_of_variety() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return what greed and what variety come to in four worlds."""
    agents = "ease-greedy", "ease-epsilon:epsilon=0.5"
    return [tuple(measures(sized("default", 200, seed), agent, 72) for agent in agents) for seed in SEEDS]  # type: ignore[misc]


class Count:
    """Counts slates and clicks."""

    slates = clicks = 0

    def came(self, day: int, users: Any) -> None:
        pass

    def saw(self, visits: Any, slates: Any, feedback: Any, version: int) -> None:
        self.slates += len(visits)
        self.clicks += int(feedback.clicked.sum())

    def night(self, day: int, state: Any) -> None:
        pass


def gains(found: list[tuple[dict[str, Any], dict[str, Any]]], measure: str, at: int | None = None) -> Any:
    pairs = [[one[measure] if at is None else one[measure][at] for one in both] for both in found]
    return np.array([late - early for early, late in pairs])


def test_a_short_test_reads_neutral_or_worse_where_the_late_effect_is_positive(tests_of_variety: Any) -> None:
    """Hohnhold, O'Brien & Tang (2015), "Focusing on the long-term: it's good for users and business"."""
    assert (gains(tests_of_variety, "early_clicks") < 0.0).all()  # a fortnight's clicks a slate say no
    week = gains(tests_of_variety, "visits", 0)
    assert abs(week.mean()) < 0.1  # days with a visit in the first week, of about one
    assert (gains(tests_of_variety, "all") > 5.0).all()  # users a day in the end, of about 50


def test_what_exploration_gains_goes_with_more_items_that_are_found(tests_of_variety: Any) -> None:
    """Su et al. (2024), "Long-term value of exploration": the corpus that users can discover grows."""
    assert (gains(tests_of_variety, "corpus") > 10.0).all()


@pytest.mark.parametrize("task", ["linear", "clicks"])
def test_greed_wins_contextual_bandits_whose_contexts_differ(task: str) -> None:
    """Bietti, Agarwal & Langford (2021), "A contextual bandit bake-off": contexts explore by themselves."""
    regret = {
        name: found[0, :, -1] for name, found in play(task, "linear", 300, 8, 1, lambda done: None).regret.items()
    }
    for other in ("thompson", "epsilon .1"):
        assert regret["greedy"].mean() < regret[other].mean()


def test_doubt_of_items_pays_where_content_is_new() -> None:
    """Chapelle & Li (2011), "An empirical evaluation of Thompson sampling": news, with no history of their own."""

    def click_rate(agent: str, seed: int) -> float:
        settings, _ = read_world("tiny")
        fresh = replace(settings.catalogue, new_share=0.5, release_days=20)
        people = replace(settings.population, n_users=60)
        world, count = World(replace(settings, catalogue=fresh, population=people), seed), Count()
        live(world, make_player(agent, world), Schedule(40, 5), [count])
        return count.clicks / count.slates

    greedy = "popularity-thompson:strategy=greedy,epsilon=0"
    more = [click_rate("popularity-thompson:epsilon=0", s) - click_rate(greedy, s) for s in range(10, 18)]
    # on the seeds 0 to 9 it was .060 with a standard deviation of .045: the mean of eight is 3.8 errors from 0
    assert np.mean(more) > 0.0
