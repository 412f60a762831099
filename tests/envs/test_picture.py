"""Pictures of a life: one size throughout, and colour where something was shown or clicked."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from serendip.envs import picture as pictures
from serendip.envs.picture import CLICKED, PAPER, Chronicle, bars


@pytest.mark.parametrize("max_days", [7, 240, 480, 1000])
def test_a_picture_shows_what_was_clicked_where(max_days: int) -> None:
    chronicle = Chronicle(4, max_days)
    paper, clicked = to_rgb(PAPER), to_rgb(CLICKED)
    assert np.allclose(chronicle.cells(), paper)
    empty = chronicle.picture()
    chronicle.add(max_days - 1, np.array([2, 2, 0]), np.array([False, True, False]))
    cells = chronicle.cells()
    assert cells.shape == (4, min(max_days, 480), 3)
    assert np.allclose(cells[2, -1], clicked)
    assert not np.allclose(cells[0, -1], paper)
    assert np.allclose(cells[1], paper)
    assert np.allclose(cells[:, 0], paper)
    picture = chronicle.picture()
    assert (picture.shape, picture.dtype) == ((400, 640, 3), np.uint8)
    assert (picture != empty).any()


def test_the_picture_says_what_is_on_its_axes_and_what_the_colours_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = list[Any]()
    monkeypatch.setattr(pictures, "_drawn", kept.append)
    chronicle = Chronicle(3, 20)
    chronicle.add(4, np.array([1, 2]), np.array([True, False]))
    chronicle.picture()
    bars([3, 5], 20)
    life, days = kept[0].axes
    assert (life.get_ylabel(), days.get_xlabel()) == ("topic", "day since the user arrived")
    assert life.get_title(loc="left") == "1 days with a visit, 1 clicks"
    assert [text.get_text() for text in kept[0].legends[0].get_texts()] == ["shown", "clicked"]
    [axes] = kept[1].axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("day", "users who came")
    assert [bar.get_height() for bar in axes.patches] == [3, 5]


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
