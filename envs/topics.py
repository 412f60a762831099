"""Environments whose action is a topic for each slot, so that a small network can learn them as they are registered."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from serendip.envs.population import PopulationEnv
from serendip.envs.user import UserEnv
from serendip.envs.wrappers import ItemsOfTopics, TopicSlate
from serendip.simulator.interface import Bools


def user_topics(**settings: Any) -> gymnasium.Env[Any, Any]:
    """Return `serendip/UserTopic-v0`: `serendip/User-v0` (same settings), of which topics are chosen for the slots."""
    return TopicSlate(UserEnv(**settings))


def population_topics(**settings: Any) -> gymnasium.Env[Any, Any]:
    """Return `serendip/PopulationTopic-v0`: `serendip/Population-v0` (same settings), flat, by topics."""
    return FlatPopulation(PopulationEnv(**settings))


class FlatPopulation(gymnasium.Wrapper[Any, Any, Any, Any]):
    """All users at once, for learners that take one vector: a topic for each slot of each user.

    - *Action*: (n_users * L,) topics, a user's slots side by side; those of users who are not visiting are ignored.
    - *Observation*: (n_users * (2K + 4),) float32: of each user whether they are visiting, and their features.

    Both grow with the users: it is for worlds of some hundred.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int = 0) -> None:
        """Draw items of the topics by a generator seeded with `seed`, and again at each `reset(seed=...)`."""
        super().__init__(env)
        inner = env.unwrapped
        assert isinstance(inner, PopulationEnv)
        self._inner, n_topics = inner, inner.world.catalogue.n_topics
        self._choice = ItemsOfTopics(inner.world.items, n_topics)
        self._rng = np.random.default_rng(seed)
        n_users, width = inner.observation_space["features"].shape  # pyright: ignore
        self.action_space = spaces.MultiDiscrete(np.full(n_users * inner.n_slots, n_topics))
        self.observation_space = spaces.Box(0.0, 1.0, (n_users * (width + 1),), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin again on the first day."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        observation, info = self.env.reset(seed=seed, options=options)
        return _flat(observation), info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Show items of the topics to everybody who is visiting."""
        topics = np.asarray(action).reshape(self._inner.world.n_users, self._inner.n_slots)
        available = self._inner.available() if self._inner.hides else None
        slates = self._choice.slates(topics, self._rng, self._inner.day, available)
        observation, reward, terminated, truncated, info = self.env.step(slates)
        return _flat(observation), float(reward), terminated, truncated, info

    def action_masks(self) -> Bools:
        """Return (n_users * L * K,) which topics have an item for each user today, for learners that mask actions."""
        if self._inner.hides:
            there = self._choice.among(self._inner.available())
            return np.repeat(there, self._inner.n_slots, axis=0).ravel()
        return np.tile(self._choice.there(self._inner.day), self._inner.world.n_users * self._inner.n_slots)


def _flat(observation: dict[str, Any]) -> Any:
    """Return the users' rows, each led by whether the user is visiting, as one vector."""
    visiting = observation["visiting"].astype(np.float32)[:, None]
    return np.concatenate([visiting, observation["features"]], axis=1).ravel()
