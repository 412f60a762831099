"""Users that are shared out live as in the whole world, and agents learn the same of their sums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serendip.experiments.online.agents import make_player
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.sharding.live import live_in_shards
from serendip.experiments.online.sharding.shard import Shard, users_of
from serendip.experiments.online.witnesses import MeasuringWitness
from serendip.simulator.errors import SettingsError
from serendip.simulator.population import Cohort, draw_population
from serendip.simulator.settings import read_world
from serendip.simulator.world import World, make_world

SCHEDULE = Schedule(days=12, update_every=4)
AGENTS = ("uniform", "popularity", "ease-greedy", "ease-epsilon", "linear-ucb")


def whole(agent: str) -> Any:
    """Return the daily counts of the world that is not shared out."""
    world = make_world("tiny", 3)
    measures = MeasuringWitness(world)
    live(world, make_player(agent, world), SCHEDULE, [measures])
    return measures.daily.table()


@pytest.mark.parametrize("agent", AGENTS)
def test_four_shards_are_one_world(agent: str) -> None:
    expected, one, four = whole(agent), *(live_in_shards("tiny", agent, 3, SCHEDULE, n) for n in (1, 4))
    assert expected.column("clicks").to_numpy().sum() > 100
    for name in COUNTS:
        for found in (one, four):
            np.testing.assert_allclose(found.column(name).to_numpy(), expected.column(name).to_numpy(), rtol=1e-5)


def test_agents_know_the_same_after_sums_as_after_the_whole_history() -> None:
    world = make_world("tiny", 3)
    for agent in ("popularity", "ease-greedy", "linear-ucb"):
        alone = make_player(agent, world)
        live(world, alone, Schedule(days=8, update_every=4), [])
        shard = Shard("tiny", agent, 3, 0, 1)
        for first in (0, 4):
            shard.learn(shard.sums())
            shard.live(first, 4)
        for name, array in alone.belief.arrays().items():
            if not name.startswith("events"):
                np.testing.assert_allclose(shard.agent.belief.arrays()[name], array, rtol=1e-6, atol=1e-9, err_msg=name)


def test_every_user_is_in_one_shard_and_drawn_the_same_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serendip.simulator.population.BLOCK", 128)
    base, _ = read_world("tiny")
    people = replace(base.population, n_users=1000, cohorts=(Cohort(), Cohort("keen", rate=2.0)))
    everybody = draw_population(people, 9, 0.3, 5)
    rows = [users_of(1000, shard, 3) for shard in range(3)]
    assert np.sort(np.concatenate(rows)).tolist() == list(range(1000))
    assert min(len(part) for part in rows) > 250
    for part in rows:
        some = draw_population(people, 9, 0.3, 5, part)
        for name in ("taste", "known", "base_rate", "cohort", "first_day"):
            assert getattr(some, name).tobytes() == getattr(everybody, name)[part].tobytes()


def test_a_part_of_a_world_has_the_luck_of_the_whole() -> None:
    base, _ = read_world("tiny")
    rows = users_of(base.population.n_users, 1, 3)
    part, all_of_it = World(base, 4, rows=rows), World(base, 4)
    ours, theirs = part.come(part.start(), 5), all_of_it.come(all_of_it.start(), 5)
    assert rows[ours[0]].tolist() == [user for user in theirs[0].tolist() if user in set(rows.tolist())]


def test_who_does_not_learn_from_sums_is_refused() -> None:
    with pytest.raises(SettingsError, match="'vae-thompson' does not learn from sums"):
        live_in_shards("tiny", "vae-thompson", 0, SCHEDULE, 2)
    with pytest.raises(SettingsError, match="0 shards at 'here'; allowed are 1 shard or more, at here or ray"):
        live_in_shards("tiny", "uniform", 0, SCHEDULE, 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_actors_of_ray_are_the_same_world(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    here, there = (live_in_shards("tiny", "ease-greedy", 3, SCHEDULE, 2, place) for place in ("here", "ray"))
    assert here.equals(there)
