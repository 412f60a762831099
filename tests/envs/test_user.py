"""One user's life: what is seen, what ends it, and that it is the life the world would have given."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from serendip.envs.actions import ActionError
from serendip.envs.user import UserEnv
from serendip.simulator.errors import SettingsError
from serendip.simulator.world import World, make_world


def reference(world: World, user: int, luck: int, rng: Any, max_days: int) -> list[Any]:
    """Return (day, visit, slate, clicked) of a whole life, the slow and obvious way."""
    cast = world.cast(np.array([user]), np.array([luck]))
    state, seen = cast.start(), list[Any]()
    first = int(world.people.first_day[user])
    for day in range(first, first + max_days):
        here, n_slates = cast.come(state, day)
        for visit in range(int(n_slates[0]) if len(here) else 0):
            items = rng.permutation(world.n_items)[: world.settings.slate_size]
            clicked = cast.show(state, day, visit, here, items[None])[0]
            seen.append((day, visit, items.tolist(), clicked.tolist()))
        cast.night(state, day)
        if not state["alive"][0]:
            break
    return seen


def test_a_life_is_the_one_the_world_gives() -> None:
    world = make_world("tiny", 0)
    env = UserEnv(world, max_days=100)
    for seed in range(20):
        _, info = env.reset(seed=seed)
        luck = env.life.luck
        expected = reference(world, info["user"], luck, np.random.default_rng(seed), 100)
        rng, over, lived = np.random.default_rng(seed), False, list[Any]()
        while not over:
            day, visit = info["day"], info["visit"]
            items = rng.permutation(world.n_items)[: world.settings.slate_size]
            _, reward, terminated, truncated, info = env.step(items)
            assert reward == info["clicked"].sum()
            assert not (terminated and truncated)
            lived.append((day, visit, items.tolist(), info["clicked"].tolist()))
            over = terminated or truncated
        assert lived == expected


def test_an_observation_says_what_a_site_saw() -> None:
    env = UserEnv("tiny", truth=True)
    n_topics = env.world.catalogue.n_topics
    first, info = env.reset(seed=1)
    assert np.array_equal(first, np.zeros(2 * n_topics + 3, np.float32))
    topic = env.world.items.topic
    same = np.flatnonzero(topic == topic[0])[:3]
    while info["visit"] == 0:
        seen, reward, terminated, truncated, info = env.step(same)
        if terminated or truncated:
            first, info = env.reset()
        elif info["visit"] == 1:
            assert seen[n_topics + topic[0]] == np.float32(3 / 4)  # three exposures today: 3 / (3 + 1)
            assert seen[topic[0]] == np.float32(reward / (reward + 1))
            assert (
                seen[:n_topics].sum() + seen[n_topics : 2 * n_topics].sum()
                == seen[[topic[0], n_topics + topic[0]]].sum()
            )
            assert seen[-1] == np.float32((1 / 3) / (1 / 3 + 1))
            break


def test_leaving_terminates_and_days_truncate() -> None:
    ends = set[tuple[bool, bool]]()
    for max_days in (3, 2000):
        env = UserEnv("tiny", max_days=max_days)
        env.reset(seed=0)
        over = False
        while not over:
            _, _, terminated, truncated, info = env.step(env.action_space.sample())
            over = terminated or truncated
        ends.add((terminated, truncated))
        assert terminated or info["day"] == max_days
        with pytest.raises(ActionError, match=r"call reset\(\) first"):
            env.step(env.action_space.sample())
    assert ends == {(True, False), (False, True)}


def test_one_item_at_a_time() -> None:
    env = gymnasium.make("serendip/User-v0", world="tiny", slate_size=1)
    assert isinstance(env.action_space, gymnasium.spaces.Discrete)
    env.reset(seed=0)
    _, reward, *_, info = env.step(env.action_space.sample())
    assert info["clicked"].shape == (1,)
    assert reward in (0.0, 1.0)


def test_the_user_can_be_named() -> None:
    env = UserEnv("tiny")
    assert env.reset(seed=0, options={"user": 17})[1]["user"] == 17


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ([1, 2, 2], r"slate \[1, 2, 2\] shows an item twice; give 3 different items"),
        ([1, 2, 64], r"item 64 does not exist; items go from 0 to 63"),
        ([1, -1, 3], r"item -1 does not exist"),
        ([1, 2], r"the action has shape \(1, 2\) and type int64; expected 1 slates of 3 items, integers"),
        ([1.0, 2.0, 3.0], r"type float64; expected"),
    ],
)
def test_a_wrong_slate_gets_one_clear_sentence(action: list[Any], sentence: str) -> None:
    env = UserEnv("tiny")
    env.reset(seed=0)
    with pytest.raises(ActionError, match=sentence):
        env.step(np.array(action))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"world": "nowhere"}, "unknown world 'nowhere'; known: "),
        ({"world": "tiny", "slate_size": 65}, "slate_size is 65; allowed is 1 to the 64 items"),
        ({"world": "tiny", "max_days": 0}, "max_days is 0; allowed is 1 to 100000"),
    ],
)
def test_a_wrong_setting_gets_one_clear_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        UserEnv(**settings)


def test_a_wrong_user_gets_one_clear_sentence() -> None:
    with pytest.raises(SettingsError, match="user 100 does not exist; users go from 0 to 99"):
        UserEnv("tiny").reset(options={"user": 100})
