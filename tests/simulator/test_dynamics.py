"""Every dynamics: a contract, and what each one is for.  Statistical tests here fail by chance less than 1 in 10^4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import hyp2f1

from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import DYNAMICS
from serendip.simulator.population import PopulationSettings
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.world import World, make_world


def small(kind: str, n_users: int = 300, **dynamics: Any) -> WorldSettings:
    """Return a small world with this dynamics."""
    base, _ = read_world("tiny")
    population = replace(base.population, n_users=n_users)
    return replace(base, name=kind, population=population, dynamics={"kind": kind, **dynamics})


def uniform(world: World, day: int, visit: int, users: Any) -> Any:
    return randomness.distinct(world.n_items, world.settings.slate_size, 5, to_numpy(users), day, visit)


def live(world: World, days: int, policy: Any = uniform) -> tuple[dict[str, Any], Any, Any]:
    """Return the last state, visits by day and clicks by day."""
    state, visits, clicks = world.start(), np.zeros(days), np.zeros(days)
    for day in range(days):
        users, slates = world.come(state, day)
        visits[day] = users.shape[0]
        for visit in range(int(to_numpy(slates).max(initial=0))):
            here = users[slates > visit]
            items = world.place(policy(world, day, visit, here))
            clicks[day] += int(to_numpy(world.show(state, day, visit, here, items)).sum())
        world.night(state, day)
    return state, visits, clicks


@pytest.mark.parametrize("kind", DYNAMICS)
def test_every_dynamics_keeps_its_contract(kind: str) -> None:
    world = World(small(kind), 0)
    state, visits, _ = live(world, 12)
    assert visits.sum() > 50
    for name, values in state.items():
        assert values.shape[0] == world.n_users, name
        assert np.isfinite(values).all(), name
        assert values.dtype in (np.float32, np.bool_, np.int32), name
    rate, hazard = world.dynamics.rate(state), np.broadcast_to(world.dynamics.hazard(state), world.n_users)
    assert rate.shape == (world.n_users,)
    assert (rate >= 0.0).all()
    assert ((hazard >= 0.0) & (hazard <= 1.0)).all()
    assert ((state["repertoire"] >= 0.0) & (state["repertoire"] <= 1.0)).all()


@pytest.mark.parametrize("kind", DYNAMICS)
def test_torch_moves_users_like_numpy(kind: str) -> None:
    ours, _, clicks = live(World(small(kind), 0), 12)
    theirs, _, other_clicks = live(World(small(kind), 0, arrays="torch"), 12)
    assert np.array_equal(clicks, other_clicks)
    for name, values in ours.items():
        assert np.asarray(values, float) == pytest.approx(np.asarray(to_numpy(theirs[name]), float), abs=1e-4), name


@pytest.mark.parametrize("kind", DYNAMICS)
def test_a_user_meets_the_same_fate_alone_and_in_a_crowd(kind: str) -> None:
    world = World(small(kind), 0)
    crowd, _, _ = live(world, 12)
    chosen = np.array([7, 123, 250])
    cast = world.cast(chosen, chosen)
    few, _, _ = live(cast, 12, lambda w, day, visit, users: uniform(w, day, visit, chosen[users]))
    for name, values in crowd.items():
        assert values[chosen].tobytes() == few[name].tobytes(), name


@pytest.mark.parametrize("kind", DYNAMICS)
def test_a_negative_setting_is_refused(kind: str) -> None:
    from serendip.simulator.dynamics import make_dynamics
    from serendip.simulator.errors import SettingsError
    from serendip.simulator.settings_json import settings_to_json

    for name in settings_to_json(make_dynamics({"kind": kind})):
        with pytest.raises(SettingsError, match=name):
            make_dynamics({"kind": kind, name: -1})


def expected_repeats(r: float, alpha: float, a: float, b: float, t: float) -> float:
    """Fader, Hardie & Lee (2005), eq. 9: expected visits in (0, t] of a customer drawn at random."""
    z = t / (alpha + t)
    return (a + b - 1.0) / (a - 1.0) * (1.0 - (alpha / (alpha + t)) ** r * float(hyp2f1(r, b, a + b - 1.0, z)))


def test_attrition_gives_the_published_expected_visits() -> None:
    """Five horizons, 3 standard errors each: over fresh seeds a false alarm in 1.4% or less (Bonferroni).

    Days are whole, so that a visit a day is the most; at these rates that takes away less than half a standard error.
    """
    r, alpha, a, b, n = 0.8, 200.0, 0.793, 2.426, 8_000
    base, _ = read_world("tiny")
    people = PopulationSettings(n_users=n, rate_shape=r, rate_scale_days=alpha, n_personas=4, liked_topics=2.0)
    dynamics = {"kind": "bgnbd", "leave_a": a, "leave_b": b}
    world = World(replace(base, population=people, mean_slates=1.0, dynamics=dynamics), 0)
    state, horizons = world.start(), (30, 60, 120, 240, 360)
    for day in range(360):
        users, _ = world.come(state, day)
        world.show(state, day, 0, users, uniform(world, day, 0, users))
        world.night(state, day)
        if day + 1 in horizons:
            counts = state["visits"]
            z = (counts.mean() - expected_repeats(r, alpha, a, b, day + 1.0)) / (counts.std() / np.sqrt(n))
            assert abs(z) < 3.0, (day + 1, z)


def test_a_repertoire_without_effects_visits_like_customers_who_never_leave() -> None:
    """A = B = 0 and no leaving: the negative binomial of a constant rate; 3 standard errors at five horizons (1.4%)."""
    settings = small("repertoire", 3_000, discovery_effect=0.0, satisfaction_effect=0.0, leaving=0.0)
    world = World(replace(settings, population=replace(settings.population, rate_scale_days=100.0)), 1)
    _, visits, _ = live(world, 60)
    chance = 1.0 - (1.0 + 1.0 / 100.0) ** -2.0  # E[1 - e^-lambda] for lambda ~ Gamma(2, 100)
    for horizon in (10, 20, 30, 45, 60):
        spread = np.sqrt(3_000 * horizon * chance * (1.0 + horizon * 2.0 / 100.0))
        assert abs(visits[:horizon].sum() - 3_000 * horizon * chance) < 3.0 * spread


def test_a_discovery_excites_by_hand() -> None:
    for known_from, n_found in ((0.5, 1), (0.4, 0), (0.9, 0)):  # from 0.45, a good click leads to 0.62
        world = World(replace(small("hawkes", 5), known_from=known_from), 0)
        state = world.start()
        state["repertoire"][:] = 0.45
        seen = np.array([2]), np.array([[3]]), np.full((1, 1), 3.0, np.float32), np.array([[True]])
        world.dynamics.respond(state, world.people, *seen)
        assert state["excited_fast"].tolist() == [0.0, 0.0, n_found, 0.0, 0.0]
    world = World(replace(small("hawkes", 5), known_from=0.5), 0)
    state = world.start()
    state["repertoire"][:] = 0.45
    base = world.dynamics.rate(state).copy()
    users, topics = np.array([2]), np.array([[1, 3, 5]])
    clicked, match = np.array([[False, True, False]]), np.full((1, 3), 3.0, np.float32)
    world.dynamics.respond(state, world.people, users, topics, match, clicked)
    assert state["repertoire"][2, 3] > 0.5
    raised = np.where(np.arange(5) == 2, 1.0 + 1.0 + 0.5, 1.0)
    assert world.dynamics.rate(state) == pytest.approx(np.minimum(base * raised, 2.5))
    world.dynamics.night(state, world.people)
    later = np.where(np.arange(5) == 2, 1.0 + np.exp(-1 / 3) + 0.5 * np.exp(-1 / 60), 1.0)
    assert world.dynamics.rate(state) == pytest.approx(np.minimum(base * later, 2.5))


def test_clickbait_pays_now_and_costs_later() -> None:
    """The same items, sensational topics first or never: more clicks in the first week, fewer visits in the last.

    2,000 users: 1,596 clicks against 618 and 1,367 visits against 7,070, over 10 standard errors beyond what is asked.
    """
    world = make_world("clickbait", 0)
    topic = np.asarray(world.items.topic)
    is_bait = np.asarray(world.dynamics.is_sensational(topic))  # type: ignore[attr-defined]

    def among(items: Any) -> Any:
        return lambda w, day, visit, users: items[randomness.distinct(len(items), 5, 5, users, day, visit)]

    _, bait_visits, bait_clicks = live(world, 60, among(np.flatnonzero(is_bait)))
    _, calm_visits, calm_clicks = live(world, 60, among(np.flatnonzero(~is_bait)))
    assert bait_clicks[:3].sum() > 1.3 * calm_clicks[:3].sum()
    assert bait_visits[-15:].sum() < 0.7 * calm_visits[-15:].sum()


def test_an_item_wise_greedy_oracle_bores_far_more_often_than_chance() -> None:
    """Share of 2,000 users with a locked topic: 14% against 0.05%, over 10 standard errors beyond what is asked."""
    world = make_world("boredom", 0)
    everything = np.arange(world.n_items)

    def greedy(w: World, day: int, visit: int, users: Any) -> Any:
        lasting = w.match(users, np.tile(everything, (len(users), 1)))  # blind to boredom
        return np.argsort(-lasting, axis=1)[:, :5]

    locked = dict[str, float]()
    for name, policy in (("greedy", greedy), ("uniform", uniform)):
        state, _, _ = live(world, 20, policy)
        locked[name] = float((state["locked"] > 0).any(axis=1).mean())
    assert locked["greedy"] > 5.0 * locked["uniform"]
    assert locked["greedy"] > 0.02


def test_boredom_by_hand() -> None:
    """Five clicks on a topic among the last ten lock it for five days; four do not."""
    world = World(small("boredom", 3), 0)
    state = world.start()
    one, match, clicked = np.array([1]), np.zeros((1, 1), np.float32), np.array([[True]])
    for topic in (4, 4, 2, 4, 4):
        world.dynamics.respond(state, world.people, one, np.array([[topic]]), match, clicked)
    assert (state["locked"] == 0).all()
    world.dynamics.respond(state, world.people, one, np.array([[4]]), match, clicked)
    assert np.flatnonzero(state["locked"][1]).tolist() == [4]
    assert state["locked"][1, 4] == 5
    assert world.dynamics.disposition(state, one, np.array([[4, 2]])).tolist() == [[-5.0, 0.0]]  # type: ignore[union-attr]
    for _ in range(5):
        world.dynamics.night(state, world.people)
    assert (state["locked"] == 0).all()
