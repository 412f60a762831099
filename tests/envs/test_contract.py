"""What every registered environment passes, in every preset world."""

from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from serendip.envs.registration import ENVIRONMENTS
from serendip.simulator.settings import preset_names


@pytest.mark.parametrize("world", preset_names())
@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_gymnasium_finds_nothing_to_object_to(name: str, world: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(f"serendip.envs:{name}", world=world).unwrapped)


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_the_same_seed_and_actions_give_the_same_bytes(name: str) -> None:
    def play() -> bytes:
        env = gymnasium.make(name, world="tiny", truth=True)
        env.action_space.seed(5)
        seen = list[bytes]()
        for episode in range(2):
            env.reset(seed=7 if episode == 0 else None)
            for _ in range(40):
                observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
                parts = observation.values() if isinstance(observation, dict) else [observation]
                seen += [np.asarray(part).tobytes() for part in [*parts, reward, *info["truth"].values()]]
                if terminated or truncated:
                    env.reset()
        return b"".join(seen)

    assert play() == play()
