"""The space of slates: what it samples can be shown, every slate is as likely as another."""

from __future__ import annotations

import pickle
from collections import Counter
from itertools import permutations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, iterate

from serendip.envs.actions import ActionError, SlateSpace, action_space
from serendip.envs.population import PopulationEnv
from serendip.envs.user import UserEnv
from serendip.envs.vector import UserVectorEnv
from serendip.simulator.interface import Items
from serendip.simulator.world import make_world


@pytest.mark.parametrize(("n_items", "n_slots"), [(3, 2), (3, 3), (30, 2), (1000, 5)])
def test_it_samples_what_it_contains(n_items: int, n_slots: int) -> None:
    space = SlateSpace(n_items, (4, n_slots), seed=0)
    for _ in range(200):
        assert space.sample() in space
    assert np.zeros((4, n_slots), np.int64) not in space
    assert np.full((4, n_slots), n_items) not in space
    assert isinstance(space, spaces.MultiDiscrete)


@pytest.mark.parametrize(("n_items", "n_slots"), [(3, 2), (5, 2)])
def test_every_slate_is_as_likely(n_items: int, n_slots: int) -> None:
    """Pearson's test against equal shares; the false-alarm rate is below 1e-6 (z > 5 of a chi-square)."""
    drawn = SlateSpace(n_items, (20_000, n_slots), seed=1).sample()
    count = Counter(map(tuple, drawn.tolist()))
    every = list(permutations(range(n_items), n_slots))
    assert set(count) == set(every)
    expected, freedom = len(drawn) / len(every), len(every) - 1
    statistic = sum((count[slate] - expected) ** 2 / expected for slate in every)
    assert statistic < freedom + 7 * np.sqrt(2 * freedom)


def test_vector_environments_sample_slates_too() -> None:
    space = SlateSpace(5, (3,), seed=0)
    batched = batch_space(space, 4)
    assert isinstance(batched, SlateSpace)
    assert batched.shape == (4, 3)
    assert len(list(iterate(batched, batched.sample()))) == 4
    envs = gymnasium.make_vec("serendip/User-v0", num_envs=3, vectorization_mode="sync", world="tiny")
    envs.reset(seed=0)
    for _ in range(30):
        envs.step(envs.action_space.sample())


def test_it_can_be_sent_to_another_process_and_refuses_masks() -> None:
    space = SlateSpace(5, (3,))
    assert pickle.loads(pickle.dumps(space)) == space
    assert isinstance(action_space(Items(np.zeros(5, np.int32), np.zeros(5, np.int32)), 1), spaces.Discrete)
    with pytest.raises(ActionError, match="without a mask"):
        space.sample(mask=np.ones(5))


@pytest.mark.parametrize("slate_size", [1, 5])
def test_an_item_that_is_not_released_cannot_be_shown(slate_size: int) -> None:
    """`news`: one sentence in each environment; what their spaces sample can be shown."""
    world = make_world("news", 0)
    late = np.flatnonzero(world.items.released > 100)
    single, many = UserEnv(world, slate_size=slate_size), UserVectorEnv(3, world, slate_size=slate_size)
    everybody = PopulationEnv(world, slate_size=slate_size)
    wanted = r"item \d+ is released on day \d+, and this is day \d+; show items of which"
    for env, shape in ((single, (slate_size,)), (many, (3, slate_size)), (everybody, (world.n_users, slate_size))):
        env.reset(seed=0)
        slates = np.broadcast_to(late[:slate_size], shape)
        slates = slates[..., 0] if slate_size == 1 and env is not everybody else slates
        with pytest.raises(ActionError, match=wanted):
            env.step(slates)
        env.action_space.seed(0)
        actions = [env.action_space.sample() for _ in range(5)]
        assert all(action in env.action_space and (world.items.released[action] == 0).all() for action in actions)
        env.step(actions[0])
