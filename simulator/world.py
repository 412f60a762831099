"""A world: users, items and luck.  Everything that happens is a function of a state, a day and what is shown."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import array_api_compat
import numpy as np

from serendip.simulator import randomness
from serendip.simulator.arrays import AT_ONCE, Placer, blocks_of, gather, to_numpy
from serendip.simulator.catalogue import draw_catalogue, refuse_hidden, staleness, with_factors
from serendip.simulator.choice import make_choice
from serendip.simulator.dynamics import State, make_dynamics
from serendip.simulator.dynamics.drift import affinity, drift_tastes
from serendip.simulator.fitted import Fitted
from serendip.simulator.interface import Array, Bools, Ints, Items, Visits
from serendip.simulator.population import draw_population
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.settings_json import settings_to_json, write_json

PLACED = ("taste", "base_rate", "known", "first_day", "days_before", "factor_of")  # of users, where a world computes


class World:
    """Users, items and luck under one seed.

    The catalogue, the people and all luck depend on the seed alone, never on who chooses the slates: two agents in the
    same world meet the same visits until their choices differ.

    Attributes:
        settings: what makes the world, but for the seed.
        seed: the seed.
        catalogue: the items, with what is hidden of them.
        people: the users, with what is hidden of them.
        items: what a site knows of the items.
        fitted: what was taken from real data, or None.
        user_ids: (n,) the users' rows.
        keys: the keys of the streams of luck, by name.
        luck: (n,) int64 a word for each user; the luck of a user depends on the seed and on that word alone.  It is
            the user's row, except in a cast.
    """

    def __init__(
        self,
        settings: WorldSettings,
        seed: int,
        fitted: Fitted | None = None,
        *,
        arrays: str = "numpy",
        device: str | None = None,
        rows: Ints | None = None,
    ) -> None:
        """Draw the items and the people.

        Args:
            rows: (m,) rows, in order, of those users who live here; None: all.  The luck of each is the same.
            arrays: "numpy" or "torch".
            device: where torch puts the arrays; its own default when None.
        """
        self.settings = settings
        self.seed = seed
        self.choice = make_choice(settings.choice)
        self.dynamics = make_dynamics(settings.dynamics)
        self.fitted = fitted
        if fitted is None:
            catalogue = draw_catalogue(settings.catalogue, seed)
            people = draw_population(settings.population, catalogue.n_topics, settings.known_from, seed, rows)
            catalogue, taste = with_factors(settings.catalogue, catalogue, people.taste, seed)
            people = replace(people, taste=taste)
        else:
            catalogue = fitted.catalogue()
            everybody = fitted.population(settings.population, settings.known_from, seed)
            people = everybody if rows is None else everybody.rows(rows)
        self.items: Items = catalogue.items()
        self.groups = people.activity_group()
        self.place = Placer(arrays, device)
        self.catalogue = catalogue.placed(self.place)
        self.people = self.place.inside(people, PLACED)
        self.user_ids = self.place(np.arange(people.n_users, dtype=np.int64))
        self.luck = self.user_ids if rows is None else self.place(rows)
        self.keys = _keys(seed)

    @property
    def n_users(self) -> int:
        """Number of users, those included who arrive later."""
        return self.people.n_users

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.items.n_items

    def cast(self, users: Array, luck: Array) -> World:
        """Return a world of the same items and of these `users` (m,), each as often as it is named.

        Their rows are 0 to m - 1, and their luck depends on the words `luck` (m,) int64: the same word, the same luck.
        """
        world = copy.copy(self)
        world.people = self.people.rows(users)
        world.groups = self.groups[to_numpy(users)]
        world.user_ids = (
            self.user_ids[: users.shape[0]]
            if users.shape[0] <= self.n_users
            else self.place(np.arange(users.shape[0], dtype=np.int64))
        )
        world.luck = luck
        return world

    def under(self, seed: int) -> World:
        """Return the same items and users under the luck of `seed`: for the world's own seed the world itself."""
        world = copy.copy(self)
        world.seed, world.keys = seed, _keys(seed)
        return world

    def start(self) -> State:
        """Return the state of the first morning."""
        state = self.dynamics.start(self.people, self.catalogue.n_topics)
        if self.settings.population.drift > 0.0:
            xp = array_api_compat.array_namespace(self.people.taste)
            state["taste"] = xp.asarray(self.people.taste, copy=True)
        hidden = self.settings.hides.start(self.people.n_users, self.n_items)
        return state | {name: self.place(values) for name, values in hidden.items()}

    def present(self, state: State, day: Array | int) -> Array:
        """Return (n,) bool who has arrived and has not left."""
        return state["alive"] & (self.people.first_day <= day)

    def come(self, state: State, day: Array | int) -> tuple[Array, Array]:
        """Return who visits on `day` (B,), in order of id, and how many slates each will see (B,), at least one.

        A user comes with probability 1 - exp(-lambda_u), by a hash of seed, user and day; `day` is one for all or (n,).
        """
        xp = array_api_compat.array_namespace(self.user_ids)
        probability = -xp.expm1(-self.dynamics.rate(state) * self.rhythm(day))  # (n,)
        comes = randomness.uniform(self.keys["return"], self.luck, day) < probability
        users = self.user_ids[comes & self.present(state, day)]
        today = day if isinstance(day, int) else day[users]
        more = randomness.poisson(self.settings.mean_slates - 1.0, self.keys["slates"], self.luck[users], today)
        return users, more + 1

    def match(self, users: Array, items: Array, day: Array | int = 0, state: State | None = None) -> Array:
        """Return (B, L) theta_u . v_i + q_i: the lasting worth of items to users, in units of utility.

        Only what is shown is scored; the cost does not grow with the catalogue.

        Args:
            users: (B,) rows of the users, none twice.
            items: (B, L) rows of the items.
            day: one for all or (B,); items grow stale where the catalogue says so.
            state: where tastes drift, the state they are in; else, or when None, tastes are those of the first day.
        """
        taste = self.people.taste if state is None else state.get("taste", self.people.taste)
        quality = self._of_items(self.catalogue.quality, items)
        worn = self.settings.catalogue
        if worn.staleness > 0.0:
            released = self._of_items(self.catalogue.released, items)
            quality = quality - staleness(released, day, worn.staleness, worn.staleness_days)
        if self.catalogue.factors is None:
            return gather(taste, users, self._of_items(self.catalogue.topic, items)) + quality
        return affinity(taste, users, self.catalogue.factors, items) + quality

    def utility(self, state: State, users: Array, items: Array, day: Array | int = 0) -> Array:
        """Return (B, L) what items are worth to users now, satiation and all.

        Args:
            state: state of the users that the dynamics keep, by name.
            users: (B,) rows of the users, none twice.
            items: (B, L) rows of the items.
            day: day of the world, from 0; one for all or (B,).
        """
        topics = self._of_items(self.catalogue.topic, items)
        return self.match(users, items, day, state) + self.dynamics.disposition(state, users, topics)

    def show(self, state: State, day: Array | int, visit: Array | int, users: Array, items: Array) -> Array:
        """Show slates `items` (B, L) to `users` (B,), none of them twice; change the state; return clicks (B, L).

        Args:
            state: state of the users, changed in place.
            day: one for all or (B,).
            visit: number of the slate within the user's day, one for all or (B,).
            users: (B,) rows of the users, none twice.
            items: (B, L) rows of the items.

        Raises:
            DataError: an item is hidden from who is shown it.
        """
        xp = array_api_compat.array_namespace(users)
        if users.shape[0] <= AT_ONCE or not array_api_compat.is_numpy_namespace(xp):
            return self._show(state, day, visit, users, items)
        clicked = xp.empty(items.shape, dtype=xp.bool)
        for rows in blocks_of(users.shape[0]):
            clicked[rows] = self._show(state, _part(day, rows), _part(visit, rows), users[rows], items[rows])
        return clicked

    def _show(self, state: State, day: Array | int, visit: Array | int, users: Array, items: Array) -> Array:
        """Do what `show` says, all at once."""
        hides = self.settings.hides
        if hides.any:
            refuse_hidden(self.available(state, users, day), to_numpy(users), to_numpy(items))
        topics = self._of_items(self.catalogue.topic, items)
        match = self.match(users, items, day, state)
        utility = match + self.dynamics.disposition(state, users, topics)
        luck = self.luck[users]
        clicked = self.choice.click(
            utility, lambda slot: randomness.uniform(self.keys["click"], luck, day, visit, slot)
        )
        self.dynamics.respond(state, self.people, users, topics, match, clicked)
        if hides.any:
            hides.note(state, day, users, items, clicked)
        if "taste" in state:
            people, factors = self.settings.population, self.catalogue.factors
            drift_tastes(state["taste"], users, topics, items, factors, clicked, people.drift, people.drift_ceiling)
        return clicked

    def night(self, state: State, day: Array | int) -> None:
        """Let the night after `day`, one for all or (n,), pass: users change, and some leave for good."""
        here = self.people.first_day <= day
        leaves = randomness.uniform(self.keys["leave"], self.luck, day) < self.dynamics.hazard(state)
        self.dynamics.night(state, self.people)
        state["alive"] = state["alive"] & ~(leaves & here)

    def visits(self, users: Array, day: int, visit: int, state: State | None = None) -> Visits:
        """Return the visits of `users` (B,) as a site sees them.

        Args:
            users: (B,) who is here.
            day: day of the world, from 0.
            visit: number of the slate within the users' day.
            state: state of the users; None: nothing was shown yet.
        """
        ids, there = to_numpy(users), self.items.available(day)
        if state is not None and self.settings.hides.any:
            there = self.available(state, users, day)
        return Visits(ids, day, np.full(len(ids), visit, np.int32), there)

    def available(self, state: State, users: Array, day: Array | int) -> Bools:
        """Return (B, M) which items can be shown to `users` (B,) on `day`, one for all or (B,)."""
        days = np.broadcast_to(day if isinstance(day, int) else to_numpy(day), users.shape)[:, None]
        return self.settings.hides.left(state, users, days, self.items.released <= days, self.settings.slate_size)

    def save(self, folder: Path) -> None:
        """Write the world, but for its seed, to `folder`, so that `make_world(folder, seed)` makes it again."""
        folder.mkdir(parents=True, exist_ok=True)
        name = None if self.fitted is None else "fitted.safetensors"
        if self.fitted is not None and name is not None:
            self.fitted.save(folder / name)
        write_json(folder / "world.json", settings_to_json(replace(self.settings, fitted=name)))

    def _of_items(self, column: Array, items: Array) -> Array:
        """Return (B, L) what `column` (M,) says of `items` (B, L)."""
        xp = array_api_compat.array_namespace(items)
        return xp.reshape(xp.take(column, xp.reshape(items, (-1,))), items.shape)

    def rhythm(self, day: Array | int) -> Array | float:
        """Return the factor on rates of visits that the weekday of `day` brings, one or (n,)."""
        factors = self.settings.weekday
        if not factors:
            return 1.0
        if isinstance(day, int):
            return factors[day % 7]
        return self.place(np.asarray(factors, dtype=np.float32))[day % 7]


def _keys(seed: int) -> dict[str, int]:
    """Return the key of each stream of luck under `seed`."""
    return {name: randomness.derive(seed, name) for name in ("return", "slates", "click", "leave")}


def _part(when: Array | int, rows: slice) -> Array | int:
    """Return what stands at `rows` of `when` (B,), or `when` itself where it is one for all."""
    many: Any = when
    return many[rows] if getattr(many, "ndim", 0) else many


def playing_key(seed: int) -> int:
    """Return the key of all agents' draws under `seed`: the same for all, so that their luck is paired too."""
    return randomness.derive(seed, "play")


def make_world(world: str | Path, seed: int, *, arrays: str = "numpy", device: str | None = None) -> World:
    """Return the preset world, or the one in a folder, under `seed`.

    Args:
        world: name of a preset, or the folder of a world.
        seed: number that all draws follow from.
        arrays: "numpy" or "torch".
        device: where torch puts the arrays; its own default when None.
    """
    settings, folder = read_world(world)
    fitted = None if folder is None or settings.fitted is None else Fitted.load(folder / settings.fitted)
    return World(settings, seed, fitted, arrays=arrays, device=device)
