"""Other ways to look at a user, and other ways to say what to show; each wraps `serendip/User-v0`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from serendip.envs.user import UserEnv
from serendip.simulator.interface import Floats, Ints, SettingsError

Array = Any
Answer = tuple[Any, float, bool, bool, dict[str, Any]]


class HistoryDict(gymnasium.Wrapper[dict[str, Any], Any, Any, Any]):
    """Observe a dictionary: the `features` of the environment and the last slots shown, oldest first.

    - `features` (2K + 3,): the observation of the environment.
    - `items` (H,): the items shown, n_items where there were none yet.
    - `clicked` (H,): which of them were clicked.
    - `days_ago` (H,): days since, as x / (x + 7); 1 where there were none yet.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], length: int = 50) -> None:
        """Remember the last `length` slots."""
        super().__init__(env)
        if length < 1:
            raise SettingsError(f"length is {length}; allowed is 1 or more")
        self._nothing = _user_env(env).world.n_items
        self._length = length
        self.observation_space = spaces.Dict(
            {
                "features": env.observation_space,
                "items": spaces.Box(0, self._nothing, (length,), np.int64),
                "clicked": spaces.MultiBinary(length),
                "days_ago": spaces.Box(0.0, 1.0, (length,), np.float32),
            }
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin another life, of which nothing is known yet."""
        features, info = self.env.reset(seed=seed, options=options)
        self._items = np.full(self._length, self._nothing, np.int64)
        self._clicked = np.zeros(self._length, np.int8)
        self._days = np.full(self._length, -1, np.int64)
        self._today = info["day"]
        return self._observation(features), info

    def step(self, action: Any) -> Answer:
        """Show a slate, and remember it."""
        features, reward, terminated, truncated, info = self.env.step(action)
        shown = np.atleast_1d(action)
        for kept, new in ((self._items, shown), (self._clicked, info["clicked"]), (self._days, self._today)):
            n = min(len(shown), self._length)
            kept[:-n] = kept[n:].copy()
            kept[-n:] = new if np.ndim(new) == 0 else new[-n:]
        self._today = info["day"]
        return self._observation(features), float(reward), terminated, truncated, info

    def _observation(self, features: Any) -> dict[str, Any]:
        ago = (self._today - self._days).astype(np.float32)
        days_ago = np.where(self._days < 0, np.float32(1.0), ago / (ago + np.float32(7.0)))
        return {
            "features": features,
            "items": self._items.copy(),
            "clicked": self._clicked.copy(),
            "days_ago": days_ago.astype(np.float32),
        }


class DistinctSlate(gymnasium.ActionWrapper[Any, Any, Any]):
    """Accept any L items: one that stands in the slate already gives way to the next item that does not."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        """Take slates from the plain `MultiDiscrete` space."""
        super().__init__(env)
        self._n_items = _user_env(env).world.n_items
        self.action_space = spaces.MultiDiscrete(np.full(_user_env(env).n_slots, self._n_items))

    def action(self, action: Any) -> Ints:
        """Return the slate (L,) without repeats."""
        slate = list[int]()
        for item in np.asarray(action).tolist():
            while item in slate:
                item = (item + 1) % self._n_items
            slate.append(item)
        return np.array(slate, np.int64)


class TopicSlate(gymnasium.ActionWrapper[Any, Any, Any]):
    """Choose a topic for each slot; a random item of the topic is shown, any other item where the topic runs out.

    The action space, K topics for each of L slots, does not grow with the catalogue, so a small network can learn it.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int = 0) -> None:
        """Draw items by a generator seeded with `seed`, and again at each `reset(seed=...)`."""
        super().__init__(env)
        user = _user_env(env)
        self._choice = ItemsOfTopics(user.world.items.topic, user.world.catalogue.n_topics)
        self._rng = np.random.default_rng(seed)
        self.action_space = spaces.MultiDiscrete(np.full(user.n_slots, user.world.catalogue.n_topics))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin another life."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        return self.env.reset(seed=seed, options=options)

    def action(self, action: Any) -> Any:
        """Return the slate (L,), or the item where a slate has one slot."""
        slate = self._choice.slates(np.asarray(action)[None], self._rng)[0]
        return slate if isinstance(self.env.action_space, spaces.MultiDiscrete) else slate[0]


