"""
Train PPO in a world
====================

A user is a Gymnasium environment whose actions are topics, so that standard reinforcement learning runs as it is.

It needs the extra ``rl`` (stable-baselines3).
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor

from serendip.envs.stable_baselines import TopicVecEnv

torch.set_num_threads(1)

# %%
# ``TopicVecEnv`` lives many lives at once. An action is a topic for each slot; the best item of the topic is shown.
# The reward is the clicks of a slate (``reward="visits"`` would pay for users who come back). An episode is a life:
# until the user leaves for good, or ``max_days``.

world = {"world": "tiny", "max_days": 60}
lives = VecMonitor(TopicVecEnv(64, seed=0, **world))
print("action:", lives.action_space)
print("observation:", lives.observation_space)

# %%
# A short training, to see that it learns; ``examples/ppo.py`` trains 15 times as long.

agent = PPO(
    "MlpPolicy", lives, seed=0, n_steps=64, batch_size=512, gamma=0.99, learning_rate=1e-3, ent_coef=0.003, device="cpu"
)
agent.learn(20_000)

# %%
# Both policies meet lives that PPO has not seen, with the same luck: the same user comes on the same days until what
# they are shown differs. So differences are taken life by life.


def clicks_per_life(choose, n_lives=200):
    """Return (n_lives,) clicks in the first life of each row."""
    envs = TopicVecEnv(n_lives, seed=10**6, **world)
    observation, clicks, living = envs.reset(), np.zeros(n_lives), np.ones(n_lives, bool)
    while living.any():
        observation, reward, done, _ = envs.step(choose(observation))
        clicks += reward * living
        living &= ~done
    return clicks


rng = np.random.default_rng(0)
slots = agent.action_space.nvec
learned = clicks_per_life(lambda seen: agent.predict(seen, deterministic=False)[0])
random = clicks_per_life(lambda seen: rng.integers(slots, size=(len(seen), len(slots))))
lift = learned - random
print(f"clicks per life: PPO {learned.mean():.1f}, random topics {random.mean():.1f}")
print(f"difference: {lift.mean():.1f} +- {1.96 * lift.std(ddof=1) / np.sqrt(len(lift)):.1f} (95%)")

# %%
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.hist([random, learned], bins=12, label=["random topics", "PPO"], color=["#9A9A9A", "#0072B2"])
axes.set(xlabel="clicks in a life", ylabel="lives")
axes.legend(frameon=False)
