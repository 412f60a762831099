"""Many single-user environments at once, in one set of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from serendip.envs.actions import ActionError, Showable, action_space
from serendip.envs.lives.life import open_crowd
from serendip.envs.opening import (
    MAX_TRIES,
    checked_days,
    checked_slots,
    draw_life,
    nobody_came,
    observation_space,
    open_world,
)
from serendip.envs.picture import Chronicle
from serendip.envs.rewards import Brought, Reward, make_reward
from serendip.envs.turns import Turn, one_at_a_time
from serendip.envs.user import UserEnv
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Floats, Ints, Singles
from serendip.simulator.settings import WorldSettings
from serendip.simulator.world import World

Step = tuple[Singles, Any, Bools, Bools, dict[str, Any]]


class UserVectorEnv(VectorEnv[Singles, Any, Any]):
    """`serendip/User-v0`, N at once, with exactly the trajectories of N single environments of the same seeds.

    `gymnasium.make_vec("serendip/User-v0", num_envs=N, vectorization_mode="vector_entry_point", world=...)`.  Every
    rule is that of `gymnasium.vector.SyncVectorEnv`: seeds `seed + i`, the autoreset modes `NextStep` (the default),
    `SameStep` and `Disabled` with `options={"reset_mask": ...}`, and infos as arrays with masks.
    """

    def __init__(
        self,
        num_envs: int = 1,
        world: str | Path | WorldSettings | World = "default",
        *,
        world_seed: int = 0,
        slate_size: int | None = None,
        max_days: int = 240,
        reward: str | Reward = "clicks",
        truth: bool = False,
        render_mode: str | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        """Open a world.

        Args:
            num_envs: users at once.
            world: a preset's name, a folder with a world, settings, or a world to share.
            world_seed: what a world that is not given whole is drawn from.
            slate_size: items shown at once; None: the world's own.
            max_days: days after which an episode is truncated.
            reward: what a step is worth: "clicks", "visits" or a function of what it brought (`envs/rewards.py`).
            truth: whether `info` carries the hidden state.
            render_mode: "rgb_array" for `render` to return pictures.
            autoreset_mode: when a row whose life has ended begins another.

        Raises:
            SettingsError: no environment, or more slots than items on the first day.
        """
        if num_envs < 1:
            raise SettingsError(f"num_envs is {num_envs}; allowed is 1 or more")
        self.num_envs = num_envs
        self.world = open_world(world, world_seed)
        self.n_slots = checked_slots(self.world, slate_size)
        self.hides = self.world.settings.hides.any
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**UserEnv.metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = render_mode
        self.single_action_space = action_space(self.world.items, self.n_slots, self.hides)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.crowd = open_crowd(self.world, num_envs, checked_days(max_days))
        self.single_observation_space = observation_space(self.world.catalogue.n_topics)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._showable = Showable(self.world.items, self.n_slots)
        self.turn = Turn()
        self._reward = None if reward == "clicks" else make_reward(reward)
        self._truth = truth
        self._rngs: list[np.random.Generator | None] = [None] * num_envs
        self._ended = np.ones(num_envs, bool)
        self._chronicles: list[Chronicle | None] = [None] * num_envs

    @one_at_a_time
    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Singles, dict[str, Any]]:
        """Begin a life in every row, or in those of `options["reset_mask"]` (N,); `options["user"]` says whose.

        Raises:
            SettingsError: a list of seeds or a mask of another length; or as `UserEnv.reset`.
        """
        options = dict(options or {})
        rows = self._rows_to_reset(options.pop("reset_mask", None))
        for row, row_seed in zip(rows, np.array(self._seeds(seed), object)[rows], strict=True):
            if row_seed is not None or self._rngs[row] is None:
                self._rngs[row], _ = seeding.np_random(row_seed)
        self._begin(rows, options.get("user"))
        return self._observation(), self._info(rows)

    @one_at_a_time
    def step(self, actions: Any) -> Step:
        """Show a slate in every row; rows whose life has ended begin another, as the autoreset mode has it.

        Raises:
            ActionError: a slate cannot be shown, or a life is over and nothing resets it.
        """
        items, resting = np.asarray(actions), self._ended.copy()
        if items.shape != self.action_space.shape:
            raise ActionError(f"the actions have shape {items.shape}; expected {self.action_space.shape}")
        if resting.any() and self.autoreset_mode is not AutoresetMode.NEXT_STEP:
            raise ActionError(f"no life is going on in row {np.flatnonzero(resting)[0]}; call reset() first")
        rows = np.flatnonzero(~resting)
        clicked, day = np.zeros((self.num_envs, self.n_slots), bool), self.crowd.day.copy()
        available = self.crowd.available(rows) if self.hides else None
        checked = self._showable.slates(items[rows], len(rows), self.crowd.day[rows], available)
        clicked[rows] = self._show(rows, checked)
        terminated, truncated = np.zeros((2, self.num_envs), bool)
        terminated[rows] = self.crowd.gone(rows)
        truncated[rows] = self.crowd.late(rows) & ~terminated[rows]
        self._ended = terminated | truncated
        rewards = self._rewards(rows, clicked, self.crowd.day - day)
        infos = self._autoreset(rows, np.flatnonzero(resting), clicked)
        return self._observation(), rewards, terminated, truncated, infos

    def _rewards(self, rows: Ints, clicked: Bools, days: Ints) -> Floats:
        """Return (N,) what the step of `rows` was worth, which clicked that and lived `days` (N,) on; 0 for others."""
        clicks = clicked.sum(axis=1)
        if self._reward is None:
            return clicks.astype(np.float64)
        rewards, came = np.zeros(self.num_envs), (days > 0) & ~self._ended
        for row in rows:
            rewards[row] = self._reward(Brought(int(clicks[row]), int(came[row]), int(days[row])))
        return rewards

    def available(self) -> Bools:
        """Return (N, M) which items can be shown in each row now."""
        return self.crowd.available(np.arange(self.num_envs))

    def render(self) -> tuple[Any, ...] | None:
        """Return a picture of each life so far, or None without a render mode."""
        if self.render_mode is None:
            return None
        return tuple(cast(Chronicle, chronicle).picture() for chronicle in self._chronicles)

    def _autoreset(self, rows: Ints, resting: Ints, clicked: Bools) -> dict[str, Any]:
        """Begin the lives that are due; return the infos of the step that `rows` took and `resting` did not."""
        if self.autoreset_mode is AutoresetMode.NEXT_STEP:
            self._begin(resting, None)
        over = np.flatnonzero(self._ended)
        if self.autoreset_mode is not AutoresetMode.SAME_STEP or not over.size:
            return self._info(np.arange(self.num_envs), rows, clicked)
        observations, final = self.crowd.features(over), np.full(self.num_envs, None, object)
        for row, observation in zip(over, observations, strict=True):
            final[row] = observation
        infos = {"final_obs": final, "_final_obs": self._mask(over)}
        infos |= {"final_info": self._info(over, over, clicked), "_final_info": self._mask(over)}
        self._begin(over, None)
        return infos | self._info(np.arange(self.num_envs), np.setdiff1d(rows, over), clicked)

    def _begin(self, rows: Ints, user: int | None) -> None:
        """Begin at `rows` lives of random users, or of `user`, who come at least once."""
        waiting = rows
        for _ in range(MAX_TRIES):
            if not waiting.size:
                break
            n_users = self.world.n_users
            drawn = [draw_life(cast(np.random.Generator, self._rngs[row]), n_users, user) for row in waiting]
            users, luck = np.array(drawn, np.int64).T
            waiting = waiting[~self.crowd.begin(waiting, users, luck)]
        else:
            raise nobody_came(user, self.crowd.max_days)
        self._ended[rows] = False
        if self.render_mode is not None:
            for row in rows:
                self._chronicles[row] = Chronicle(self.world.catalogue.n_topics, self.crowd.max_days)

    def _show(self, rows: Ints, items: Ints) -> Bools:
        day = self.crowd.day[rows] - self.world.people.first_day[self.crowd.user[rows]]
        clicked = self.crowd.show(rows, items)
        if self.render_mode is not None:
            topics = self.world.catalogue.topic[items]
            for at, row in enumerate(rows):
                cast(Chronicle, self._chronicles[row]).add(int(day[at]), topics[at], clicked[at])
        return clicked

    def _rows_to_reset(self, mask: Any) -> Ints:
        if mask is None:
            return np.arange(self.num_envs)
        if not isinstance(mask, np.ndarray) or mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
            raise SettingsError(f"reset_mask is {mask!r}; give an array of {self.num_envs} booleans")
        return np.flatnonzero(mask)

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        """Return a seed, or None, for each row."""
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int):
            return [seed + row for row in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise SettingsError(f"{len(seed)} seeds were given for {self.num_envs} environments; give one each")
        return list(seed)

    def _observation(self) -> Singles:
        return self.crowd.features(np.arange(self.num_envs))

    def _info(self, rows: Ints, stepped: Ints | None = None, clicked: Bools | None = None) -> dict[str, Any]:
        """Return the infos of `rows`, as arrays with masks; those who `stepped` say what they `clicked` too."""
        lives, here = self.crowd, self._mask(rows)
        values = {"user": lives.user, "day": lives.day, "visit": lives.visit}
        infos: dict[str, Any] = {}
        for name, value in values.items():
            infos |= {name: np.where(here, value, 0), f"_{name}": here.copy()}
        if self.hides:
            space: Any = self.action_space
            space.there = self.available()
            infos |= {"available": space.there & here[:, None], "_available": here.copy()}
        if self._truth:
            truth = {name: values.copy() for name, values in lives.state.items()}
            infos |= {"truth": truth | {f"_{name}": here.copy() for name in truth}, "_truth": here.copy()}
        if stepped is not None and clicked is not None and stepped.size:
            mask = self._mask(stepped)
            infos |= {"clicked": clicked & mask[:, None], "_clicked": mask}
        return infos

    def _mask(self, rows: Ints) -> Bools:
        mask = np.zeros(self.num_envs, bool)
        mask[rows] = True
        return mask
