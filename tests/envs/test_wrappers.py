"""Wrappers: each passes the checker, and does to a life what it says."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from serendip.envs.user import UserEnv
from serendip.envs.wrappers import DistinctSlate, FactorSlate, HistoryDict, ItemsOfTopics, TopicSlate
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items
from serendip.simulator.settings import read_world

SMALL = replace(read_world("tiny")[0], catalogue=CatalogueSettings(n_items=60, n_topics=8))
WRAPPERS = [HistoryDict, DistinctSlate, TopicSlate, FactorSlate]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("slate_size", [1, 3])
def test_gymnasium_finds_nothing_to_object_to(wrapper: Any, slate_size: int) -> None:
    if wrapper is DistinctSlate and slate_size == 1:
        pytest.skip("a single item cannot stand twice")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is different from the unwrapped version.*")
        warnings.filterwarnings("ignore", message=".*alternative render modes.*")
        check_env(wrapper(UserEnv(SMALL, slate_size=slate_size)), skip_render_check=True)


def test_a_history_is_what_was_shown() -> None:
    env = HistoryDict(UserEnv(SMALL, truth=True), length=7)
    seen, info = env.reset(seed=2)
    assert (seen["items"] == 60).all()
    assert (seen["days_ago"] == 1.0).all()
    shown, clicked, days = list[int](), list[bool](), list[int]()
    for _ in range(12):
        items = env.action_space.sample()
        shown, days = shown + items.tolist(), days + [info["day"]] * 3
        seen, _, terminated, truncated, info = env.step(items)
        clicked += info["clicked"].tolist()
        known = min(7, len(shown))
        ago = info["day"] - np.array(days[-known:])
        assert seen["items"][-known:].tolist() == shown[-known:]
        assert seen["clicked"][-known:].tolist() == clicked[-known:]
        assert np.allclose(seen["days_ago"][-known:], ago / (ago + 7.0))
        if terminated or truncated:
            break
    assert len(shown) > 7


def test_a_repeated_item_gives_way_to_the_next() -> None:
    env = DistinctSlate(UserEnv(SMALL))
    assert env.action(np.array([59, 59, 59])).tolist() == [59, 0, 1]
    assert env.action(np.array([3, 4, 3])).tolist() == [3, 4, 5]


def test_topics_become_distinct_items_of_these_topics() -> None:
    topic = np.random.default_rng(0).permutation(np.arange(60) % 8)
    topics = np.random.default_rng(1).integers(8, size=(5000, 6))
    slates = ItemsOfTopics(Items(topic, 0 * topic), 8).slates(topics, np.random.default_rng(2))
    assert np.array_equal(topic[slates], topics)
    ordered = np.sort(slates, axis=1)
    assert (ordered[:, 1:] != ordered[:, :-1]).all()
    assert len(np.unique(slates)) == 60


def test_a_topic_that_runs_out_lends_from_others() -> None:
    choice = ItemsOfTopics(Items(np.array([0, 0, 1, 1, 1]), np.zeros(5, int)), 3)
    for topics in ([0, 0, 0, 0], [2, 2, 2, 2], [1, 1, 1, 1]):
        slates = choice.slates(np.tile(topics, (50, 1)), np.random.default_rng(0))
        assert all(len(set(slate)) == 4 for slate in slates.tolist())
        assert set(np.unique(slates)) <= set(range(5))


def test_factors_point_at_items() -> None:
    factors = np.random.default_rng(0).normal(size=(60, 4))
    env = FactorSlate(UserEnv(SMALL), factors)
    direction = np.array([0.3, -0.2, 0.9, 0.1])
    assert env.action(direction).tolist() == np.argsort(-(factors @ direction))[:3].tolist()
    by_topic = FactorSlate(UserEnv(SMALL))
    by_topic.reset(seed=0)
    unit = np.eye(8)[5]
    first, second = by_topic.action(unit), by_topic.action(unit)
    topic = by_topic.unwrapped.world.items.topic
    assert (topic[first] == 5).all()
    assert (topic[second] == 5).all()
    assert not set(first) & set(second)


def test_wrong_wrapping_gets_one_clear_sentence() -> None:
    with pytest.raises(SettingsError, match="PopulationEnv is not serendip/User-v0"):
        TopicSlate(gymnasium.make("serendip/Population-v0", world="tiny"))
    with pytest.raises(SettingsError, match=r"factors have shape \(59, 4\); give finite numbers, a row for each of 60"):
        FactorSlate(UserEnv(SMALL), np.zeros((59, 4)))
    with pytest.raises(SettingsError, match="length is 0"):
        HistoryDict(UserEnv(SMALL), length=0)


@pytest.mark.parametrize("wrapper", [DistinctSlate, TopicSlate, FactorSlate])
def test_what_is_not_released_is_not_chosen(wrapper: Any) -> None:
    """On `news`, where four items in five appear later."""
    user = UserEnv("news", max_days=60)
    env = wrapper(user)
    env.action_space.seed(0)
    later = False
    _, info = env.reset(seed=0)
    for _ in range(300):
        slate = env.action(env.action_space.sample())
        released = user.world.items.released[slate]
        assert (released <= info["day"]).all()
        assert len(set(slate.tolist())) == len(slate)
        later = later or bool(released.any())
        *_, terminated, truncated, info = user.step(slate)
        if terminated or truncated:
            _, info = env.reset()
    assert later
