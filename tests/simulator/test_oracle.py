"""Oracles and bounds: nobody beats the bound, and the exact value is above every policy's."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from serendip.simulator import randomness
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.errors import SettingsError
from serendip.simulator.oracle.bound import upper_bound
from serendip.simulator.oracle.exact import exact_value
from serendip.simulator.oracle.life import gap_closed, live_under
from serendip.simulator.oracle.slates import Growth, Myopic, candidates, expected_clicks
from serendip.simulator.population import PopulationSettings
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.world import World, make_world


def test_few_candidates_are_enough() -> None:
    """The myopic slates of 1,000 items are those of looking at all of them."""
    world = make_world("default", 0)
    state, users = world.start(), np.arange(50)
    state["satiation"][:] = np.random.default_rng(0).random(state["satiation"].shape)
    every = np.tile(np.arange(world.n_items), (50, 1))
    slow = np.argsort(-world.utility(state, users, every), axis=1, kind="stable")[:, :5]
    assert len(candidates(world, 0)) == 64 * 5
    assert np.array_equal(Myopic().slates(world, state, 0, users), slow)


class Chance:
    """Slates of random items."""

    def slates(self, world: World, state: Any, day: int, users: Any) -> Any:
        return randomness.distinct(world.n_items, world.settings.slate_size, 3, users, day)


def live(world: World, oracle: Any, n_days: int) -> tuple[Any, Any]:
    """Return (n,) visits and clicks of each user."""
    state, visits, clicks = world.start(), np.zeros(world.n_users, int), np.zeros(world.n_users, int)
    for day in range(n_days):
        users, slates = world.come(state, day)
        visits[users] += 1
        for visit in range(int(slates.max(initial=0))):
            here = users[slates > visit]
            clicks[here] += world.show(state, day, visit, here, oracle.slates(world, state, day, here)).sum(axis=1)
        world.night(state, day)
    return visits, clicks


@pytest.mark.parametrize("kind", ["multinomial-logit", "position-based", "cascade"])
def test_the_myopic_slate_has_the_most_expected_clicks(kind: str) -> None:
    """Against every slate of 3 of 7 items, in order."""
    settings = WorldSettings(
        slate_size=3,
        catalogue=CatalogueSettings(n_items=7, n_topics=3),
        population=PopulationSettings(n_users=6, n_personas=2, liked_topics=1.0),
        choice={"kind": kind},
    )
    world = World(settings, 0)
    state, users = world.start(), np.arange(6)
    ours = expected_clicks(world, state, 0, users, Myopic().slates(world, state, 0, users))
    every = [
        expected_clicks(world, state, 0, users, np.tile(np.array(slate), (6, 1))) for slate in permutations(range(7), 3)
    ]
    assert ours == pytest.approx(np.max(every, axis=0), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("oracle", [Chance(), Myopic(), Growth()], ids=["chance", "myopic", "growth"])
def test_nobody_beats_the_bound(oracle: Any, seed: int) -> None:
    world = make_world("tiny", seed)
    bound = upper_bound(world, 60)
    visits, clicks = live(world, oracle, 60)
    assert (visits <= bound.visits_of).all()
    assert (clicks <= bound.clicks_of).all()
    assert bound.visits.sum() == bound.visits_of.sum()
    assert bound.clicks.sum() == bound.clicks_of.sum()


def test_the_bound_says_something() -> None:
    """It is below what everybody always there and always clicking would give, and not far above the growth oracle."""
    world = make_world("tiny", 0)
    bound, (visits, _) = upper_bound(world, 100), live(world, Growth(), 100)
    assert bound.visits_of.sum() < 2.0 * visits.sum()
    assert bound.visits_of.sum() < 0.8 * 100 * world.n_users


def test_knowing_users_doubles_their_visits_and_growth_costs_none() -> None:
    """200 users of tiny over 120 days; in six seeds myopia had 1.94 to 2.25 times the visits of chance, and growth at
    most 0.5% more than that, at least 0.0%: it is held to lose less than 1%."""
    settings, _ = read_world("tiny")
    world = World(replace(settings, population=replace(settings.population, n_users=200)), 0)
    chance, myopic, growth = (live(world, oracle, 120)[0].sum() for oracle in (Chance(), Myopic(), Growth()))
    assert myopic > 1.5 * chance
    assert growth > 0.99 * myopic


def small(n_topics: int, **dynamics: float) -> World:
    settings = WorldSettings(
        slate_size=1,
        mean_slates=1.0,
        catalogue=CatalogueSettings(n_items=2 * n_topics, n_topics=n_topics),
        population=PopulationSettings(n_users=5, n_personas=2, liked_topics=2.0, rate_scale_days=3.0),
        dynamics={"kind": "repertoire", "activity_days": 2.0, "satiation_effect": 1.0, **dynamics},
    )
    return World(settings, 1)


@pytest.mark.parametrize("user", range(3))
def test_no_policy_beats_the_exact_value(user: int) -> None:
    world = small(3)
    best = exact_value(world, user, 5)
    for oracle in (Chance(), Myopic(), Growth()):
        value = exact_value(world, user, 5, lambda w, s, d, u, o=oracle: o.slates(w, s, d, u))
        assert value <= best + 1e-9
    assert best > 0.0


def test_the_exact_value_of_one_day_by_hand() -> None:
    """P(visit) x the largest click probability."""
    world = small(4)
    state, users = world.start(), np.arange(5)
    visit = 1.0 - np.exp(-world.dynamics.rate(state).astype(float))
    clicks = expected_clicks(world, state, 0, users, Myopic().slates(world, state, 0, users))
    assert [exact_value(world, user, 1) for user in range(5)] == pytest.approx(list(visit * clicks), rel=1e-5)


def test_the_exact_value_is_what_lives_average_to_and_below_the_bound() -> None:
    """The myopic policy's exact value against 40,000 lives, and the bound's mean above the optimum.

    4.5 standard errors on each side: a false alarm in 10^5.
    """
    world, user, n, n_days = small(3), 2, 40_000, 4
    exact = exact_value(world, user, n_days, lambda w, s, d, u: Myopic().slates(w, s, d, u))
    crowd = world.cast(np.full(n, user), randomness.bits(9, np.arange(n)))
    _, clicks = live(crowd, Myopic(), n_days)
    assert abs(clicks.mean() - exact) < 4.5 * clicks.std() / np.sqrt(n)
    bound = upper_bound(crowd, n_days).clicks_of
    assert bound.mean() + 4.5 * bound.std() / np.sqrt(n) > exact_value(world, user, n_days)


def test_what_cannot_be_bounded_is_refused() -> None:
    with pytest.raises(SettingsError, match="upper bound"):
        upper_bound(make_world("hawkes", 0), 5)
    with pytest.raises(SettingsError, match="exact values need"):
        exact_value(make_world("tiny", 0), 0, 2)
    with pytest.raises(SettingsError, match="fewer days or topics"):
        exact_value(small(10), 0, 9)


def test_a_life_under_an_oracle_counts_what_happens() -> None:
    world = make_world("tiny", 0)
    life, (visits, clicks) = live_under(world, Myopic(), 30), live(world, Myopic(), 30)
    assert life.visitors.sum() == visits.sum()
    assert life.clicks.sum() == clicks.sum()
    assert life.visitors[:, 0].sum() == visits[world.groups == 0].sum()
    assert life.slates.sum() >= life.visitors.sum()


def test_the_share_of_a_gap_by_hand() -> None:
    reference, oracle = np.array([10.0, 20.0]), np.array([20.0, 40.0])
    assert gap_closed(np.array([13.0, 23.0]), reference, oracle) == pytest.approx(0.2)
    assert gap_closed(oracle, reference, oracle) == 1.0
    assert np.isnan(gap_closed(reference, reference, reference))
