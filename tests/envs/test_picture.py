"""Pictures of a life: one size throughout, and colour where something was shown or clicked."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from serendip.envs.picture import CLICKED, PAPER, VISIT, Chronicle, bars


@pytest.mark.parametrize("max_days", [7, 240, 480, 1000])
def test_a_picture_shows_what_was_clicked_where(max_days: int) -> None:
    chronicle = Chronicle(4, max_days)
    empty = chronicle.picture()
    assert empty.shape == (256 + 24, 480, 3)
    assert (empty == PAPER).all()
    chronicle.add(max_days - 1, np.array([2, 2, 0]), np.array([False, True, False]))
    picture = chronicle.picture()
    assert picture.dtype == np.uint8
    assert (picture[2 * 64 : 3 * 64, -1] == CLICKED).all()
    assert (picture[:64, -1] != PAPER).any()
    assert (picture[64 : 2 * 64, -1] == PAPER).all()
    assert (picture[-1, -1] == VISIT).all()
    assert (picture[:, 0] == PAPER).all()


def test_bars_grow_to_the_top() -> None:
    picture = bars([1, 2], 2)
    blue = (picture != PAPER).any(axis=2).sum(axis=0)
    assert blue[0] == 128
    assert blue[-1] == 256


@pytest.mark.parametrize("name", ["serendip/User-v0", "serendip/Population-v0"])
def test_environments_render_and_do_not_where_they_are_not_asked(name: str) -> None:
    env = gymnasium.make(name, world="tiny", render_mode="rgb_array").unwrapped
    env.reset(seed=0)
    before: Any = env.render()
    env.action_space.seed(0)
    for _ in range(25):
        *_, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            break
    after: Any = env.render()
    assert before.shape == after.shape
    assert (before != after).any()
    quiet = gymnasium.make(name, world="tiny").unwrapped
    quiet.reset(seed=0)
    assert quiet.render() is None


def test_the_vector_environment_draws_what_single_ones_draw() -> None:
    envs = gymnasium.make_vec("serendip/User-v0", num_envs=2, world="tiny", render_mode="rgb_array")
    singles = gymnasium.make_vec(
        "serendip/User-v0", num_envs=2, vectorization_mode="sync", world="tiny", render_mode="rgb_array"
    )
    envs.reset(seed=0)
    singles.reset(seed=0)
    for _ in range(40):
        actions = envs.action_space.sample()
        envs.step(actions)
        singles.step(actions)
    for mine, its in zip(envs.render() or (), singles.render() or (), strict=True):
        assert np.array_equal(mine, its)
