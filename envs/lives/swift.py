"""Lives in the default dynamics, compiled: one at a time, or many side by side.

What this file does not know must be at its default, or `can_live` says no; a test holds it to `World` bit by bit, in
every preset.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from serendip.envs.lives import kernel
from serendip.envs.lives.loops import loops
from serendip.envs.lives.tables import (
    BASE,
    DAY,
    DISCOVERY,
    END,
    FIRST,
    GONE,
    LEARNING,
    LOG_RATE,
    LUCK,
    MOOD,
    MOOD_STEP,
    SATISFACTION,
    VISIT,
    Lives,
    Rules,
    book_of,
)
from serendip.simulator.choice.multinomial_logit import MultinomialLogit
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.interface import Bools, Ints, Singles
from serendip.simulator.randomness import poisson_table
from serendip.simulator.site import fade_table, n_features
from serendip.simulator.world import World

KNOWN = {
    "WorldSettings": "name summary slate_size mean_slates catalogue population choice dynamics known_from fitted",
    "CatalogueSettings": "n_items n_topics quality_spread",
    "PopulationSettings": "n_users rate_shape rate_scale_days n_personas liked_topics liked_mean other_mean"
    " taste_spread known_topics organic_clicks inflow_per_day inflow_days cohorts",
    "MultinomialLogit": "outside examination",
    "Repertoire": "discovery_effect breadth_scale satisfaction_effect activity_days repertoire_days learning"
    " satiation_effect satiation_days satiation_step satisfaction_step disappointment leaving loyalty unfamiliarity"
    " max_rate",
}
"""The settings that are understood here; any other must be at its default."""


def can_live(world: World) -> bool:
    """Return whether everything that `world` does is understood here."""
    settings = world.settings
    parts = (settings, settings.catalogue, settings.population, world.dynamics, world.choice)
    on_numpy = isinstance(world.user_ids, np.ndarray)
    return on_numpy and all(type(part).__name__ in KNOWN and _is_understood(part) for part in parts)


def _is_understood(part: Any) -> bool:
    known = KNOWN[type(part).__name__].split()
    for field in fields(part):
        made: Any = field.default_factory() if field.default_factory is not MISSING else None
        default = field.default if field.default is not MISSING else made
        if field.name not in known and getattr(part, field.name) != default:
            return False
    return True


class SwiftCrowd:
    """N lives side by side, as those of `Crowd`, of which see the attributes."""

    def __init__(self, world: World, n_lives: int, max_days: int) -> None:
        """Make room for `n_lives`, none begun.

        Raises:
            TypeError: the world has other dynamics.
        """
        if not (isinstance(world.dynamics, Repertoire) and isinstance(world.choice, MultinomialLogit)):
            raise TypeError("swift lives need the repertoire dynamics and multinomial-logit choice")
        self.world, self.max_days = world, max_days
        n_topics = world.catalogue.n_topics
        self.lives = Lives(
            np.zeros((n_lives, world.people.taste.shape[1]), np.float32),
            np.zeros((n_lives, 2 * n_topics), np.float32),
            np.zeros((n_lives, n_features(n_topics)), np.float32),
            np.zeros((n_lives, 8), np.float32),
            np.zeros((n_lives, 8), np.int64),
        )
        self.user = np.zeros(n_lives, np.int64)
        self._enter(_rules(world, world.dynamics, world.choice, n_lives, max_days))

    def _enter(self, rules: Rules) -> None:
        """Live by these rules from now on."""
        self._fixed = rules
        self.book = book_of(rules, self.lives)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs: NumPy's loops have another address in another process."""
        return {name: value for name, value in self.__dict__.items() if name != "book"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._enter(self._fixed._replace(loops=loops()))

    @property
    def luck(self) -> Ints:
        """(N,) the word that each user's luck depends on."""
        return self.lives.clock[:, LUCK]

    @property
    def day(self) -> Ints:
        """(N,) the day, from 0 on the world's first."""
        return self.lives.clock[:, DAY]

    @property
    def visit(self) -> Ints:
        """(N,) number of the next slate within the day, from 0."""
        return self.lives.clock[:, VISIT]

    @property
    def state(self) -> dict[str, Any]:
        """Hidden state, N rows."""
        lives, n_topics = self.lives, self.world.catalogue.n_topics
        return {
            "alive": lives.clock[:, GONE] == 0,
            "log_rate": lives.hidden[:, LOG_RATE],
            "base_log_rate": lives.hidden[:, BASE],
            "satisfaction": lives.hidden[:, MOOD],
            "repertoire": lives.fades[:, :n_topics],
            "satiation": lives.fades[:, n_topics:],
        }

    def begin(self, rows: Ints, users: Ints, luck: Ints) -> Bools:
        """Begin at `rows` (B,) the lives of `users` (B,) under `luck` (B,); return (B,) whether they come at all."""
        people, dynamics, lives = self.world.people, self.world.dynamics, self.lives
        self.user[rows] = users
        lives.taste[rows] = people.taste[users]
        lives.fades[rows] = 0.0
        lives.fades[rows, : self.world.catalogue.n_topics] = people.known[users]
        lives.seen[rows] = 0.0
        lives.hidden[rows, LOG_RATE] = lives.hidden[rows, BASE] = np.log(people.base_rate[users])
        lives.hidden[rows, MOOD] = 0.0
        for column, name in _OWN.items():
            lives.hidden[rows, column] = getattr(dynamics, name) * people.factor_of[name][users]
        lives.clock[rows] = 0
        lives.clock[rows, LUCK] = luck
        lives.clock[rows, DAY] = people.first_day[users]
        lives.clock[rows, END] = lives.clock[rows, DAY] + self.max_days
        lives.clock[rows, FIRST] = -1
        kernel.begin(self.book, rows)
        return ~self.gone(rows) & ~self.late(rows)

    def show(self, rows: Ints, items: Ints) -> Bools:
        """Show slates `items` (B, L) to the users at `rows` (B,), live on to their next; return clicks (B, L)."""
        self.take_slates_of(items.shape[1])
        clicked = np.zeros(items.shape, bool)
        kernel.show(self.book, rows, items, clicked)
        return clicked

    def take_slates_of(self, n_slots: int) -> None:
        """Have room for slates of that length."""
        if n_slots != len(self._fixed.examined):
            self._enter(_for_slates(self._fixed, n_slots, len(self.user), self.world.choice))

    def gone(self, rows: Ints) -> Bools:
        """Return (B,) who has left for good."""
        return self.lives.clock[rows, GONE] != 0

    def late(self, rows: Ints) -> Bools:
        """Return (B,) whose `max_days` are over."""
        return self.lives.clock[rows, DAY] >= self.lives.clock[rows, END]

    def available(self, rows: Ints) -> Bools:
        """Return (B, M) which items can be shown to the users at `rows` (B,) now."""
        return self.world.available({}, rows, self.day[rows])

    def features(self, rows: Ints) -> Singles:
        """Return (B, 2K + 3) what a site sees of the users at `rows` (B,)."""
        found = np.empty((len(rows), self.lives.seen.shape[1]), np.float32)
        kernel.features(self.book, rows, found)
        return found


_OWN = {
    DISCOVERY: "discovery_effect",
    SATISFACTION: "satisfaction_effect",
    MOOD_STEP: "satisfaction_step",
    LEARNING: "learning",
}


def _rules(world: World, dynamics: Repertoire, choice: MultinomialLogit, n_lives: int, max_days: int) -> Rules:
    """Return what is the same for all lives in `world`.

    Args:
        world: where they are lived.
        dynamics: how users change.
        choice: how they choose.
        n_lives: lives side by side.
        max_days: days of each.
    """
    catalogue = world.catalogue
    numbers = (
        -dynamics.satiation_effect,
        dynamics.unfamiliarity,
        math.exp(choice.outside),
        dynamics.satiation_step,
        -dynamics.disappointment,
        dynamics.breadth_scale,
        dynamics.activity_days,
        -dynamics.loyalty,
        dynamics.leaving,
        dynamics.max_rate,
        math.exp(-1.0 / dynamics.repertoire_days),
        math.exp(-1.0 / dynamics.satiation_days),
    )
    rules = Rules(
        topic=np.ascontiguousarray(catalogue.topic, np.int64),
        quality=np.ascontiguousarray(catalogue.quality, np.float32),
        factors=np.zeros((0, 1), np.float32)
        if catalogue.factors is None
        else np.ascontiguousarray(catalogue.factors, np.float32),
        numbers=np.array(numbers, np.float32),
        examined=np.zeros(0, np.float32),
        more_slates=poisson_table(world.settings.mean_slates - 1.0),
        fade=fade_table(max_days),
        keys=np.array([world.keys[name] for name in ("return", "slates", "click", "leave")], np.int64),
        loops=loops(),
        room=np.zeros(1, np.float32),
        match=np.zeros(0, np.float32),
        scratch=np.zeros(5, np.int64),
    )
    return _for_slates(rules, world.settings.slate_size, n_lives, choice)


def _for_slates(rules: Rules, n_slots: int, n_lives: int, choice: Any) -> Rules:
    """Return the rules for slates of that length."""
    examined = np.array([choice.examination**slot for slot in range(n_slots)], np.float32)
    room, match = np.zeros(max(n_slots, n_lives), np.float32), np.zeros(n_slots, np.float32)
    return rules._replace(examined=examined, room=room, match=match)


class SwiftLife:
    """The life of one user, as the only row of a `SwiftCrowd`; see the protocol `Life`."""

    def __init__(self, world: World, max_days: int) -> None:
        """Make room for one life at a time."""
        self.crowd = SwiftCrowd(world, 1, max_days)
        self._only = np.zeros(1, np.int64)
        self._n_slots, self._n_features = -1, self.crowd.lives.seen.shape[1]
        self.user = self.luck = self.day = self.visit = self.n_clicks = 0
        self.gone = self.late = True

    def begin(self, user: int, luck: int) -> bool:
        """Begin the life of `user` under `luck`; return whether they come at all."""
        self._only[0] = 0
        came = bool(self.crowd.begin(self._only, np.array([user]), np.array([luck]))[0])
        self.user, self.luck = user, luck
        self._look()
        return came

    def show(self, items: Ints) -> Bools:
        """Show a slate (L,) and live on to the next; return clicks (L,)."""
        n_slots = len(items)
        if n_slots != self._n_slots:
            self.crowd.take_slates_of(n_slots)
            self._n_slots = n_slots
        clicked = np.zeros(n_slots, bool)
        self.n_clicks = kernel.show_one(self.crowd.book, self._only, items, clicked)
        self._look()
        return clicked

    def _look(self) -> None:
        """Read the clock."""
        _, self.day, self.visit, _, _, _, end, gone = self.crowd.lives.clock[0].tolist()
        self.gone, self.late = gone != 0, self.day >= end

    def available(self) -> Bools:
        """Return (M,) which items can be shown to the user now."""
        return self.crowd.world.items.available(self.day)

    def features(self) -> Singles:
        """Return (2K + 3,) what a site sees of the user."""
        found = np.empty((1, self._n_features), np.float32)
        self._only[0] = 0
        kernel.features(self.crowd.book, self._only, found)
        return found[0]

    def truth(self) -> dict[str, Any]:
        """Return a copy of the hidden state."""
        return {name: values[0].copy() for name, values in self.crowd.state.items()}
