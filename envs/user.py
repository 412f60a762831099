"""One user's life per episode, one slate per step."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np

from serendip.envs.actions import ActionError, action_space, as_slate
from serendip.envs.life import open_life
from serendip.envs.memory import observation_space
from serendip.envs.opening import MAX_TRIES, checked_days, checked_slots, draw_life, nobody_came, open_world
from serendip.envs.picture import Chronicle, Picture
from serendip.simulator.interface import Singles
from serendip.simulator.settings import WorldSettings
from serendip.simulator.world import World


class UserEnv(gymnasium.Env[Singles, Any]):
    """`serendip/User-v0`: recommend to one user, slate by slate, for as long as they stay.

    - *Action*: a slate, L different items (a `SlateSpace`); with `slate_size=1` one item (a `Discrete` space).
    - *Observation*: what a site sees, float32 in [0, 1): recent clicks by topic, recent exposures by topic, days since
      the last visit, days since the first, slates already seen in this visit (`envs/memory.py` has the scales).
    - *Reward*: the number of clicks in the slate.
    - *End*: `terminated` when the user leaves for good, `truncated` after `max_days` days.  A step that closes a visit
      lives through the days without one.
    - *Info*: `user`, `day`, `visit`, `clicked` (L,); the hidden state too, under `truth`, where `truth=True`.

    The world, its items and its people, is drawn once, from `world_seed`.  `reset(seed=...)` decides which of its users
    it is and their luck; users who would not come once in `max_days` are passed over.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 10}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(
        self,
        world: str | Path | WorldSettings | World = "default",
        *,
        world_seed: int = 0,
        slate_size: int | None = None,
        max_days: int = 240,
        truth: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Open a world.

        Args:
            world: a preset's name, a folder with a world, settings, or a world to share.
            world_seed: what a world that is not given whole is drawn from.
            slate_size: items shown at once; None: the world's own.
            max_days: days from a user's arrival after which an episode is truncated.
            truth: whether `info` carries the hidden state.
            render_mode: "rgb_array" for `render` to return the life so far as a picture.
        """
        self.world = open_world(world, world_seed)
        self.n_slots = checked_slots(self.world, slate_size)
        self.render_mode = render_mode
        self.observation_space = observation_space(self.world.catalogue.n_topics)
        self.action_space = action_space(self.world.n_items, self.n_slots)
        self._max_days = checked_days(max_days)
        self.life = open_life(self.world, self._max_days)
        self._truth = truth
        self._over = True
        self._chronicle: Chronicle | None = None

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
            self._chronicle = Chronicle(self.world.catalogue.n_topics, self._max_days)
        return self.life.features(), self._info()

    def step(self, action: Any) -> tuple[Singles, float, bool, bool, dict[str, Any]]:
        """Show a slate, and live on to the next.

        Raises:
            ActionError: the slate cannot be shown, or the life is over.
        """
        if self._over:
            raise ActionError("no life is going on; call reset() first")
        life = self.life
        items = as_slate(action, self.world.n_items, self.n_slots)
        day = life.day
        clicked = life.show(items)
        if self._chronicle is not None:
            since = day - int(self.world.people.first_day[life.user])
            self._chronicle.add(since, self.world.catalogue.topic[items], clicked)
        terminated = life.gone
        truncated = life.late and not terminated
        self._over = terminated or truncated
        info = self._info()
        info["clicked"] = clicked
        return life.features(), float(np.count_nonzero(clicked)), terminated, truncated, info

    def render(self) -> Picture | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a picture of the life so far (`envs/picture.py`), or None without a render mode."""
        return None if self._chronicle is None else self._chronicle.picture()

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
        raise nobody_came(user, self._max_days)
