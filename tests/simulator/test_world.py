"""Worlds: the same seed, the same life; nothing hangs on how visits are batched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.oracle.slates import Myopic
from serendip.simulator.settings import preset_names, read_world
from serendip.simulator.world import World, make_world

Policy = Callable[[World, dict[str, Any], int, int, Any], Any]


def uniform(world: World, state: dict[str, Any], day: int, visit: int, users: Any) -> Any:
    return randomness.distinct(world.n_items, world.settings.slate_size, 5, users, day, visit)


def favourites(world: World, state: dict[str, Any], day: int, visit: int, users: Any) -> Any:
    """The best items now: personal, and blind to what it will bring."""
    return Myopic().slates(world, state, day, users)


def live(world: World, policy: Policy, days: int, batch: int | None = None) -> tuple[dict[str, Any], list[Any]]:
    """Return the state after `days`, and every day's visits (users, slates)."""
    state, came = world.start(), list[Any]()
    for day in range(days):
        users, slates = world.come(state, day)
        came.append((users, slates))
        for visit in range(int(slates.max(initial=0))):
            here = users[slates > visit]
            size = batch or max(len(here), 1)
            for start in range(0, len(here), size):
                some = here[start : start + size]
                world.show(state, day, visit, some, policy(world, state, day, visit, some))
        world.night(state, day)
    return state, came


def test_the_same_seed_gives_the_same_bytes_however_visits_are_batched() -> None:
    whole, _ = live(make_world("tiny", 3), uniform, 20)
    for batch in (1, 7):
        split, _ = live(make_world("tiny", 3), uniform, 20, batch)
        assert whole.keys() == split.keys()
        for name, values in whole.items():
            assert values.tobytes() == split[name].tobytes(), name


def test_a_crowd_larger_than_a_block_is_shown_like_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = live(make_world("growing", 3), uniform, 10)
    monkeypatch.setattr("serendip.simulator.world.AT_ONCE", 16)
    monkeypatch.setattr("serendip.simulator.arrays.AT_ONCE", 16)
    parts, _ = live(make_world("growing", 3), uniform, 10)
    for name, values in whole.items():
        assert values.tobytes() == parts[name].tobytes(), name
    world = make_world("tiny", 0)
    users, items = np.arange(40), randomness.distinct(world.n_items, 3, 5, np.arange(40))
    days = np.full(40, 4)
    assert np.array_equal(
        world.show(world.start(), days, days, users, items), world.show(world.start(), 4, 4, users, items)
    )


def test_another_seed_gives_another_life() -> None:
    one, _ = live(make_world("tiny", 3), uniform, 5)
    other, _ = live(make_world("tiny", 4), uniform, 5)
    assert not np.array_equal(one["log_rate"], other["log_rate"])


def test_on_frozen_the_visits_are_the_same_under_any_policy() -> None:
    world = make_world("frozen", 0)
    _, one = live(world, uniform, 15)
    _, other = live(world, favourites, 15)
    for (users, slates), (others, other_slates) in zip(one, other, strict=True):
        assert np.array_equal(users, others)
        assert np.array_equal(slates, other_slates)


def test_two_policies_meet_the_same_visits_until_their_choices_differ() -> None:
    one, other = make_world("default", 1), make_world("default", 1)
    first = one.come(one.start(), 0), other.come(other.start(), 0)
    assert np.array_equal(first[0][0], first[1][0])
    assert np.array_equal(first[0][1], first[1][1])


@pytest.mark.parametrize("name", ["tiny", "default"])
def test_uniform_ends_below_a_personal_policy(name: str) -> None:
    """Daily visitors at the end, and what the users know: with weaker penalties chance clicks would win."""
    world, days = make_world(name, 0), 60
    ends = dict[str, tuple[float, float]]()
    for policy in (uniform, favourites):
        state, came = live(world, policy, days)
        ends[policy.__name__] = (
            float(np.mean([len(users) for users, _ in came[-15:]])), float(world.dynamics.rate(state).mean())
        )  # fmt: skip
    assert ends["uniform"] < ends["favourites"]
    assert ends["uniform"][1] < ends["favourites"][1]


def test_nobody_leaves_or_visits_before_they_arrive() -> None:
    """Everybody who is there leaves in the first night; who arrives later is there from that day on."""
    base, _ = read_world("tiny")
    people = replace(base.population, inflow_per_day=20.0, inflow_days=5, rate_scale_days=0.01)
    world = World(replace(base, population=people, dynamics={"kind": "repertoire", "leaving": 1.0, "loyalty": 0.0}), 0)
    first_day, state = np.asarray(world.people.first_day), world.start()
    assert set(first_day.tolist()) == set(range(6))
    for day in range(6):
        users, _ = world.come(state, day)
        assert len(users) > 0
        assert (first_day[users] == day).all()
        world.night(state, day)
        assert np.array_equal(state["alive"], first_day > day)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_lives(name: str) -> None:
    world = make_world(name, 0)
    state, came = live(world, uniform, 3)
    assert all(len(users) > 0 for users, _ in came)
    for values in state.values():
        assert np.isfinite(np.asarray(to_numpy(values), dtype=np.float64)).all()
    assert state["alive"].shape == (world.n_users,)
    assert state["repertoire"].shape == (world.n_users, world.catalogue.n_topics)


def test_torch_lives_like_numpy() -> None:
    ours, theirs = make_world("tiny", 0), make_world("tiny", 0, arrays="torch")
    state, other = ours.start(), theirs.start()
    for day in range(10):
        users, slates = ours.come(state, day)
        others, other_slates = theirs.come(other, day)
        assert np.array_equal(users, to_numpy(others))
        assert np.array_equal(slates, to_numpy(other_slates))
        items = uniform(ours, state, day, 0, users)
        clicked = ours.show(state, day, 0, users, items)
        assert np.array_equal(clicked, to_numpy(theirs.show(other, day, 0, others, theirs.place(items))))
        ours.night(state, day)
        theirs.night(other, day)
    for name, values in state.items():
        assert np.asarray(values, dtype=float) == pytest.approx(
            np.asarray(to_numpy(other[name]), dtype=float), abs=1e-5
        )


def test_torch_and_numpy_agree_on_a_million_slots() -> None:
    """Ten slots for each of 100,000 users: the same clicks in 99.99% of them, the state within 1e-4 elsewhere."""
    base, _ = read_world("default")
    settings = replace(base, slate_size=10, population=replace(base.population, n_users=100_000))
    ours = World(settings, 0)
    theirs = World(settings, 0, arrays="torch")
    state, other = ours.start(), theirs.start()
    items = randomness.distinct(ours.n_items, 10, 5, ours.user_ids)
    clicked = ours.show(state, 0, 0, ours.user_ids, items)
    there = to_numpy(theirs.show(other, 0, 0, theirs.user_ids, theirs.place(items)))
    same = (clicked == there).all(axis=1)
    assert (clicked != there).mean() <= 1e-4
    ours.night(state, 0)
    theirs.night(other, 0)
    for name, values in state.items():
        apart = np.abs(np.asarray(values, dtype=np.float64) - np.asarray(to_numpy(other[name]), dtype=np.float64))
        assert apart[same].max() <= 1e-4, name


def test_groups_are_thirds_of_the_base_rates() -> None:
    world = make_world("tiny", 0)
    rate = np.asarray(world.people.base_rate)
    assert np.bincount(world.groups).tolist() == [34, 33, 33]
    assert rate[world.groups == 0].max() <= rate[world.groups == 1].min()
