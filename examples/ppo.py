"""Train PPO to recommend topics to one user at a time, and compare it with chance.

    pip install '.[rl]'
    python examples/ppo.py                  # about a minute on one core

Both policies meet the same lives: the same users, the same luck, until what they are shown differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor

from serendip.envs.stable_baselines import TopicVecEnv


def train(world: str, steps: int, seed: int, max_days: int) -> PPO:
    """Return a policy trained for `steps` slates, in 64 lives at once."""
    torch.set_num_threads(1)
    envs = VecMonitor(TopicVecEnv(64, seed=seed, world=world, max_days=max_days))
    agent = PPO(
        "MlpPolicy", envs, seed=seed, n_steps=64, batch_size=512, gamma=0.99, learning_rate=1e-3, ent_coef=0.003,
        device="cpu",
    )  # fmt: skip
    return agent.learn(steps)


def clicks_per_life(choose: Callable[[Any], Any], world: str, n_lives: int, seed: int, max_days: int) -> Any:
    """Return (n_lives,) clicks in the first life of each row, under topics that `choose` picks by observation."""
    envs = TopicVecEnv(n_lives, seed=seed, world=world, max_days=max_days)
    observation, clicks, living = envs.reset(), np.zeros(n_lives), np.ones(n_lives, bool)
    while living.any():
        observation, reward, done, _ = envs.step(choose(observation))
        clicks += reward * living
        living &= ~done
    return clicks


def compare(world: str, steps: int, n_lives: int, seed: int = 0, max_days: int = 120) -> tuple[Any, Any]:
    """Return (n_lives,) clicks per life of PPO, and of uniformly random topics, in lives that PPO did not train on."""
    agent = train(world, steps, seed, max_days)
    rng = np.random.default_rng(seed)
    space = agent.action_space
    test = {"world": world, "n_lives": n_lives, "seed": seed + 10**6, "max_days": max_days}
    ppo = clicks_per_life(lambda seen: agent.predict(seen, deterministic=False)[0], **test)
    uniform = clicks_per_life(lambda seen: rng.integers(space.nvec, size=(len(seen), len(space.nvec))), **test)
    return ppo, uniform


def main() -> None:
    """Train, compare, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="tiny")
    parser.add_argument("--steps", type=int, default=300_000, help="slates to train on")
    parser.add_argument("--lives", type=int, default=500, help="lives to compare in")
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    ppo, uniform = compare(flags.world, flags.steps, flags.lives, flags.seed)
    lift = ppo - uniform
    error = lift.std(ddof=1) / np.sqrt(len(lift))
    print(f"clicks per life: PPO {ppo.mean():.1f}, uniform {uniform.mean():.1f}")
    print(f"difference, life by life: {lift.mean():.1f} +- {1.96 * error:.1f} (95%)")


if __name__ == "__main__":
    main()
