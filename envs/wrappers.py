"""Other ways to look at a user, and other ways to say what to show; each wraps `serendip/User-v0`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from serendip.envs.actions import ActionError
from serendip.envs.user import UserEnv
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Floats, Ints, Items

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
    """Accept any L items: one that stands in the slate already, or cannot be shown, gives way to the next that can."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        """Take slates from the plain `MultiDiscrete` space."""
        super().__init__(env)
        self._user = _user_env(env)
        self.action_space = spaces.MultiDiscrete(np.full(self._user.n_slots, self._user.world.n_items))

    def action(self, action: Any) -> Ints:
        """Return the slate (L,) without repeats.

        Raises:
            ActionError: it has another shape, is not of integers, or an item does not exist.
        """
        there, slate = self._user.available(), list[int]()
        for item in checked(action, (self._user.n_slots,), len(there), "item").tolist():
            while item in slate or not there[item]:
                item = (item + 1) % len(there)
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
        self._user = user
        self._choice = ItemsOfTopics(user.world.items, user.world.catalogue.n_topics)
        self._rng = np.random.default_rng(seed)
        self.action_space = spaces.MultiDiscrete(np.full(user.n_slots, user.world.catalogue.n_topics))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin another life."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        return self.env.reset(seed=seed, options=options)

    def action(self, action: Any) -> Any:
        """Return the slate (L,), or the item where a slate has one slot.

        Raises:
            ActionError: the topics have another shape, are not integers, or one does not exist.
        """
        topics = self._choice.checked(action, (self._user.n_slots,))
        available = self._user.available()[None] if self._user.hides else None
        slate = self._choice.slates(topics[None], self._rng, self._user.life.day, available)[0]
        return slate if isinstance(self.env.action_space, spaces.MultiDiscrete) else slate[0]

    def action_masks(self) -> Bools:
        """Return (L * K,) which topics have an item for the user today, for learners that mask actions."""
        if self._user.hides:
            return np.tile(self._choice.among(self._user.available()[None])[0], self._user.n_slots)
        return np.tile(self._choice.there(self._user.life.day), self._user.n_slots)


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
        self._user = user
        self._shown = np.zeros(len(factors))
        self.action_space = spaces.Box(-1.0, 1.0, (factors.shape[1],), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin another life, in which nothing was shown yet."""
        self._shown[:] = 0.0
        return self.env.reset(seed=seed, options=options)

    def action(self, action: Any) -> Any:
        """Return the slate (L,), best first, or the item where a slate has one slot.

        Raises:
            ActionError: it has another shape, or holds what is no finite number.
        """
        direction = np.asarray(action, np.float64)
        if direction.shape != self.action_space.shape or not np.isfinite(direction).all():
            raise ActionError(f"the direction is {direction}; expected {self._factors.shape[1]} finite numbers")
        score = self._factors @ direction
        score[~self._user.available()] = -np.inf
        slate = np.lexsort((self._shown, -score))[: self._user.n_slots]
        self._shown[slate] += 1.0
        return slate if isinstance(self.env.action_space, spaces.MultiDiscrete) else slate[0]


