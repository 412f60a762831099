"""What stable-baselines3 asks of an environment, and that PPO learns through it."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from serendip.envs.actions import ActionError
from serendip.envs.registration import ENVIRONMENTS
from serendip.envs.user import UserEnv
from serendip.envs.wrappers import TopicSlate
from serendip.simulator.settings import preset_names

pytest.importorskip("stable_baselines3", reason="the extra `rl` (stable-baselines3) is not installed")


@pytest.mark.parametrize("world", preset_names())
@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_its_checker_finds_nothing_wrong(name: str, world: str) -> None:
    from stable_baselines3.common.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Population-v0 has a row for each user: it advises to flatten what it has no network for.
        warnings.filterwarnings("ignore", message=r"(?s).*(unconventional shape|not supported by Stable-Baselines3).*")
        check_env(gymnasium.make(name, world=world).unwrapped)


def test_the_vector_environment_is_single_environments() -> None:
    from serendip.envs.stable_baselines import TopicVecEnv

    envs = TopicVecEnv(3, seed=5, world="tiny", max_days=20)
    singles = [TopicSlate(UserEnv("tiny", max_days=20)) for _ in range(3)]
    first = envs.reset()
    assert np.array_equal(first, [env.reset(seed=5 + row)[0] for row, env in enumerate(singles)])
    ends = 0
    for _ in range(100):
        observation, reward, done, infos = envs.step(np.random.default_rng(0).integers(8, size=(3, 3)))
        assert observation.dtype == reward.dtype == np.float32
        for row in np.flatnonzero(done):
            assert infos[row]["terminal_observation"].shape == observation[row].shape
            assert isinstance(infos[row]["TimeLimit.truncated"], bool)
        ends += int(done.sum())
    assert ends > 0


def test_ppo_learns_more_than_chance(root: Path) -> None:
    """A brief training; paired over 200 lives, the false-alarm rate of z > 4 is below 1e-4."""
    example: Any = _load(root / "examples" / "ppo.py")
    found = example.compare("tiny", steps=16_384, n_lives=200, max_days=60)
    lift = found["PPO"] - found["uniform"]
    assert lift.mean() > 4.0 * lift.std(ddof=1) / np.sqrt(len(lift))


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def test_a_seed_decides_the_draw_of_items_too() -> None:
    from serendip.envs.stable_baselines import TopicVecEnv

    env, runs = TopicVecEnv(2, world="tiny", max_days=20, seed=0), list[list[Any]]()
    for _ in range(2):
        env.seed(7)
        env.reset()
        runs.append([env.step(np.zeros((2, 3), int))[1].tolist() for _ in range(20)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("topics", [[[0, -1, 2]] * 2, [[0, 16, 2]] * 2, [[0.0, np.nan, 1.0]] * 2, [[0, 1, 2]]])
def test_topics_that_cannot_be_are_refused(topics: Any) -> None:
    from serendip.envs.stable_baselines import TopicVecEnv

    env = TopicVecEnv(2, world="tiny", max_days=20)
    env.reset()
    with pytest.raises(ActionError):
        env.step(np.array(topics))


@pytest.mark.parametrize("name", ["serendip/UserTopic-v0", "serendip/PopulationTopic-v0"])
def test_ppo_takes_a_registered_environment_as_it_is(name: str) -> None:
    from stable_baselines3 import PPO

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PPO's own words on devices
        agent = PPO(
            "MlpPolicy", gymnasium.make(name, world="tiny", max_days=10, reward="visits"), n_steps=32, batch_size=32
        )
        agent.learn(64)
    assert agent.num_timesteps >= 64
