"""From what an environment was asked for to a world, with its settings checked."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from gymnasium import spaces

from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Singles
from serendip.simulator.settings import WorldSettings
from serendip.simulator.site import n_features
from serendip.simulator.world import World, make_world

MAX_TRIES = 1000  # lives or worlds drawn until somebody comes at all


def open_world(world: str | Path | WorldSettings | World, world_seed: int) -> World:
    """Return the world: a preset's name, a folder, or settings, drawn under `world_seed`; or a world as it is."""
    if isinstance(world, World):
        return world
    return World(world, world_seed) if isinstance(world, WorldSettings) else make_world(world, world_seed)


def checked_slots(world: World, slate_size: int | None) -> int:
    """Return the slots of a slate: `slate_size`, or the world's own where it is None."""
    n_slots = world.settings.slate_size if slate_size is None else slate_size
    n_first = int(world.items.available(0).sum())
    if world.settings.hides.any and n_slots > world.settings.slate_size:
        raise SettingsError(
            f"slate_size is {n_slots}; world {world.settings.name!r} hides items by user, and leaves each at least its "
            f"own {world.settings.slate_size}: allowed is 1 to that"
        )
    if not 1 <= n_slots <= n_first:
        raise SettingsError(
            f"slate_size is {n_slots}; allowed is 1 to the {n_first} items that are there on the first day"
        )
    return n_slots


def checked_days(max_days: int) -> int:
    """Return `max_days`, once it is known to be a number of days."""
    if not 1 <= max_days <= 100_000:
        raise SettingsError(f"max_days is {max_days}; allowed is 1 to 100000")
    return max_days


def draw_life(rng: np.random.Generator, n_users: int, user: int | None = None) -> tuple[int, int]:
    """Return a random user, or `user`, and a luck.

    Raises:
        SettingsError: there is no such user.
    """
    if user is not None and not 0 <= user < n_users:
        raise SettingsError(f"user {user} does not exist; users go from 0 to {n_users - 1}")
    drawn = int(rng.integers(n_users)) if user is None else user
    return drawn, int(rng.integers(-(2**63), 2**63 - 1))


def nobody_came(user: int | None, max_days: int) -> SettingsError:
    """Return the error to raise when no life that was drawn had a visit."""
    who = "no user" if user is None else f"user {user} never"
    return SettingsError(f"{who} came within max_days = {max_days} in {MAX_TRIES} tries; allow more days")


def observation_space(n_topics: int) -> spaces.Space[Singles]:
    """Return the space of what a site sees of one user."""
    return cast("spaces.Space[Singles]", spaces.Box(0.0, 1.0, (n_features(n_topics),), np.float32))
