"""What crosses floors: the arrays that users, agents, environments and logs exchange.

Shapes: B visits, L slots of a slate, M items.  An item is its row in the catalogue, a user a 64-bit id.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.simulator.errors import DataError

Array = Any  # a NumPy array or a torch tensor, on any device
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]
Bools = NDArray[np.bool_]

MOST_TOPICS = 1_000_000  # tables of users by topics would hold no more


@dataclass(frozen=True, slots=True)
class Items:
    """What a site knows of its catalogue.

    Attributes:
        topic: (M,) topic of each item, from 0.
        released: (M,) first day on which the item can be shown.

    Raises:
        DataError: the two differ in length or are no columns of whole numbers, or a topic cannot be.
    """

    topic: SmallInts
    released: SmallInts

    def __post_init__(self) -> None:
        whole = all(column.ndim == 1 and column.dtype.kind in "iu" for column in (self.topic, self.released))
        if not whole or len(self.topic) != len(self.released):
            raise DataError(
                f"items: topic is {self.topic.dtype} {self.topic.shape} and released {self.released.dtype} "
                f"{self.released.shape}; give two columns of whole numbers of one length"
            )
        wrong = np.flatnonzero((self.topic < 0) | (self.topic >= MOST_TOPICS))
        if len(wrong):
            raise DataError(
                f"items: topic of item {wrong[0]} is {self.topic[wrong[0]]}; allowed is 0 to {MOST_TOPICS - 1:,}"
            )

    @property
    def n_items(self) -> int:
        """Number of items M."""
        return len(self.topic)

    @property
    def n_topics(self) -> int:
        """Number of topics."""
        return int(self.topic.max()) + 1

    def available(self, day: int) -> Bools:
        """Return (M,) which items can be shown on `day`."""
        return self.released <= day


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Who is here to be shown a slate.  No user appears twice.

    Attributes:
        user_ids: (B,) who.
        day: the day, from 0; the time before the log is negative.
        visit: (B,) number of the slate within the user's day, from 0.
        available: (M,) which items can be shown, or (B, M) where that differs by visitor: what one bought, blocked or
            saw too often cannot be.
    """

    user_ids: Ints
    day: int
    visit: SmallInts
    available: Bools

    def __len__(self) -> int:
        return len(self.user_ids)

    def rows(self, rows: Any) -> Visits:
        """Return the visits at `rows` (a slice, a mask or indices)."""
        available = self.available if self.available.ndim == 1 else self.available[rows]
        return dataclasses.replace(self, user_ids=self.user_ids[rows], visit=self.visit[rows], available=available)

    def without(self, user_ids: Ints, items: Ints) -> Visits:
        """Return the same visits in which each of `user_ids` (n,) must not be shown the item beside it (n,)."""
        order = np.argsort(self.user_ids, kind="stable")
        at = np.minimum(np.searchsorted(self.user_ids[order], user_ids), max(len(self) - 1, 0))
        here = self.user_ids[order][at] == user_ids if len(self) else np.zeros(len(user_ids), dtype=bool)
        available = np.broadcast_to(self.available, (len(self), self.available.shape[-1])).copy()
        available[order[at[here]], items[here]] = False
        return dataclasses.replace(self, available=available)

    def can_show(self, items: Ints) -> Bools:
        """Return whether `items` (B, ...) can be shown to their visitors, in the same shape."""
        return at_items(self.available, items)

    def __eq__(self, other: object) -> bool:
        """Return whether the other visits are the very same."""
        if not isinstance(other, Visits):
            return NotImplemented
        pairs = (self.user_ids, other.user_ids), (self.visit, other.visit), (self.available, other.available)
        return self.day == other.day and all(np.array_equal(one, two) for one, two in pairs)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def first(self) -> Visits:
        """Return the first slates of the same users' day."""
        return dataclasses.replace(self, visit=np.zeros_like(self.visit))


def at_items(available: Bools, items: Ints) -> Bools:
    """Return `available`, (M,) or (B, M), at `items` (B, ...), in the shape of these."""
    if available.ndim == 1:
        return available[items]
    return np.take_along_axis(available, items.reshape(len(items), -1), axis=1).reshape(items.shape)


@dataclass(frozen=True, slots=True)
class Slates:
    """What is shown, with the probability that it was.

    Attributes:
        items: (B, L) item at each position; no item twice in a slate.
        propensities: (B, L) probability of that item at that position under the policy that chose, in [0, 1].
        slate_propensities: (B,) probability of the whole slate, or None where it is unknown.
        explored: (B,) whether the slate came from the uniformly random branch.
    """

    items: Ints
    propensities: Floats
    slate_propensities: Floats | None
    explored: Bools

    def rows(self, rows: Any) -> Slates:
        """Return the slates at `rows` (a slice, a mask or indices)."""
        whole = self.slate_propensities
        return Slates(
            self.items[rows], self.propensities[rows], None if whole is None else whole[rows], self.explored[rows]
        )


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a site sees come back.

    Attributes:
        clicked: (B, L) which slots were clicked.
    """

    clicked: Bools
