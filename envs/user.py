"""One user's life per episode, one slate per step."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

from serendip.envs.actions import ActionError, action_space, as_slate
from serendip.envs.life import open_life
from serendip.envs.memory import n_features
from serendip.envs.opening import MAX_TRIES, checked_days, checked_slots, open_world
from serendip.simulator.interface import SettingsError, Singles
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

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # pyright: ignore[reportIncompatibleVariableOverride]

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
            render_mode: how `render` answers.
        """
        self.world = open_world(world, world_seed)
        self.n_slots = checked_slots(self.world, slate_size)
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0.0, 1.0, (n_features(self.world.catalogue.n_topics),), np.float32)
        self.action_space = action_space(self.world.n_items, self.n_slots)
        self._max_days = checked_days(max_days)
        self.life = open_life(self.world, self._max_days)
        self._truth = truth
        self._over = True

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
        return self.life.features(), self._info()

    def step(self, action: Any) -> tuple[Singles, float, bool, bool, dict[str, Any]]:
        """Show a slate, and live on to the next.

        Raises:
            ActionError: the slate cannot be shown, or the life is over.
        """
        if self._over:
            raise ActionError("no life is going on; call reset() first")
        life = self.life
        clicked = life.show(as_slate(action, self.world.n_items, self.n_slots))
        terminated = life.gone
        truncated = life.late and not terminated
        self._over = terminated or truncated
        info = self._info()
        info["clicked"] = clicked
        return life.features(), float(np.count_nonzero(clicked)), terminated, truncated, info

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
        raise SettingsError(
            f"{'no user' if user is None else f'user {user} never'} came within max_days = {self._max_days} in "
            f"{MAX_TRIES} tries; allow more days"
        )


def draw_life(rng: np.random.Generator, n_users: int, user: int | None = None) -> tuple[int, int]:
    """Return a random user, or `user`, and a luck.

    Raises:
        SettingsError: there is no such user.
    """
    if user is not None and not 0 <= user < n_users:
        raise SettingsError(f"user {user} does not exist; users go from 0 to {n_users - 1}")
    drawn = int(rng.integers(n_users)) if user is None else user
    return drawn, int(rng.integers(-(2**63), 2**63 - 1))
