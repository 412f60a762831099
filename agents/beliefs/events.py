"""Single events, kept from when they were observed until they are learned: what was shown, what was known, a click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.features import Features
from serendip.agents.models.model import Arrays
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Floats, Ints, Singles, Slates, SmallInts


@dataclass(frozen=True, slots=True)
class Block:
    """n events.

    Attributes:
        items: (n,) what was shown.
        luck: returns `ids`; few beliefs ask for them.
        x: (n, d) the features it had when it was shown.
        y: (n,) 1 for a click.
    """

    items: Ints
    luck: Callable[[], Ints]
    x: Singles
    y: Singles

    @property
    def ids(self) -> Ints:
        """(n,) a hash of the user, the day, the visit and the item: whose luck an event has."""
        return self.luck()

    def __len__(self) -> int:
        return len(self.items)


class Events:
    """A list of events to which observing adds, with the features as they were then."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self._blocks = list[Block]()

    def observe(self, situation: Situation, slates: Slates, feedback: Feedback) -> None:
        """Add the slots of B visits."""
        x = self.features.shown(situation, slates.items)
        visits = situation.visits
        ids = partial(_hashed, visits.user_ids, visits.day, visits.visit, slates.items)
        clicked = feedback.clicked.ravel().astype(np.float32)
        self._blocks.append(Block(slates.items.ravel(), ids, x.reshape(-1, x.shape[2]), clicked))

    def all(self) -> Block:
        """Return all events, in the order they came."""
        if len(self._blocks) != 1:
            self._blocks = [self._joined()]
        return self._blocks[0]

    def take(self) -> Block:
        """Return all events and forget them."""
        block, self._blocks = self.all(), []
        return block

    def arrays(self) -> Arrays:
        """Return all events as named arrays."""
        block = self.all()
        return {"items": block.items, "ids": block.ids, "x": block.x, "y": block.y}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._blocks = [Block(arrays["items"], partial(_these, arrays["ids"]), arrays["x"], arrays["y"])]

    def _joined(self) -> Block:
        none = np.zeros(0, dtype=np.int64)
        empty = Block(
            none, partial(_these, none), np.zeros((0, self.features.n_features), np.float32), np.zeros(0, np.float32)
        )
        parts = [empty, *self._blocks]
        return Block(
            np.concatenate([part.items for part in parts]),
            partial(_joined_ids, [part.luck for part in parts]),
            np.concatenate([part.x for part in parts]),
            np.concatenate([part.y for part in parts]),
        )


def _hashed(user_ids: Ints, day: int, visit: SmallInts, items: Ints) -> Ints:
    return randomness.bits(0, user_ids[:, None], day, visit[:, None], items).ravel()


def _these(ids: Ints) -> Ints:
    return ids


def _joined_ids(parts: Sequence[Callable[[], Ints]]) -> Ints:
    return np.concatenate([part() for part in parts])


def bootstrap_counts(key: int, ids: Ints, member: int) -> Floats:
    """Return (n,) how often a member of an ensemble counts each event: Poisson(1), a pure hash of event and member."""
    return randomness.poisson(1.0, key, ids, member).astype(np.float64)
