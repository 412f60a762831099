"""Five ways to compare two agents in one world: who gets which, what they may show, and who learns of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Ints
from serendip.simulator.organic import organic_history
from serendip.simulator.world import World

PERIOD = 7  # days of a switchback


@dataclass(frozen=True, slots=True)
class Design:
    """How users, items and data are divided between A and B.

    Attributes:
        name: what it is called.
        summary: one sentence for a person who chooses.
        unit: what is drawn: a user, a cluster of users alike in what they clicked before, or a week of the site.
        shared: whether each agent learns from what both did.
        corpus: whether items are divided too, so that each agent shows only its own.
    """

    name: str
    summary: str
    unit: Literal["user", "cluster", "week"]
    shared: bool
    corpus: bool = False


DESIGNS = {
    design.name: design
    for design in (
        Design("user-split", "Half of the users each; both agents learn from all data, as is usual.", "user", True),
        Design("own-data", "Half of the users each; an agent learns from its own users alone.", "user", False),
        Design(
            "clusters", "Users who clicked alike go together; an agent learns from its own alone.", "cluster", False
        ),
        Design(
            "corpus", "Users and items are halved: each agent shows its own users its own items.", "user", False, True
        ),
        Design("switchback", "All users have one agent, then the other, week by week; both learn.", "week", True),
    )
}


def design_named(name: str) -> Design:
    """Return the design called `name`; a SettingsError lists those there are."""
    if name not in DESIGNS:
        raise SettingsError(f"unknown design {name!r}; known designs: {', '.join(DESIGNS)}")
    return DESIGNS[name]


class Division:
    """Who is in B, in one world.

    Attributes:
        design: how it is divided.
        items_of_b: (M,) items that B may show, where they are divided.
    """

    def __init__(self, design: Design, world: World) -> None:
        self.design = design
        self._key = randomness.derive(world.seed, "a/b test")
        users = np.arange(world.n_users, dtype=np.int64)
        self._users_of_b: Bools = self._half_of_clusters(world) if design.unit == "cluster" else self._half(users)
        self._swapped = bool(self._half(np.array([world.n_users]))[0])
        self.items_of_b = self._half(np.arange(world.n_items, dtype=np.int64), "items")

    def in_b(self, users: Ints, day: int) -> Bools:
        """Return (B,) which of `users` have agent B on `day`."""
        if self.design.unit == "week":
            return np.full(len(users), self.week_of_b(day))
        return self._users_of_b[users]

    def week_of_b(self, day: int) -> bool:
        """Return whether `day` is B's in a switchback."""
        return (day // PERIOD + self._swapped) % 2 == 1

    def _half_of_clusters(self, world: World) -> Bools:
        """Return which users are in B: cluster after cluster, in an order by lot, goes to the smaller half so far.

        Drawn one by one, few clusters would leave a half empty now and then.
        """
        cluster = clusters(world)
        names, sizes = np.unique(cluster, return_counts=True)
        if len(names) < 2:
            raise SettingsError("all users are one cluster, which no lot divides; take the design `own-data`")
        size, of_b = [0, 0], np.zeros(len(names), dtype=bool)
        for at in np.argsort(randomness.bits(randomness.derive(self._key, "order"), names), kind="stable"):
            half = int(size[1] < size[0])
            size[half] += int(sizes[at])
            of_b[at] = half == 1
        return of_b[np.searchsorted(names, cluster)] ^ self._half(np.array([world.n_users]), "coin")[0]

    def _half(self, units: Ints, stream: str = "units") -> Bools:
        """Return which of `units` are in B: each with probability 1/2, by a hash."""
        return randomness.uniform(randomness.derive(self._key, stream), units) < 0.5


def clusters(world: World) -> Ints:
    """Return (n,) cluster of each user: the topic that was clicked most before the first day, or a cluster alone."""
    counts = np.zeros((world.n_users, world.catalogue.n_topics), dtype=np.int64)
    topic = to_numpy(world.items.topic)
    for past in organic_history(world):
        rows, slots = np.nonzero(past.clicked)
        np.add.at(counts, (past.visits.user_ids[rows], topic[past.items[rows, slots]]), 1)
    alone = world.catalogue.n_topics + np.arange(world.n_users)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), alone)
