"""One user's life per episode, one slate per step."""

from __future__ import annotations

from typing import Any

from serendip.envs.actions import ActionError, action_space
from serendip.envs.lives.life import open_life
from serendip.envs.opening import MAX_TRIES, draw_life, nobody_came, observation_space
from serendip.envs.picture import Chronicle, Picture
from serendip.envs.rewards import Brought
from serendip.envs.turns import one_at_a_time
from serendip.envs.world_env import WorldEnv
from serendip.simulator.interface import Bools, Singles


class UserEnv(WorldEnv[Singles]):
    """`serendip/User-v0`: recommend to one user, slate by slate, for as long as they stay.

    - *Action*: a slate, L different items (a `SlateSpace`); with `slate_size=1` one item (a `Discrete` space).  Where
      items appear over time those of `world.items.available(info["day"])` can be shown; where the world hides items by
      user (`hides`), those of `info["available"]` (M,), of which `action_space.sample()` is made too.
    - *Observation*: what a site sees, float32 in [0, 1): recent clicks by topic, recent exposures by topic, days since
      the last visit, days since the first, slates already seen in this visit (`simulator/site.py` has the scales).
    - *Reward*: the number of clicks in the slate; with `reward="visits"` 1 where the user comes back on another day.
    - *End*: `terminated` when the user leaves for good, `truncated` after `max_days` days from the user's arrival.  A
      step that closes a visit lives through the days without one.
    - *Info*: `user`, `day`, `visit`, `clicked` (L,); the hidden state too, under `truth`, where `truth=True`.

    The world, its items and its people, is drawn once, from `world_seed`.  `reset(seed=...)` decides which of its users
    it is and their luck; users who would not come once in `max_days` are passed over.
    """

    def _prepare(self) -> None:
        """Set the spaces, and make room for a life."""
        self.observation_space = observation_space(self.world.catalogue.n_topics)
        self.action_space = action_space(self.world.items, self.n_slots, self.hides)
        self.life = open_life(self.world, self.max_days)
        self._chronicle: Chronicle | None = None

    @one_at_a_time
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Singles, dict[str, Any]]:
        """Begin another life; `options={"user": u}` says whose.

        Raises:
            SettingsError: no such user, or none that comes once in `max_days`.
        """
        super().reset(seed=seed)
        self._begin((options or {}).get("user"))
        self._over = False
        if self.render_mode is not None:
            self._chronicle = Chronicle(self.world.catalogue.n_topics, self.max_days)
        return self.life.features(), self._info() | self._hidden()

    @one_at_a_time
    def step(self, action: Any) -> tuple[Singles, float, bool, bool, dict[str, Any]]:
        """Show a slate, and live on to the next.

        Raises:
            ActionError: the slate cannot be shown, or the life is over.
        """
        if self._over:
            raise ActionError("no life is going on; call reset() first")
        life = self.life
        day = life.day
        items = self.showable.slate(action, day, self.available() if self.hides else None)
        clicked = life.show(items)
        if self._chronicle is not None:
            since = day - int(self.world.people.first_day[life.user])
            self._chronicle.add(since, self.world.catalogue.topic[items], clicked)
        terminated = life.gone
        truncated = life.late and not terminated
        self._over = terminated or truncated
        days = life.day - day
        brought = Brought(life.n_clicks, int(days > 0 and not self._over), days)
        info: dict[str, Any] = {"user": life.user, "day": life.day, "visit": life.visit, "clicked": clicked}
        if self._truth:
            info["truth"] = life.truth()
        return life.features(), float(self._reward(brought)), terminated, truncated, info | self._hidden()

    def available(self) -> Bools:
        """Return (M,) which items can be shown to the user now."""
        return self.life.available()

    def render(self) -> Picture | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a picture of the life so far (`envs/picture.py`), or None without a render mode."""
        return None if self._chronicle is None else self._chronicle.picture()

    def _hidden(self) -> dict[str, Bools]:
        """Return what the info says of what can be shown, where that differs by user, and tell the action space."""
        if not self.hides:
            return {}
        space: Any = self.action_space
        space.there = self.available()
        return {"available": space.there.copy()}

    def _info(self) -> dict[str, Any]:
        life = self.life
        info: dict[str, Any] = {"user": life.user, "day": life.day, "visit": life.visit}
        if self._truth:
            info["truth"] = life.truth()
        return info

    def _begin(self, user: int | None) -> None:
        """Begin the life of a random user, or of `user`, who comes at least once."""
        for _ in range(MAX_TRIES):
            if self.life.begin(*draw_life(self.np_random, self.world.n_users, user)):
                return
        raise nobody_came(user, self.max_days)
