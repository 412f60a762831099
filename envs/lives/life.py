"""One life: what an environment of a single user needs of it, and which of two ways to live it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from serendip.envs.lives.crowd import Crowd
from serendip.envs.lives.swift import SwiftCrowd, SwiftLife, can_live
from serendip.simulator.interface import Bools, Ints, Singles
from serendip.simulator.world import World

_ONLY = np.zeros(1, np.int64)


class Life(Protocol):
    """The life of one user, from visit to visit; days without a visit are lived through."""

    @property
    def user(self) -> int:
        """Row of the world's users."""
        ...

    @property
    def luck(self) -> int:
        """The word that the user's luck depends on."""
        ...

    @property
    def day(self) -> int:
        """The day, from 0 on the world's first."""
        ...

    @property
    def visit(self) -> int:
        """Number of the next slate within the day, from 0."""
        ...

    @property
    def gone(self) -> bool:
        """Whether the user has left for good."""
        ...

    @property
    def late(self) -> bool:
        """Whether the days allowed are over."""
        ...

    @property
    def n_clicks(self) -> int:
        """Clicks on the last slate."""
        ...

    def begin(self, user: int, luck: int) -> bool:
        """Begin the life of `user` under `luck`, a signed 64-bit word; return whether they come at all."""
        ...

    def show(self, items: Ints) -> Bools:
        """Show a slate (L,), checked, and live on to the next; return clicks (L,)."""
        ...

    def features(self) -> Singles:
        """Return (2K + 3,) what a site sees of the user."""
        ...

    def available(self) -> Bools:
        """Return (M,) which items can be shown to the user now."""
        ...

    def truth(self) -> dict[str, Any]:
        """Return a copy of the hidden state."""
        ...


def open_crowd(world: World, n_lives: int, max_days: int) -> Crowd | SwiftCrowd:
    """Return a place for `n_lives` in `world` side by side, the fast one where there is one."""
    return (SwiftCrowd if can_live(world) else Crowd)(world, n_lives, max_days)


def open_life(world: World, max_days: int) -> Life:
    """Return a place for lives in `world`, one at a time."""
    return SwiftLife(world, max_days) if can_live(world) else LoneLife(Crowd(world, 1, max_days))


class LoneLife:
    """A life in any world, as the only row of a crowd."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.n_clicks = 0

    @property
    def user(self) -> int:
        """Row of the world's users."""
        return int(self.crowd.user[0])

    @property
    def luck(self) -> int:
        """The word that the user's luck depends on."""
        return int(self.crowd.luck[0])

    @property
    def day(self) -> int:
        """The day."""
        return int(self.crowd.day[0])

    @property
    def visit(self) -> int:
        """Number of the next slate within the day."""
        return int(self.crowd.visit[0])

    @property
    def gone(self) -> bool:
        """Whether the user has left for good."""
        return bool(self.crowd.gone(_ONLY)[0])

    @property
    def late(self) -> bool:
        """Whether the days allowed are over."""
        return bool(self.crowd.late(_ONLY)[0])

    def begin(self, user: int, luck: int) -> bool:
        """Begin the life of `user` under `luck`; return whether they come at all."""
        return bool(self.crowd.begin(_ONLY, np.array([user]), np.array([luck]))[0])

    def show(self, items: Ints) -> Bools:
        """Show a slate (L,) and live on to the next; return clicks (L,)."""
        clicked = self.crowd.show(_ONLY, items[None])[0]
        self.n_clicks = int(clicked.sum())
        return clicked

    def features(self) -> Singles:
        """Return (2K + 3,) what a site sees of the user."""
        return self.crowd.features(_ONLY)[0]

    def available(self) -> Bools:
        """Return (M,) which items can be shown to the user now."""
        return self.crowd.available(_ONLY)[0]

    def truth(self) -> dict[str, Any]:
        """Return a copy of the hidden state."""
        return {name: values[0].copy() for name, values in self.crowd.state.items()}
