"""What only a simulator knows of its users: for tests, figures and the scoring of estimates, never for an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.arrays import blocks_of, to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.interface import Bools, Floats
from serendip.simulator.world import World


def liked_topics(world: World) -> Bools:
    """Return (n, K) the topics whose items are, on average, worth more than nothing to a user."""
    topic, quality = to_numpy(world.catalogue.topic), to_numpy(world.catalogue.quality)
    taste, n_topics = to_numpy(world.people.taste), world.catalogue.n_topics
    n_in = np.maximum(np.bincount(topic, minlength=n_topics), 1)
    mean_quality = np.bincount(topic, quality, n_topics) / n_in
    if world.catalogue.factors is None:
        return np.concatenate([taste[rows] + mean_quality > 0.0 for rows in blocks_of(len(taste))])
    centre = np.zeros((n_topics, taste.shape[1]))
    np.add.at(centre, topic, to_numpy(world.catalogue.factors))
    return taste @ (centre / n_in[:, None]).T + mean_quality > 0.0


class Packed:
    """A table (n, K) of what is true, in an eighth of its memory; rows of it are read a block at a time."""

    def __init__(self, table: Bools) -> None:
        self._n_columns = table.shape[1]
        self._bits = np.packbits(table, axis=1)

    def __len__(self) -> int:
        return len(self._bits)

    def __getitem__(self, rows: slice) -> Bools:
        """Return the rows of a slice."""
        return np.unpackbits(self._bits[rows], axis=1, count=self._n_columns).view(np.bool_)


@dataclass(frozen=True, slots=True)
class Truth:
    """The hidden state of the users on one evening.

    Attributes:
        alive: (n,) who has not left.
        rate: (n,) visits per day.
        breadth: (n,) sum of the repertoire, in topics.
        liked_known: (n,) liked topics that are known.
    """

    alive: Bools
    rate: Floats
    breadth: Floats
    liked_known: Floats


def look(world: World, state: State, liked: Bools | Packed) -> Truth:
    """Return the hidden state as arrays; `liked` (n, K) is `liked_topics(world)`."""
    repertoire: Any = to_numpy(state["repertoire"])
    known = np.empty(len(liked))
    for rows in blocks_of(len(liked)):
        known[rows] = ((repertoire[rows] > world.settings.known_from) & liked[rows]).sum(axis=1)
    return Truth(
        alive=to_numpy(state["alive"]),
        rate=to_numpy(world.dynamics.rate(state)),
        breadth=repertoire.sum(axis=1),
        liked_known=known,
    )
