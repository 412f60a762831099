"""Environments of a world that hides items by user: what they say of it, what they sample, what they refuse."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from serendip.envs.actions import ActionError
from serendip.envs.registration import ENVIRONMENTS
from serendip.envs.topics import population_topics
from serendip.envs.user import UserEnv
from serendip.envs.vector import UserVectorEnv
from serendip.envs.wrappers import DistinctSlate, FactorSlate, TopicSlate
from serendip.simulator.catalogue import HidingRules
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import WorldSettings, read_world

SHOP = replace(read_world("tiny")[0], name="shop", hides=HidingRules(clicked_days=None, most_showings=2, shown_days=30))


def no_slate_of(available: Any) -> Any:
    """Return a slate whose first item is hidden, and which is hidden first."""
    gone, there = np.flatnonzero(~available), np.flatnonzero(available)
    return np.concatenate([gone[:1], there[:2]]), int(gone[0])


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
@pytest.mark.parametrize("slots", [None, 1])
def test_gymnasium_finds_nothing_to_object_to(name: str, slots: int | None) -> None:
    env = gymnasium.make(f"serendip.envs:{name}", world=SHOP, slate_size=slots)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    env.action_space.seed(2)
    env.reset(seed=1)
    for _ in range(150):  # what it samples can be shown, however much is hidden
        if any(env.step(env.action_space.sample())[2:4]):
            env.reset()


def test_a_hidden_item_is_refused_and_the_life_goes_on() -> None:
    env = UserEnv(SHOP)
    env.action_space.seed(2)
    _, info = env.reset(seed=4)
    assert info["available"].all()
    while info["available"].all():
        _, _, _, _, info = env.step(np.arange(3) if not info["visit"] else env.action_space.sample())
    slate, first = no_slate_of(info["available"])
    before = env.life.features().tobytes()
    with pytest.raises(ActionError, match=rf"item {first} of slate \[{first}, .*hidden from its visitor"):
        env.step(slate)
    assert env.life.features().tobytes() == before
    env.step(np.flatnonzero(info["available"])[:3])


def test_everybody_at_once() -> None:
    env: Any = gymnasium.make("serendip/Population-v0", world=SHOP).unwrapped
    env.action_space.seed(2)
    env.reset(seed=0)
    for _ in range(30):
        _, _, _, _, info = env.step(env.action_space.sample())
    visits = info["visits"]
    assert visits.available.shape == (len(visits), 64)
    row = int(np.flatnonzero((~visits.available).any(axis=1))[0])
    slates = env.action_space.sample()
    assert visits.can_show(slates[visits.user_ids]).all()
    slates[visits.user_ids[row]], first = no_slate_of(visits.available[row])
    with pytest.raises(ActionError, match=f"item {first} of slate"):
        env.step(slates)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_many_at_once_are_single_environments(mode: str) -> None:
    native = UserVectorEnv(4, SHOP, max_days=20, autoreset_mode=mode)
    singles = SyncVectorEnv([lambda: UserEnv(SHOP, max_days=20)] * 4, autoreset_mode=mode)
    native.action_space.seed(1)
    mine, its = native.reset(seed=3), singles.reset(seed=3)
    hidden = 0
    for _ in range(60):
        for name in ("available", "_available"):
            assert np.array_equal(mine[-1][name], its[-1][name])
        assert np.array_equal(mine[0], its[0])
        hidden += int((~native.available()).sum())
        actions = native.action_space.sample()
        mine, its = native.step(actions), singles.step(actions)
    assert hidden > 100
    while not ((~native.available()).any(axis=1) & ~(mine[2] | mine[3])).any():
        mine = native.step(native.action_space.sample())
    row = int(np.flatnonzero((~native.available()).any(axis=1) & ~(mine[2] | mine[3]))[0])
    actions = native.action_space.sample()
    actions[row], first = no_slate_of(native.available()[row])
    with pytest.raises(ActionError, match=f"item {first} of slate"):
        native.step(actions)


def full(env: Any) -> Any:
    """Return an environment in which all items of topic 0 are hidden, but for one."""
    env.reset(seed=2)
    inner = env.unwrapped
    inner.life.crowd.state["hidden_until"][0] = np.where(inner.world.items.topic == 0, 1000, 0)
    kept = int(np.flatnonzero(inner.world.items.topic == 0)[1])
    inner.life.crowd.state["hidden_until"][0, kept] = 0
    return kept


def test_wrappers_show_what_can_be_shown() -> None:
    only = WorldSettings(**{**{f: getattr(SHOP, f) for f in SHOP.__slots__}, "hides": HidingRules(most_showings=50)})
    for wrap in (TopicSlate, DistinctSlate, FactorSlate):
        env: Any = wrap(UserEnv(only))
        kept = full(env)
        topic = env.unwrapped.world.items.topic
        asked: dict[Any, Any] = {
            TopicSlate: np.zeros(3, int),
            DistinctSlate: np.flatnonzero(topic == 0)[:3],
            FactorSlate: np.eye(env.unwrapped.world.items.n_topics)[0].astype(np.float32),
        }
        slate = env.action(asked[wrap])
        assert env.unwrapped.available()[slate].all()
        assert len(set(slate.tolist())) == 3
        if wrap is not DistinctSlate:
            assert slate[0] == kept
        env.unwrapped.step(slate)


def test_masks_say_which_topics_are_left() -> None:
    env: Any = TopicSlate(UserEnv(SHOP))
    kept = full(env)
    n_topics = env.unwrapped.world.items.n_topics
    assert env.action_masks().shape == (3 * n_topics,)
    assert env.action_masks().all()
    env.unwrapped.life.crowd.state["hidden_until"][0, kept] = 1000
    assert not env.action_masks().reshape(3, n_topics)[:, 0].any()
    assert env.action_masks().reshape(3, n_topics)[:, 1:].all()
    crowd: Any = population_topics(world=SHOP)
    crowd.reset(seed=0)
    inner = crowd.unwrapped
    visitor = int(inner._visitors[0])
    inner._state["hidden_until"][visitor] = np.where(inner.world.items.topic == 0, 1000, 0)
    masks = crowd.action_masks().reshape(inner.world.n_users, inner.n_slots, n_topics)
    assert not masks[visitor, :, 0].any()
    assert masks[:, :, 1:].all()
    assert masks[np.arange(inner.world.n_users) != visitor].all()


def test_a_copy_lives_on_alike_and_a_longer_slate_is_refused() -> None:
    env = UserEnv(SHOP)
    env.reset(seed=3)
    env.action_space.seed(4)
    for _ in range(20):
        env.step(env.action_space.sample())
    twin = copy.deepcopy(env)
    for _ in range(5):
        mine, its = env.step(env.action_space.sample()), twin.step(twin.action_space.sample())
        assert np.array_equal(mine[0], its[0])
        assert np.array_equal(mine[4]["available"], its[4]["available"])
    with pytest.raises(SettingsError, match="hides items by user, and leaves each at least its own 3"):
        UserEnv(SHOP, slate_size=4)
