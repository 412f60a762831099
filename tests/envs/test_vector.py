"""N lives in one set of arrays are N single environments, number by number."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from serendip.envs.actions import ActionError
from serendip.envs.user import UserEnv
from serendip.envs.vector import UserVectorEnv
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import preset_names
from serendip.simulator.world import make_world


def same(left: Any, right: Any) -> bool:
    """Return whether two nests of dictionaries and arrays are equal, types and all."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if left.dtype == object:
        return all((a is None) == (b is None) and (a is None or same(a, b)) for a, b in zip(left, right, strict=True))
    return left.dtype == right.dtype and bool(np.array_equal(left, right))


def pair(world: Any, mode: str, n: int, **settings: Any) -> tuple[Any, Any]:
    native = gymnasium.make_vec(
        "serendip/User-v0", n, "vector_entry_point", world=world, autoreset_mode=mode, **settings
    )
    singles = SyncVectorEnv([lambda: UserEnv(world, **settings)] * n, autoreset_mode=mode)
    assert isinstance(native, UserVectorEnv)
    assert native.observation_space == singles.observation_space
    assert native.single_action_space == singles.single_action_space
    assert native.action_space == singles.action_space
    assert native.metadata == singles.metadata
    return native, singles


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("preset", preset_names())
def test_it_is_n_single_environments(preset: str, mode: str) -> None:
    native, singles = pair(make_world(preset, 0), mode, 4, max_days=12)
    for seed in (3, [5, None, 1, 2]):
        if not isinstance(seed, int):  # a row without a seed goes on with the generator it has
            assert None in seed
        mine, its = native.reset(seed=seed), singles.reset(seed=seed)
        assert all(map(same, mine, its))
        ends = 0
        for _ in range(30):
            actions = native.action_space.sample()
            mine, its = native.step(actions), singles.step(actions)
            assert all(map(same, mine, its))
            ends += int((mine[2] | mine[3]).sum())
        assert ends > 0


def test_one_item_at_a_time_and_the_truth() -> None:
    native, singles = pair(make_world("tiny", 0), "NextStep", 4, slate_size=1, truth=True)
    native.reset(seed=0)
    singles.reset(seed=0)
    for _ in range(50):
        actions = native.action_space.sample()
        mine, its = native.step(actions), singles.step(actions)
        assert all(map(same, mine[:4], its[:4]))
        for name, values in its[4]["truth"].items():
            assert np.array_equal(mine[4]["truth"][name], values.astype(mine[4]["truth"][name].dtype))


def test_disabled_autoreset_resets_by_mask() -> None:
    native, singles = pair(make_world("tiny", 0), "Disabled", 6, max_days=15)
    assert all(map(same, native.reset(seed=1), singles.reset(seed=1)))
    ends = 0
    while ends < 10:
        actions = native.action_space.sample()
        mine, its = native.step(actions), singles.step(actions)
        assert all(map(same, mine, its))
        over = mine[2] | mine[3]
        if over.any():
            ends += int(over.sum())
            mask = {"reset_mask": over}
            mine, its = native.reset(options=dict(mask)), singles.reset(options=dict(mask))
            assert same(mine[0], its[0])
            assert same(mine[1], its[1])
    assert native.metadata["autoreset_mode"] is AutoresetMode.DISABLED


def test_a_life_does_not_depend_on_its_neighbours() -> None:
    world = make_world("tiny", 0)
    few, many = UserVectorEnv(2, world), UserVectorEnv(40, world)
    few.reset(seed=8)
    many.reset(seed=8)
    for _ in range(80):
        actions = many.action_space.sample()
        assert np.array_equal(few.step(actions[:2])[0], many.step(actions)[0][:2])


def test_wrong_calls_get_one_clear_sentence() -> None:
    native = UserVectorEnv(3, "tiny", autoreset_mode="Disabled")
    with pytest.raises(ActionError, match=r"no life is going on in row 0; call reset\(\) first"):
        native.step(native.action_space.sample())
    native.reset(seed=0)
    with pytest.raises(ActionError, match=r"the actions have shape \(3, 2\); expected \(3, 3\)"):
        native.step(np.zeros((3, 2), int))
    with pytest.raises(ActionError, match=r"slate \[0, 0, 0\] shows an item twice"):
        native.step(np.zeros((3, 3), int))
    with pytest.raises(SettingsError, match="2 seeds were given for 3 environments"):
        native.reset(seed=[1, 2])
    with pytest.raises(SettingsError, match="give an array of 3 booleans"):
        native.reset(options={"reset_mask": [True]})
    with pytest.raises(SettingsError, match="num_envs is 0"):
        UserVectorEnv(0, "tiny")
