"""All users at once: who is asked for, who is listened to, and that the days are those of the world."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from serendip.envs.actions import ActionError
from serendip.envs.population import PopulationEnv
from serendip.envs.rewards import Brought
from serendip.envs.user import UserEnv
from serendip.envs.vector import UserVectorEnv
from serendip.simulator.errors import SettingsError
from serendip.simulator.population import Cohort, PopulationSettings
from serendip.simulator.settings import WorldSettings
from serendip.simulator.world import World, make_world

DAYS = 15


def reference(world: World, seed: int) -> list[Any]:
    """Return (day, visit, users, clicked) of every round, the obvious way; everyone sees the first items."""
    cast = world.under(seed)
    state, seen = cast.start(), list[Any]()
    for day in range(DAYS):
        users, n_slates = cast.come(state, day)
        for visit in range(int(n_slates.max(initial=0))):
            now = users[n_slates > visit]
            items = np.tile(np.arange(3), (len(now), 1))
            clicked = cast.show(state, day, visit, now, items)
            seen.append((day, visit, now.tolist(), clicked.tolist()))
        cast.night(state, day)
    return seen


def test_the_rounds_are_those_the_world_gives() -> None:
    world = make_world("tiny", 0)
    env = PopulationEnv(world, max_days=DAYS)
    observation, info = env.reset(seed=4)
    lived, over = list[Any](), False
    while not over:
        day, visit = info["day"], info["visit"]
        assert day == observation["day"]
        users = np.flatnonzero(observation["visiting"])
        assert len(users) == info["n_visiting"]
        ignored = np.full((world.n_users, 3), -1)  # what stands beside those who are not here does not matter
        ignored[users] = np.arange(3)
        assert not np.delete(observation["features"], users, axis=0).any()
        observation, reward, terminated, over, info = env.step(ignored)
        assert not terminated
        assert reward == info["clicked"].sum()
        lived.append((day, visit, users.tolist(), info["clicked"][users].tolist()))
    assert lived == reference(world, 4)
    assert observation["day"] == DAYS


def fleeting(rate: float) -> WorldSettings:
    """A world whose users leave after a day."""
    people = PopulationSettings(n_users=20, cohorts=(Cohort(rate=rate),))
    return WorldSettings(population=people, dynamics={"kind": "repertoire", "leaving": 1.0, "loyalty": 0.0})


def test_it_ends_when_everybody_has_left() -> None:
    env = PopulationEnv(fleeting(rate=8.0))
    env.reset(seed=0)
    over = False
    while not over:
        _, _, over, truncated, info = env.step(env.action_space.sample())
        assert not truncated
    assert info["day"] == 1
    with pytest.raises(ActionError, match=r"call reset\(\) first"):
        env.step(env.action_space.sample())


def test_a_world_in_which_nobody_comes_says_so() -> None:
    with pytest.raises(SettingsError, match="nobody came within max_days = 240 in 1000 tries"):
        PopulationEnv(fleeting(rate=1e-9)).reset(seed=0)
    with pytest.raises(SettingsError, match="no user came within max_days = 240 in 1000 tries"):
        UserEnv(fleeting(rate=1e-9)).reset(seed=0)


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (np.zeros((100, 3), int), r"slate \[0, 0, 0\] shows an item twice"),
        (np.full((100, 3), 64), "item 64 does not exist; items go from 0 to 63"),
        (np.zeros((99, 3), int), r"shape \(99, 3\); expected a slate for every user, \(100, 3\)"),
    ],
)
def test_a_wrong_action_gets_one_clear_sentence(action: Any, sentence: str) -> None:
    env = PopulationEnv("tiny")
    env.reset(seed=0)
    with pytest.raises(ActionError, match=sentence):
        env.step(action)


@pytest.mark.parametrize(
    ("reward", "worth"),
    [
        ("clicks", lambda brought: brought.clicks),
        ("visits", lambda brought: brought.visits),
        (lambda brought: 2.0 * brought.clicks - brought.days, lambda brought: 2.0 * brought.clicks - brought.days),
    ],
)
def test_a_step_is_worth_what_the_reward_says(reward: Any, worth: Any) -> None:
    env = PopulationEnv("tiny", max_days=DAYS, reward=reward)
    _, info = env.reset(seed=1)
    over = False
    while not over:
        day = info["day"]
        _, reward_got, gone, late, info = env.step(env.action_space.sample())
        over = gone or late
        came = info["n_visiting"] if info["day"] > day else 0
        brought = Brought(int(info["clicked"].sum()), came, info["day"] - day)
        assert reward_got == worth(brought)
    with pytest.raises(SettingsError, match="reward is 'joy'; allowed are clicks, visits, or a function"):
        PopulationEnv("tiny", reward="joy")


def test_a_user_s_coming_back_is_counted_once_a_day_and_by_the_vector_alike() -> None:
    settings: dict[str, Any] = {"world": "tiny", "max_days": 60, "reward": "visits"}
    single, many = UserEnv(**settings), UserVectorEnv(2, **settings)
    rng = np.random.default_rng(0)
    _, info = single.reset(seed=6)
    many.reset(seed=[6, 7])
    over, came = False, 0.0
    while not over:
        day, slate = info["day"], rng.permutation(64)[:3]
        _, reward, gone, late, info = single.step(slate)
        over = gone or late
        assert reward == (info["day"] > day and not over)
        assert many.step(np.stack([slate, slate]))[1][0] == reward
        came += reward
    assert came > 0


def test_topics_are_shown_to_everybody_by_a_flat_action() -> None:
    env: Any = gymnasium.make("serendip/PopulationTopic-v0", world="tiny", max_days=5)
    inner = env.unwrapped
    observation, _ = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    assert env.get_wrapper_attr("action_masks")().all()
    visiting = observation.reshape(inner.world.n_users, -1)[:, 0].astype(bool)
    topics = np.zeros((inner.world.n_users, inner.n_slots), int)
    topics[:] = np.arange(inner.n_slots)
    shown: dict[str, Any] = {}
    show, inner._show = inner._show, lambda items: shown.setdefault("clicked", show(shown.setdefault("items", items)))
    env.step(topics.ravel())
    assert (inner.world.items.topic[shown["items"]] == topics[visiting]).all()