class ItemsOfTopics:
    """Draws items of given topics, none twice in a slate, of those that are released."""

    def __init__(self, items: Items, n_topics: int) -> None:
        """Sort the items by their topics, and these by their release days."""
        self._n_items, self._n_topics, self._topic = items.n_items, n_topics, items.topic
        self._by_topic = np.lexsort((items.released, items.topic))
        self._released = items.released[self._by_topic].astype(np.int64)
        size = np.bincount(items.topic, minlength=n_topics)
        self._first = np.cumsum(size) - size
        self._width = int(self._released.max()) + 2
        self._key = items.topic[self._by_topic] * self._width + self._released

    def checked(self, topics: Any, shape: tuple[int, ...]) -> Ints:
        """Return `topics` as integers of `shape`, once all of them are known to exist.

        Raises:
            ActionError: they have another shape, are not integers, or a topic does not exist.
        """
        return checked(topics, shape, self._n_topics, "topic")

    def slates(self, topics: Ints, rng: np.random.Generator, day: Any = 0, available: Bools | None = None) -> Ints:
        """Return (B, L) a random item of each topic, none twice in a slate.

        Where it stands already it is the next unused one, of another topic where the topic runs out.

        Args:
            topics: (B, L) what it is to be about.
            rng: what is drawn from.
            day: by which it is released, one for all or (B,).
            available: (B, M) what can be shown to each visitor; None where that is what is released.
        """
        if available is not None:
            return self._of_available(topics, rng, available)
        today = np.broadcast_to(day, len(topics))
        first, size = self._first[topics], self._there(topics, today)
        at = np.minimum(first, self._n_items - 1)
        place = at + (rng.random(topics.shape) * np.maximum(size, 1)).astype(np.int64)
        for slot in range(topics.shape[1]):
            for _ in range(slot):  # each pass steps past at least one slot before this one, if it is in the way
                step = (place[:, slot] - at[:, slot] + 1) % np.maximum(size[:, slot], 1)
                place[:, slot] = np.where(_taken(place, slot), at[:, slot] + step, place[:, slot])
            wrong = self._wrong(place, slot, today)
            while wrong.any():  # the topic has run out
                place[wrong, slot] = (place[wrong, slot] + 1) % self._n_items
                wrong = self._wrong(place, slot, today)
        return self._by_topic[place]

    def _of_available(self, topics: Ints, rng: np.random.Generator, available: Bools) -> Ints:
        """Return (B, L) the first of the items in a random order that are `available` (B, M), of each of `topics`."""
        left, slates = available.copy(), np.empty(topics.shape, np.int64)
        order = rng.random(available.shape)  # (B, M)
        for slot in range(topics.shape[1]):
            mine = self._topic == topics[:, slot, None]
            slates[:, slot] = (order + mine + 2.0 * left).argmax(axis=1)  # what is left, the topic first
            left[np.arange(len(left)), slates[:, slot]] = False
        return slates

    def among(self, available: Bools) -> Bools:
        """Return (B, K) which topics have an item that is `available` (B, M)."""
        return np.stack([np.bincount(self._topic[row], minlength=self._n_topics) > 0 for row in available])

    def there(self, day: int) -> Bools:
        """Return (K,) which topics have an item that is released by `day`."""
        topics = np.arange(self._n_topics)[None]
        return self._there(topics, np.array([day]))[0] > 0

    def _there(self, topics: Ints, day: Ints) -> Ints:
        """Return (B, L) how many items of `topics` (B, L) are released by `day` (B,)."""
        until = topics * self._width + np.minimum(day, self._width - 1)[:, None]
        return np.searchsorted(self._key, until, side="right") - self._first[topics]

    def _wrong(self, place: Ints, slot: int, day: Ints) -> Bools:
        """Return (B,) where the place in `slot` is taken by a slot before it, or not there on `day` (B,)."""
        return _taken(place, slot) | (self._released[place[:, slot]] > day)


def checked(action: Any, shape: tuple[int, ...], n: int, what: str) -> Ints:
    """Return `action` as integers of `shape` in [0, n).

    Args:
        action: what an agent wants.
        shape: what it must be like.
        n: how many there are to choose from.
        what: what they are called, such as "item".

    Raises:
        ActionError: it has another shape, is not of integers, or one of them does not exist.
    """
    chosen = np.asarray(action)
    if chosen.shape != shape or chosen.dtype.kind not in "iu":
        raise ActionError(f"the action has shape {chosen.shape} and type {chosen.dtype}; expected integers, {shape}")
    if ((chosen < 0) | (chosen >= n)).any():
        wrong = chosen[(chosen < 0) | (chosen >= n)].ravel()[0]
        raise ActionError(f"{what} {wrong} does not exist; {what}s go from 0 to {n - 1}")
    return chosen.astype(np.int64, copy=False)


def _taken(place: Ints, slot: int) -> Bools:
    """Return (B,) where the place in `slot` is that of a slot before it."""
    return (place[:, :slot] == place[:, slot : slot + 1]).any(axis=1)


def _user_env(env: gymnasium.Env[Any, Any]) -> UserEnv:
    """Return the environment of one user inside `env`, or say that it is none."""
    inner = env.unwrapped
    if not isinstance(inner, UserEnv):
        raise SettingsError(f"{type(inner).__name__} is not serendip/User-v0, which this wraps; make that one")
    return inner
