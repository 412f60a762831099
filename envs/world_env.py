"""What the environments of one user and of all of them have in common: a world, opened once and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, TypeVar

import gymnasium

from serendip.envs.actions import Showable
from serendip.envs.opening import checked_days, checked_slots, open_world
from serendip.envs.rewards import Reward, make_reward
from serendip.envs.turns import Turn
from serendip.simulator.settings import WorldSettings
from serendip.simulator.world import World

Seen = TypeVar("Seen")


class WorldEnv(gymnasium.Env[Seen, Any]):
    """An environment of a world.  The world, its items and its people, is drawn once; `reset` decides the luck.

    Attributes:
        world: the world.
        n_slots: items shown at once.
        hides: whether the world hides items by user.
        max_days: days after which an episode is truncated.
        showable: says which slates can be shown.
        turn: what a thread holds while it is in the environment.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 10}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(
        self,
        world: str | Path | WorldSettings | World = "default",
        *,
        world_seed: int = 0,
        slate_size: int | None = None,
        max_days: int = 240,
        reward: str | Reward = "clicks",
        truth: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Open a world.

        Args:
            world: a preset's name, a folder with a world, settings, or a world to share.
            world_seed: what a world that is not given whole is drawn from.
            slate_size: items shown at once; None: the world's own.
            max_days: days after which an episode is truncated.
            reward: what a step is worth: "clicks", "visits" or a function of what it brought (`envs/rewards.py`).
            truth: whether `info` carries the hidden state.
            render_mode: "rgb_array" for `render` to return a picture.
        """
        self.world = open_world(world, world_seed)
        self.n_slots = checked_slots(self.world, slate_size)
        self.hides = self.world.settings.hides.any
        self.max_days = checked_days(max_days)
        self.render_mode = render_mode
        self.showable = Showable(self.world.items, self.n_slots)
        self.turn = Turn()
        self._reward = make_reward(reward)
        self._truth = truth
        self._over = True
        self._prepare()

    def _prepare(self) -> None:
        """Set the spaces, and make what outlives an episode."""
        raise NotImplementedError
