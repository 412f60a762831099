"""Train PPO to recommend topics to one user at a time, and compare it with greed and with chance.

    pip install '.[rl]'
    python examples/ppo.py                     # clicks: about a minute on one core
    python examples/ppo.py --reward visits     # days on which the user comes: what all that was shown before earns

On visits PPO does not beat greed: `--reward visits --steps 65536 --days 240 --lives 300` gives 85.7 visits a life by
PPO, 84.4 by chance and 123.8 by greed, which shows the topics that were clicked most where they were shown lately.

All policies meet the same lives: the same users, the same luck, until what they are shown differs.
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

Choose = Callable[[Any], Any]
PRIOR_CLICKS, PRIOR_SHOWN = 0.5, 2.0  # of a topic that was never shown, so that greed tries it once


def train(world: str, steps: int, seed: int, max_days: int, reward: str = "clicks") -> PPO:
    """Return a policy trained for `steps` slates, in 64 lives at once."""
    torch.set_num_threads(1)
    envs = VecMonitor(TopicVecEnv(64, seed=seed, world=world, max_days=max_days, reward=reward))
    agent = PPO(
        "MlpPolicy", envs, seed=seed, n_steps=64, batch_size=512, learning_rate=1e-3, ent_coef=0.003, device="cpu",
        gamma=0.99 if reward == "clicks" else 0.999,  # visits are earned long before they are paid
    )  # fmt: skip
    return agent.learn(steps)


def per_life(choose: Choose, n_lives: int, seed: int, **world: Any) -> Any:
    """Return (n_lives,) reward in the first life of each row, under topics that `choose` picks by observation."""
    envs = TopicVecEnv(n_lives, seed=seed, **world)
    observation, earned, living = envs.reset(), np.zeros(n_lives), np.ones(n_lives, bool)
    while living.any():
        observation, reward, done, _ = envs.step(choose(observation))
        earned += reward * living
        living &= ~done
    return earned


def greedy(n_slots: int, n_topics: int, rng: np.random.Generator) -> Choose:
    """Return who shows the topics that were clicked most often where they were shown lately, ties at random."""

    def choose(seen: Any) -> Any:
        counts = seen[:, : 2 * n_topics] / (1.0 - seen[:, : 2 * n_topics])  # x of x / (x + 1)
        clicks, shown = counts[:, :n_topics], counts[:, n_topics:]
        rate = (clicks + PRIOR_CLICKS) / (shown + PRIOR_SHOWN) + 1e-6 * rng.random(clicks.shape)
        return np.argsort(-rate, axis=1)[:, :n_slots]

    return choose


def compare(
    world: str, steps: int, n_lives: int, seed: int = 0, max_days: int = 120, reward: str = "clicks"
) -> dict[str, Any]:
    """Return (n_lives,) reward per life of PPO, greed and chance, in lives that PPO did not train on."""
    agent = train(world, steps, seed, max_days, reward)
    rng, space = np.random.default_rng(seed), agent.action_space
    policies: dict[str, Choose] = {
        "PPO": lambda seen: agent.predict(seen, deterministic=False)[0],
        "greedy": greedy(len(space.nvec), int(space.nvec[0]), rng),
        "uniform": lambda seen: rng.integers(space.nvec, size=(len(seen), len(space.nvec))),
    }
    test: dict[str, Any] = {"world": world, "max_days": max_days, "reward": reward}
    return {name: per_life(choose, n_lives, seed + 10**6, **test) for name, choose in policies.items()}


def main() -> None:
    """Train, compare, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="tiny")
    parser.add_argument("--reward", default="clicks", choices=["clicks", "visits"])
    parser.add_argument("--steps", type=int, default=300_000, help="slates to train on")
    parser.add_argument("--days", type=int, default=120, help="days of a life, at most")
    parser.add_argument("--lives", type=int, default=500, help="lives to compare in")
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    found = compare(flags.world, flags.steps, flags.lives, flags.seed, flags.days, flags.reward)
    print(f"{flags.reward} per life: " + ", ".join(f"{name} {values.mean():.2f}" for name, values in found.items()))
    for other in ("greedy", "uniform"):
        lift = found["PPO"] - found[other]
        error = lift.std(ddof=1) / np.sqrt(len(lift))
        print(f"PPO less {other}, life by life: {lift.mean():.2f} +- {1.96 * error:.2f} (95%)")


if __name__ == "__main__":
    main()