class FactorSlate(gymnasium.ActionWrapper[Any, Any, Any]):
    """Choose a direction in the space of item factors; the L items that lie furthest that way are shown.

    A step costs a product with all factors.  The world's own factors are hidden, so an agent brings what it has learnt;
    without, the factors of an item are the unit vector of its topic, and ties go to what was shown least in this life.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], factors: Floats | None = None) -> None:
        """Take `factors` (M, d), finite."""
        super().__init__(env)
        user = _user_env(env)
        if factors is None:
            factors = np.eye(user.world.catalogue.n_topics)[user.world.items.topic]
        if factors.ndim != 2 or len(factors) != user.world.n_items or not np.isfinite(factors).all():
            raise SettingsError(
                f"factors have shape {factors.shape}; give finite numbers, a row for each of {user.world.n_items} items"
            )
        self._factors = factors
        self._n_slots = user.n_slots
        self._shown = np.zeros(len(factors))
        self.action_space = spaces.Box(-1.0, 1.0, (factors.shape[1],), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin another life, in which nothing was shown yet."""
        self._shown[:] = 0.0
        return self.env.reset(seed=seed, options=options)

    def action(self, action: Any) -> Any:
        """Return the slate (L,), best first, or the item where a slate has one slot."""
        score = self._factors @ np.asarray(action, np.float64)
        slate = np.lexsort((self._shown, -score))[: self._n_slots]
        self._shown[slate] += 1.0
        return slate if isinstance(self.env.action_space, spaces.MultiDiscrete) else slate[0]


class ItemsOfTopics:
    """Draws items of given topics, none twice in a slate."""

    def __init__(self, topic: Ints | Any, n_topics: int) -> None:
        """Sort the items of `topic` (M,) by their topics."""
        self._n_items = len(topic)
        self._by_topic = np.argsort(topic, kind="stable")
        self._size = np.bincount(topic, minlength=n_topics)
        self._first = np.cumsum(self._size) - self._size

    def slates(self, topics: Ints, rng: np.random.Generator) -> Ints:
        """Return (B, L) a random item of each of `topics` (B, L); the next unused one where it stands already."""
        size = np.maximum(self._size[topics], 1)
        place = np.minimum(self._first[topics], self._n_items - 1) + (rng.random(topics.shape) * size).astype(np.int64)
        for slot in range(1, topics.shape[1]):
            for _ in range(slot):  # each pass steps past at least one slot before this one, if it is in the way
                taken = (place[:, :slot] == place[:, slot : slot + 1]).any(axis=1)
                place[:, slot] = self._next(place[:, slot], topics[:, slot], taken)
            taken = (place[:, :slot] == place[:, slot : slot + 1]).any(axis=1)
            while taken.any():  # the topic has run out
                place[taken, slot] = (place[taken, slot] + 1) % self._n_items
                taken = (place[:, :slot] == place[:, slot : slot + 1]).any(axis=1)
        return self._by_topic[place]

    def _next(self, place: Ints, topic: Ints, taken: Array) -> Ints:
        """Return the next place within the topic where `taken`, else the same."""
        first, size = self._first[topic], np.maximum(self._size[topic], 1)
        return np.where(taken, first + (place - first + 1) % size, place) % self._n_items


def _user_env(env: gymnasium.Env[Any, Any]) -> UserEnv:
    """Return the environment of one user inside `env`, or say that it is none."""
    inner = env.unwrapped
    if not isinstance(inner, UserEnv):
        raise SettingsError(f"{type(inner).__name__} is not serendip/User-v0, which this wraps; make that one")
    return inner
