"""What a world does not show a user again, and for how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.oracles import OraclePlayer
from serendip.simulator.arrays import to_numpy
from serendip.simulator.catalogue import HidingRules
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.oracle.exact import exact_value
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.settings_json import settings_from_json, settings_to_json
from serendip.simulator.world import World

TINY = read_world("tiny")[0]
N_SLOTS = TINY.slate_size


def world_that_hides(arrays: str = "numpy", **rules: Any) -> World:
    return World(replace(TINY, name="shop", hides=HidingRules(**rules)), 3, arrays=arrays)


def hidden(world: World, state: Any, user: int, day: int) -> set[int]:
    users = world.user_ids[user : user + 1]
    return set(np.flatnonzero(~world.available(state, users, day)[0]).tolist())


@pytest.mark.parametrize("arrays", ["numpy", "torch"])
@pytest.mark.parametrize("days", [1, 3, None])
def test_what_was_clicked_is_hidden_from_who_clicked_it_for_as_long_as_it_says(arrays: str, days: int | None) -> None:
    world = world_that_hides(arrays, clicked_days=days)
    state, users = world.start(), world.user_ids[:60]
    items = world.place(np.tile(np.arange(N_SLOTS), (60, 1)))
    clicked = to_numpy(world.show(state, 4, 0, users, items))
    assert clicked.any()
    assert not clicked.all()
    for user in range(60):
        mine = set(np.flatnonzero(clicked[user]).tolist())
        for day in (4, 4 + (days or 500) - 1):
            assert hidden(world, state, user, day) == mine
        assert hidden(world, state, user, 4 + (days or 500)) == (mine if days is None else set())


def test_what_was_seen_often_is_hidden_and_its_showings_are_counted_anew() -> None:
    world = world_that_hides(most_showings=2, shown_days=5)
    state, users, often = world.start(), world.user_ids[:1], np.arange(N_SLOTS)[None]
    world.show(state, 0, 0, users, often)
    assert hidden(world, state, 0, 0) == set()
    world.show(state, 1, 0, users, often)
    assert hidden(world, state, 0, 1) == hidden(world, state, 0, 5) == set(range(N_SLOTS))
    assert hidden(world, state, 1, 1) == set()
    assert hidden(world, state, 0, 6) == set()
    world.show(state, 6, 0, users, often)
    assert hidden(world, state, 0, 6) == set()
    world.show(state, 6, 1, users, often)
    assert hidden(world, state, 0, 6) == set(range(N_SLOTS))


def test_who_would_be_left_with_less_than_a_slate_may_be_shown_all_again() -> None:
    world = world_that_hides(most_showings=1)
    state, users = world.start(), world.user_ids[:1]
    for day in range(world.n_items // N_SLOTS):
        assert len(hidden(world, state, 0, day)) == day * N_SLOTS
        world.show(state, day, 0, users, np.arange(day * N_SLOTS, (day + 1) * N_SLOTS)[None])
    assert world.n_items - (world.n_items // N_SLOTS) * N_SLOTS < N_SLOTS
    assert hidden(world, state, 0, 99) == set()


def test_a_hidden_item_is_refused_in_one_sentence_and_nothing_is_lived() -> None:
    world = world_that_hides(most_showings=1)
    state, users = world.start(), world.user_ids[7:9]
    world.show(state, 0, 0, users[:1], np.arange(N_SLOTS)[None])
    before = {name: values.copy() for name, values in state.items()}
    with pytest.raises(DataError, match=r"^item 0 is hidden from user 7 .*available is true$"):
        world.show(state, 1, 0, users, np.tile(np.arange(N_SLOTS), (2, 1)))
    assert all(np.array_equal(before[name], values) for name, values in state.items())


class Watcher:
    """Sees that nobody is shown what is hidden, and counts what could have been shown."""

    def __init__(self) -> None:
        self.n_hidden = 0
        self.seen = dict[tuple[int, int], int]()

    def came(self, day: int, users: Any) -> None:
        pass

    def saw(self, visits: Any, slates: Any, feedback: Any, version: int) -> None:
        assert visits.available.shape == (len(visits), 64)
        assert visits.can_show(slates.items).all()
        self.n_hidden += int((~visits.available).sum())

    def night(self, day: int, state: Any) -> None:
        pass


@pytest.mark.parametrize("name", ["oracle-growth", "oracle-myopic"])
@pytest.mark.parametrize("rules", [{"clicked_days": None}, {"most_showings": 2, "shown_days": 4}])
def test_oracles_obey(name: str, rules: dict[str, Any]) -> None:
    world, watcher = world_that_hides(**rules), Watcher()
    live(world, OraclePlayer(name, world, {}), Schedule(days=12), [watcher])
    assert watcher.n_hidden > 0


def test_a_world_that_hides_nothing_is_as_it_was() -> None:
    world = World(TINY, 3)
    assert "hidden_until" not in world.start()
    assert world.visits(world.user_ids[:4], 0, 0, world.start()).available.shape == (world.n_items,)


def test_settings_are_read_back_and_wrong_ones_named() -> None:
    settings = replace(TINY, hides=HidingRules(clicked_days=None, most_showings=3))
    assert settings_from_json(WorldSettings, settings_to_json(settings), "again") == settings
    with pytest.raises(SettingsError, match="clicked_days is -1"):
        settings_from_json(WorldSettings, {"hides": {"clicked_days": -1}}, "w")
    big = {"population": {"n_users": 10_000_000}, "hides": {"clicked_days": None}}
    with pytest.raises(SettingsError, match="fewer items, of which it hides some by user"):
        settings_from_json(WorldSettings, big, "w")
    alone = replace(TINY, slate_size=1, mean_slates=1.0, hides=HidingRules(clicked_days=2))
    with pytest.raises(SettingsError, match="nothing that is hidden by user"):
        exact_value(World(alone, 0), 0, 2)
