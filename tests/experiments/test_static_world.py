"""On a static world a one-step estimate is the target's value: through agents, log and estimators, end to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serendip.agents import registry
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method, Valuation
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.on_policy import on_policy_truth
from serendip.experiments.online.unit import Unit
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.logs import open_log
from serendip.simulator.population import PopulationSettings
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

N_WORLDS, USERS_EACH = 200, 60


def static_world(n_users: int, seed: int) -> World:
    """Slates of one item: then nothing else on the page can take a click away, and propensities say it all."""
    settings = replace(
        read_world("tiny")[0],
        name="static",
        slate_size=1,
        catalogue=CatalogueSettings(n_items=12, n_topics=6),
        population=PopulationSettings(n_users=n_users, rate_shape=4.0, rate_scale_days=16.0, liked_topics=2.0),
        dynamics={"kind": "static"},
    )
    return World(settings, seed)


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> Path:
    """A fixed policy: what was popular in another world's log, and now and then something else."""
    world = static_world(500, seed=7)
    agent = registry.make("popularity", world.items, 1, seed=0, epsilon=0.3)
    live(world, agent, Schedule(days=6, update_every=5), [])
    folder = tmp_path_factory.mktemp("target") / "agent"
    agent.save(folder)
    return folder


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    static_world(N_WORLDS * USERS_EACH, seed=7).save(folder / "world")
    Unit(folder / "unit", folder / "world", "uniform", 7, Schedule(days=20), logged=True).run()
    return folder / "unit" / "log"


def test_the_estimate_agrees_with_the_run(log, target):
    # the run has an error of its own, about that of SNIPS; 4.5 standard errors of both: false alarms 1 in 10^5
    evaluation = evaluate(log, str(target))
    truth = on_policy_truth(log, str(target), 0)
    snips = evaluation.estimates["snips"]
    error = (snips.high - snips.low) / (2 * 1.96)
    assert abs(snips.value - truth.value) < 4.5 * np.sqrt(2.0) * error
    assert abs(evaluation.estimates["dr"].value - truth.value) < 4.5 * np.sqrt(2.0) * error
    assert error < 0.02 * truth.value
    visits = len(np.unique(log_visits(log), axis=0)) / (N_WORLDS * USERS_EACH * 20)
    assert truth.visits == pytest.approx(visits)  # nobody comes more or less often for what is shown


def log_visits(log: Path) -> np.ndarray:
    decisions = open_log(log).decisions()
    return np.stack([decisions.user_id, decisions.day], axis=1)


def test_snips_intervals_cover_in_200_small_worlds(log, target):
    # 200 groups of 60 users are 200 samples of one population, whose value is that of all 12,000 users.  With a
    # coverage of 95%, fewer than 180 or more than 196 come up in 0.9% of all seeds; these are fixed.
    decisions, agent = open_log(log).decisions(), registry.load(target)
    world = static_world(N_WORLDS * USERS_EACH, seed=7)
    visits = world.visits(np.arange(1), 0, 0)
    mixture = agent.mixture(visits, 0)
    probability = np.array([mixture.at_position(np.array([[item]]))[0, 0] for item in range(world.n_items)])
    chance = world.choice.probabilities(world.match(*every_pair(world)).reshape(-1, 1)).reshape(-1, world.n_items)
    slots_of_user = np.bincount(decisions.user_id, minlength=world.n_users)
    truth = float(slots_of_user @ (chance @ probability) / slots_of_user.sum())
    covered = 0
    for group in range(N_WORLDS):
        rows = decisions.rows(decisions.user_id // USERS_EACH == group)
        valuation = Valuation(Method(estimators=("snips",)))
        valuation.update(slots(rows.user_id, rows.reward.astype(float), rows.propensity, probability[rows.item_id]))
        valued = valuation.finish()
        assert valued is not None
        estimate = valued.estimates((0.0, 1.0))["snips"]
        covered += estimate.low <= truth <= estimate.high
    assert 180 <= covered <= 196


def every_pair(world: World) -> tuple[np.ndarray, np.ndarray]:
    users = np.arange(world.n_users)
    return users, np.tile(np.arange(world.n_items), (len(users), 1))
