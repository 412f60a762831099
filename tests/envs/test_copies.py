"""A copy of an environment goes on as the original does; two threads in one are told so; what cannot be is refused."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest

import serendip.envs
from serendip.envs.actions import ActionError
from serendip.envs.turns import Turn
from serendip.envs.vector import UserVectorEnv
from serendip.envs.wrappers import DistinctSlate, FactorSlate, HistoryDict, TopicSlate
from serendip.simulator.errors import SettingsError, ThreadError
from serendip.simulator.settings import preset_names
from serendip.simulator.world import make_world

assert serendip.envs  # registers the environments
COPIES: dict[str, Callable[[Any], Any]] = {"deepcopy": copy.deepcopy, "pickle": lambda e: pickle.loads(pickle.dumps(e))}
MAKERS: dict[str, Callable[[Any], Any]] = {
    "user": lambda world: gymnasium.make("serendip/User-v0", world=world),
    "population": lambda world: gymnasium.make("serendip/Population-v0", world=world),
    "vector": lambda world: UserVectorEnv(3, world),
    "distinct": lambda world: DistinctSlate(gymnasium.make("serendip/User-v0", world=world)),
    "topics": lambda world: TopicSlate(gymnasium.make("serendip/User-v0", world=world)),
    "factors": lambda world: FactorSlate(gymnasium.make("serendip/User-v0", world=world)),
    "history": lambda world: HistoryDict(gymnasium.make("serendip/User-v0", world=world)),
}


def course(env: Any, n_steps: int) -> list[bytes]:
    """Return all that `env` says in the next steps, under actions of its own space."""
    said = list[bytes]()
    for _ in range(n_steps):
        found = env.step(env.action_space.sample())
        said.append(pickle.dumps([np.asarray(part).tolist() for part in found[1:4]] + [_plain(found[0])]))
        if not isinstance(env, UserVectorEnv) and (found[2] or found[3]):
            said.append(pickle.dumps(_plain(env.reset()[0])))
    return said


def _plain(seen: Any) -> Any:
    return {k: np.asarray(v).tolist() for k, v in seen.items()} if isinstance(seen, dict) else np.asarray(seen).tolist()


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_goes_on_as_the_original_does(kind: str, how: str) -> None:
    env = MAKERS[kind]("tiny")
    env.reset(seed=3)
    env.action_space.seed(4)
    course(env, 5)
    twin = COPIES[how](env)
    expected = course(env, 12)
    assert course(twin, 12) == expected  # and what the original did meanwhile has changed nothing in the copy


@pytest.mark.parametrize("world", [name for name in preset_names() if name not in ("default", "null", "frozen")])
def test_a_life_in_any_world_can_be_copied(world: str) -> None:
    env = gymnasium.make("serendip/User-v0", world=world)
    env.reset(seed=3)
    env.action_space.seed(4)
    twin = copy.deepcopy(env)
    assert course(env, 8) == course(twin, 8)


def test_a_copy_before_the_first_reset_can_be_reset() -> None:
    env = copy.deepcopy(gymnasium.make("serendip/User-v0", world="tiny"))
    env.reset(seed=0)
    env.step(env.action_space.sample())


@pytest.mark.parametrize("arrays", ["numpy", "torch"])
def test_a_world_can_be_pickled(arrays: str) -> None:
    world = make_world("tiny", 0, arrays=arrays)
    again = pickle.loads(pickle.dumps(world))
    assert [part.tolist() for part in world.come(world.start(), 0)] == [
        p.tolist() for p in again.come(again.start(), 0)
    ]
    assert type(again.place(np.zeros(1))) is type(world.user_ids)


@pytest.mark.parametrize("kind", ["user", "population", "vector", "distinct", "topics"])
def test_a_pickled_action_space_goes_on_from_its_seed(kind: str) -> None:
    space = MAKERS[kind]("news").action_space
    space.seed(7)
    space.sample()
    again = pickle.loads(pickle.dumps(space))
    assert again == space
    assert [again.sample().tolist() for _ in range(3)] == [space.sample().tolist() for _ in range(3)]


def test_more_slots_than_items_of_the_first_day_are_refused() -> None:
    n_first = int(make_world("news", 0).items.available(0).sum())
    for make in (lambda n: gymnasium.make("serendip/User-v0", world="news", slate_size=n), _vector_of):
        make(n_first)
        with pytest.raises(SettingsError, match=f"allowed is 1 to the {n_first} items that are there on the first day"):
            make(n_first + 1)


def _vector_of(n_slots: int) -> Any:
    return UserVectorEnv(2, "news", slate_size=n_slots)


@pytest.mark.parametrize(
    ("kind", "action", "said"),
    [
        ("distinct", [0, -1, 2], "item -1 does not exist; items go from 0 to 63"),
        ("distinct", [0, 64, 2], "item 64 does not exist"),
        ("distinct", [0.0, np.nan, 2.0], "expected integers"),
        ("distinct", [0, 1], "expected integers, .3,."),
        ("topics", [0, -1, 2], "topic -1 does not exist; topics go from 0 to 15"),
        ("topics", [0, 16, 2], "topic 16 does not exist"),
        ("topics", [0.0, 1.0, np.nan], "expected integers"),
        ("factors", [np.nan] * 16, "expected 16 finite numbers"),
        ("factors", [0.0], "expected 16 finite numbers"),
    ],
)
def test_a_wrapper_refuses_what_cannot_be(kind: str, action: list[Any], said: str) -> None:
    env = MAKERS[kind]("tiny")
    env.reset(seed=0)
    with pytest.raises(ActionError, match=said):
        env.step(np.array(action))


def test_a_second_thread_is_told_that_another_is_in_the_environment() -> None:
    env = gymnasium.make("serendip/User-v0", world="tiny").unwrapped
    env.reset(seed=0)
    inside, done, said = threading.Event(), threading.Event(), list[str]()

    def hold() -> None:
        with env.turn:  # pyright: ignore[reportAttributeAccessIssue]
            inside.set()
            done.wait(5.0)

    other = threading.Thread(target=hold)
    other.start()
    inside.wait(5.0)
    for call in (lambda: env.step(np.arange(3)), env.reset):
        with pytest.raises(ThreadError, match="give each thread an environment of its own") as error:
            call()
        said.append(str(error.value))
    done.set()
    other.join()
    env.step(np.arange(3))
    assert len(said) == 2


def test_a_turn_is_given_back_after_an_error_and_not_copied() -> None:
    env = gymnasium.make("serendip/User-v0", world="tiny").unwrapped
    env.reset(seed=0)
    with pytest.raises(ActionError):
        env.step(np.zeros(3, int))
    env.step(np.arange(3))
    turn = Turn()
    with turn, copy.deepcopy(turn), pickle.loads(pickle.dumps(turn)):
        pass
