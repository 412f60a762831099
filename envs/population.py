"""All users at once, a round of a day's visits per step."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from serendip.envs.actions import ActionError, SlateSpace
from serendip.envs.opening import MAX_TRIES
from serendip.envs.picture import Picture, bars
from serendip.envs.rewards import Brought
from serendip.envs.turns import one_at_a_time
from serendip.envs.world_env import WorldEnv
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools
from serendip.simulator.organic import known_before
from serendip.simulator.site import Memory, n_features
from serendip.simulator.world import playing_key


class PopulationEnv(WorldEnv[dict[str, Any]]):
    """`serendip/Population-v0`: recommend to everybody, round by round of a day's visits.

    In the first round of a day all who came that day see their first slate, in the second those who see another, and
    so on; days on which nobody comes are passed over.

    - *Action*: (n_users, L) items, a slate for each user; the rows of those who are not visiting are ignored.  Where
      items appear over time those of `world.items.available(info["day"])` can be shown; where the world hides items by
      user (`hides`), those of `info["visits"].available` (n_visiting, M), of which `action_space.sample()` is made too.
    - *Observation*: `visiting` (n_users,), `day`, and `features` (n_users, 2K + 3): what `serendip/User-v0` shows of a
      user, in the rows of those who are visiting; 0 elsewhere.
    - *Reward*: the number of clicks of the round; with `reward="visits"` the users who come the next day.
    - *End*: `terminated` when everybody has left for good, `truncated` after `max_days` days.
    - *Info*: `day`, `visit`, `n_visiting`, `clicked` (n_users, L).  For agents also `visits` (those of this round, as
      agents are asked), `key` (of their draws) and `mornings` (the days that have begun since the last round, on which
      an agent may learn).  After `reset` also `history`: what the site knew before the first day, as the (visits,
      slates, feedback) that an agent observes.  The hidden state too, under `truth`, where `truth=True`.

    The world is drawn once, from `world_seed`; `reset(seed=...)` decides everybody's luck.  `reset(seed=s)` in the
    world of `world_seed=s` is seed s of a study: the same agent makes the same log there, byte by byte.
    """

    def _prepare(self) -> None:
        """Set the spaces."""
        n_users, n_topics = self.world.n_users, self.world.catalogue.n_topics
        self.observation_space = spaces.Dict(
            {
                "visiting": spaces.MultiBinary(n_users),
                "day": spaces.Discrete(self.max_days + 1),
                "features": spaces.Box(0.0, 1.0, (n_users, n_features(n_topics)), np.float32),
            }
        )
        always = np.flatnonzero(self.world.items.available(0))
        self.action_space = SlateSpace(self.world.n_items, (n_users, self.n_slots), always=always)

    @one_at_a_time
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin again on the first day.

        Raises:
            SettingsError: nobody comes in `max_days`.
        """
        super().reset(seed=seed)
        for _ in range(MAX_TRIES):
            self._begin(int(self.np_random.integers(2**63 - 1)) if seed is None else seed)
            if not self._over:
                return self._observation(), self._info() | {"history": list(known_before(self._lucky))}
            seed = None
        raise SettingsError(f"nobody came within max_days = {self.max_days} in {MAX_TRIES} tries; allow more days")

    @one_at_a_time
    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Show a slate to each user who is visiting, and live on to the next round.

        Raises:
            ActionError: a visitor's slate cannot be shown, or the episode is over.
        """
        if self._over:
            raise ActionError("no episode is going on; call reset() first")
        clicked, day = np.zeros((self.world.n_users, self.n_slots), bool), self._day
        self._mornings = []
        clicked[self._visitors] = self._show(self._visitors_slates(action))
        self._visit += 1
        self._visitors, self._n_slates = self._still_here()
        if not self._visitors.size:
            self._sleep()
            self._live_on()
        terminated, truncated = self._everybody_left(), self._day >= self.max_days
        info = {"clicked": clicked, **self._info()}
        came = len(self._visitors) if self._day > day else 0
        reward = float(self._reward(Brought(int(clicked.sum()), came, self._day - day)))
        return self._observation(), reward, terminated, truncated and not terminated, info

    def available(self) -> Bools:
        """Return (n_users, M) which items can be shown to each user now; to who is not visiting, all released."""
        there = np.tile(self.world.items.available(self._day), (self.world.n_users, 1))
        there[self._visitors] = self._lucky.available(self._state, self._visitors, self._day)
        return there

    @property
    def day(self) -> int:
        """The day, from 0."""
        return self._day

    def render(self) -> Picture | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a picture of the daily active users so far, a bar for each day, or None without a render mode."""
        return None if self.render_mode is None else bars(self._active, self.max_days)

    def _begin(self, seed: int) -> None:
        self._lucky = self.world.under(seed)
        self._state = self._lucky.start()
        self._memory = Memory(self.world.n_users, self.world.catalogue.n_topics, self.max_days)
        self._day, self._visit = 0, 0
        self._mornings = list[int]()  # days that have begun since the last round
        self._active = list[int]()  # users who came, day by day
        self._visitors = self._n_slates = np.empty(0, np.int64)
        self._live_on()

    def _visitors_slates(self, action: Any) -> Any:
        """Return (B, L) the slates of those who are visiting, checked."""
        items, shape = np.asarray(action), (self.world.n_users, self.n_slots)
        if items.shape != shape:
            raise ActionError(f"the action has shape {items.shape}; expected a slate for every user, {shape}")
        here = self._visitors
        available = self._lucky.available(self._state, here, self._day) if self.hides else None
        return self.showable.slates(items[here], len(here), self._day, available)

    def _show(self, items: Any) -> Any:
        clicked = self._lucky.show(self._state, self._day, self._visit, self._visitors, items)
        self._memory.note(self._visitors, self.world.catalogue.topic[items], clicked)
        return clicked

    def _still_here(self) -> tuple[Any, Any]:
        more = self._n_slates > self._visit
        return self._visitors[more], self._n_slates[more]

    def _live_on(self) -> None:
        """Live through the days on which nobody comes."""
        while self._day < self.max_days and not self._everybody_left():
            self._mornings.append(self._day)
            self._visitors, self._n_slates = self._lucky.come(self._state, self._day)
            self._active.append(len(self._visitors))
            if self._visitors.size:
                self._memory.meet(self._visitors, self._day)
                break
            self._sleep()
        self._over = not self._visitors.size

    def _sleep(self) -> None:
        self._lucky.night(self._state, self._day)
        self._day, self._visit = self._day + 1, 0

    def _everybody_left(self) -> bool:
        return not bool(self._state["alive"].any())

    def _observation(self) -> dict[str, Any]:
        visiting = np.zeros(self.world.n_users, np.int8)
        visiting[self._visitors] = 1
        features = np.zeros((self.world.n_users, n_features(self.world.catalogue.n_topics)), np.float32)
        features[self._visitors] = self._memory.features(self._visitors, self._visit)
        return {"visiting": visiting, "day": np.int64(self._day), "features": features}

    def _info(self) -> dict[str, Any]:
        visits = self._lucky.visits(self._visitors, self._day, self._visit, self._state)
        if self.hides:
            space: Any = self.action_space
            space.there = self.available()
        info: dict[str, Any] = {
            "day": self._day,
            "visit": self._visit,
            "n_visiting": len(self._visitors),
            "visits": visits,
            "key": playing_key(self._lucky.seed),
            "mornings": self._mornings,
        }
        if self._truth:
            info["truth"] = {name: values.copy() for name, values in self._state.items()}
        return info
