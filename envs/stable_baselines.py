"""The native vector environment as stable-baselines3 wants it.  Needs the extra `rl`."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv  # pyright: ignore[reportMissingImports]

from serendip.envs.vector import UserVectorEnv
from serendip.envs.wrappers import ItemsOfTopics
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Array


class TopicVecEnv(VecEnv):  # pyright: ignore[reportUntypedBaseClass]
    """N users at once, told a topic for each slot (as `TopicSlate` is), for the algorithms of stable-baselines3.

    A life that ends is followed by another in the same step; its last observation is `terminal_observation`.
    """

    def __init__(self, num_envs: int, seed: int = 0, **settings: Any) -> None:
        """Open `num_envs` environments; `settings` are those of `UserVectorEnv`, but for its autoreset mode."""
        self._envs = UserVectorEnv(num_envs, **settings, autoreset_mode="SameStep")
        world = self._envs.world
        self._choice = ItemsOfTopics(world.items, world.catalogue.n_topics)
        self._rng = np.random.default_rng(seed)
        self._topics = np.zeros((num_envs, self._envs.n_slots), np.int64)
        topics = spaces.MultiDiscrete(np.full(self._envs.n_slots, world.catalogue.n_topics))
        super().__init__(num_envs, self._envs.single_observation_space, topics)
        self._seed: Any = seed

    def reset(self) -> Array:
        """Begin a life in every row; return observations (N, 2K + 3)."""
        seeds = [given for given in self._seeds if given is not None]
        if seeds:  # the draw of items of a topic begins anew too
            self._rng = np.random.default_rng(seeds)
        observation, _ = self._envs.reset(seed=self._seeds if len(seeds) == self.num_envs else self._seed)
        self._seed = None
        self._reset_seeds()
        return observation

    def step_async(self, actions: Array) -> None:
        """Take the topics (N, L) to show next.

        Raises:
            ActionError: they have another shape, or a topic does not exist.
        """
        self._topics = self._choice.checked(actions, self._topics.shape)

    def step_wait(self) -> tuple[Array, Array, Array, list[dict[str, Any]]]:
        """Show items of these topics; return observations, rewards, dones (N,) and an info for each row."""
        available = self._envs.available() if self._envs.hides else None
        slates = self._choice.slates(self._topics, self._rng, self._envs.crowd.day, available)
        items = slates if self._envs.n_slots > 1 else slates[:, 0]
        observation, reward, terminated, truncated, infos = self._envs.step(items)
        rows: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for row in np.flatnonzero(terminated | truncated).tolist():
            rows[row]["terminal_observation"] = infos["final_obs"][row]
            rows[row]["TimeLimit.truncated"] = bool(truncated[row])
        return observation, reward.astype(np.float32), terminated | truncated, rows

    def close(self) -> None:
        """Close nothing: there is nothing open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return the attribute of the vector environment, once for each of `indices`."""
        return [getattr(self._envs, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Raise: the rows are not environments of their own."""
        raise SettingsError(f"{attr_name} cannot be set row by row; give it to TopicVecEnv when it is made")

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """Raise: the rows are not environments of their own."""
        raise SettingsError(f"{method_name} cannot be called row by row; the rows are not environments of their own")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Return, for each of `indices`, that it is not wrapped."""
        return [False for _ in self._get_indices(indices)]
