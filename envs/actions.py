"""What an environment can be told to show: the space of slates, and slates that are checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, iterate

from serendip.simulator.errors import SerendipError
from serendip.simulator.interface import Array, Bools, Ints, Items, at_items

_INT64 = np.dtype(np.int64)


class ActionError(SerendipError):
    """What was to be shown cannot be shown; the message says which item stands in the way."""


class SlateSpace(spaces.MultiDiscrete):
    """Slates of items, none of them twice: integers in [0, n_items) of shape (..., L), distinct along the last axis.

    To whatever knows `MultiDiscrete` it is one, but what it samples can be shown, on any day.
    """

    def __init__(
        self,
        n_items: int,
        shape: tuple[int, ...],
        seed: int | np.random.Generator | None = None,
        always: Ints | None = None,
    ) -> None:
        """Make the space of arrays of `shape`, whose last axis is the slots.

        Args:
            n_items: items of the catalogue.
            shape: shape of the arrays; the last axis is the slots.
            seed: what samples are drawn from; None: the system's entropy.
            always: items that are there on every day, which samples are made of; None: all are.
        """
        self.n_items = n_items
        self.always = always
        self.there: Bools | None = None  # (M,) or (n_slates, M) what can be shown now, where that differs by user
        super().__init__(np.full(shape, n_items, dtype=np.int64), seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> Ints:
        """Return uniformly random slates; a `mask` or `probability` is not supported.

        Raises:
            ActionError: a mask or probabilities were given.
        """
        if mask is not None or probability is not None:
            raise ActionError("a SlateSpace samples without a mask or probabilities; leave them out")
        n_slots = self.shape[-1]
        n_slates = int(np.prod(self.shape[:-1], dtype=np.int64))
        if self.there is not None:
            return _of_there(self.np_random, self.there, n_slates, n_slots).reshape(self.shape)
        drawn = self._distinct(n_slates, n_slots, self.n_items if self.always is None else len(self.always))
        return (drawn if self.always is None else self.always[drawn]).reshape(self.shape)

    def _distinct(self, n_slates: int, n_slots: int, bound: int) -> Ints:
        """Return (n_slates, n_slots) integers in [0, bound), none twice in a row."""
        if n_slots * n_slots > bound:  # repeats are common, and a row of all of them is short
            return np.argsort(self.np_random.random((n_slates, bound)), axis=1)[:, :n_slots]
        drawn = self.np_random.integers(bound, size=(n_slates, n_slots))
        again = np.flatnonzero(repeats(drawn))
        while again.size:
            drawn[again] = self.np_random.integers(bound, size=(again.size, n_slots))
            again = again[repeats(drawn[again])]
        return drawn

    def contains(self, x: Any) -> bool:
        """Return whether `x` is an array of slates with no item twice in any."""
        return super().contains(x) and not repeats(np.asarray(x).reshape(-1, self.shape[-1])).any()

    def __repr__(self) -> str:
        return f"SlateSpace({self.n_items}, {self.shape})"


class ItemSpace(spaces.Discrete):
    """Single items; to whatever knows `Discrete` it is one, but what it samples is there on every day."""

    def __init__(self, n_items: int, always: Ints) -> None:
        """Make the space of `n_items`, of which those in `always` are there on every day."""
        self.always = always
        self.there: Bools | None = None  # (M,) what can be shown now, where a world hides items by user
        super().__init__(n_items)

    def sample(self, mask: Any = None, probability: Any = None) -> Any:
        """Return a uniformly random item of those that are always there, or as `Discrete` does by a mask."""
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        if self.there is not None:
            return _of_there(self.np_random, self.there, 1, 1)[0, 0]
        return self.always[self.np_random.integers(len(self.always))]


class ItemsSpace(spaces.MultiDiscrete):
    """N single items, for N environments; what it samples is there on every day."""

    def __init__(self, n_items: int, n: int, seed: int, always: Ints) -> None:
        """Make the space.

        Args:
            n_items: items of the catalogue.
            n: environments, one item each.
            seed: what samples are drawn from.
            always: items that are there on every day, which samples are made of.
        """
        self.always = always
        self.there: Bools | None = None  # (N, M) what can be shown now, where a world hides items by user
        super().__init__(np.full(n, n_items, dtype=np.int64), seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> Any:
        """Return uniformly random items of those that are always there, or as `MultiDiscrete` does by a mask."""
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        if self.there is not None:
            return _of_there(self.np_random, self.there, self.shape[0], 1)[:, 0]
        return self.always[self.np_random.integers(len(self.always), size=self.shape)]


def _of_there(rng: np.random.Generator, there: Bools, n_slates: int, n_slots: int) -> Ints:
    """Return (n_slates, n_slots) random items, none twice in a row, of what is `there`, (M,) or (n_slates, M)."""
    order = rng.random((n_slates, there.shape[-1])) + ~there  # what is not there comes last
    return np.argsort(order, axis=1)[:, :n_slots]


@batch_space.register(ItemSpace)
def _batch_items(space: ItemSpace, n: int = 1) -> ItemsSpace:
    """Return the space of `n` items at once."""
    return ItemsSpace(int(space.n), n, int(space.np_random.integers(2**31)), space.always)


@batch_space.register(SlateSpace)
def _batch(space: SlateSpace, n: int = 1) -> SlateSpace:
    """Return the space of `n` slates at once, so that vector environments too sample what can be shown."""
    seed = int(space.np_random.integers(2**31))
    return SlateSpace(space.n_items, (n, *space.shape), seed, space.always)


@iterate.register(SlateSpace)
def _iterate(space: SlateSpace, items: Any) -> Iterator[Any]:
    return iter(np.asarray(items))


def action_space(items: Items, n_slots: int, hides: bool = False) -> spaces.Space[Any]:
    """Return the space of one slate of `items`, or of single ones for one slot; `hides`: some are hidden by user."""
    whole = items.released.max() <= 0 and not hides
    always = None if whole else np.flatnonzero(items.available(0))
    if n_slots > 1:
        return SlateSpace(items.n_items, (n_slots,), always=always)
    return spaces.Discrete(items.n_items) if always is None else ItemSpace(items.n_items, always)


def repeats(items: Array) -> Bools:
    """Return (B,) which rows of `items` (B, L) hold an item twice."""
    ordered = np.sort(items, axis=1)
    return (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)


class Showable:
    """Says of slates whether they can be shown: slates of `n_slots` different `items`, all of them released."""

    def __init__(self, items: Items, n_slots: int) -> None:
        """Take the catalogue as a site knows it, and the length of a slate."""
        self._n_items, self._n_slots = items.n_items, n_slots
        self._shape = (n_slots,)
        self._released = items.released if items.released.max() > 0 else None

    def slates(self, action: Any, n_slates: int, day: Any, available: Bools | None = None) -> Ints:
        """Return `action` as checked slates (B, L).

        Args:
            action: what is to be shown.
            n_slates: slates B.
            day: when, one for all or (B,).
            available: (B, M) what is not hidden from each visitor; None where nothing is.

        Raises:
            ActionError: it has another shape, is not of integers, or a slate names an item that does not exist, is not
                released yet or is hidden from its visitor, or names one twice.
        """
        items, shape = np.asarray(action), (n_slates, self._n_slots)
        if self._n_slots == 1 and items.shape == shape[:1]:
            items = items[:, None]
        if items.shape != shape or items.dtype.kind not in "iu":
            raise ActionError(
                f"the action has shape {items.shape} and type {items.dtype}; expected {shape[0]} slates of {shape[1]} "
                "items, integers"
            )
        items = items.astype(np.int64, copy=False)
        wrong = (items < 0) | (items >= self._n_items)
        if wrong.any():
            raise ActionError(f"item {int(items[wrong][0])} does not exist; items go from 0 to {self._n_items - 1}")
        if self._n_slots > 1 and (twice := repeats(items)).any():
            raise ActionError(f"slate {items[twice][0].tolist()} shows an item twice; give {shape[1]} different items")
        if self._released is not None:
            self._refuse_unreleased(items, self._released[items], np.broadcast_to(day, n_slates)[:, None])
        if available is not None:
            _refuse_hidden(items, available)
        return items

    def slate(self, action: Any, day: int, available: Bools | None = None) -> Ints:
        """Return `action` as one checked slate (L,) for `day`, `available` (M,) as in `slates`; quick where it can be.

        Raises:
            ActionError: as `slates`.
        """
        if type(action) is np.ndarray and action.dtype == _INT64 and action.shape == self._shape:
            listed = action.tolist()
            if self._released is None and available is None and len(set(listed)) == self._n_slots:
                listed.sort()
                if listed[0] >= 0 and listed[-1] < self._n_items:
                    return action
        return self.slates(np.asarray(action)[None], 1, day, None if available is None else available[None])[0]

    def _refuse_unreleased(self, items: Ints, released: Any, day: Any) -> None:
        """Raise if any of `items` (B, L) is `released` (B, L) after `day` (B, 1)."""
        rows, slots = np.nonzero(released > day)
        if rows.size:
            at = rows[0], slots[0]
            raise ActionError(
                f"item {int(items[at])} is released on day {int(released[at])}, and this is day "
                f"{int(day[rows[0], 0])}; show items of which world.items.available(day) is true"
            )


def _refuse_hidden(items: Ints, available: Bools) -> None:
    """Raise if any of `items` (B, L) is hidden from its visitor, to whom `available` (B, M) can be shown."""
    rows, slots = np.nonzero(~at_items(available, items))
    if rows.size:
        raise ActionError(
            f"item {int(items[rows[0], slots[0]])} of slate {items[rows[0]].tolist()} is hidden from its visitor, who "
            "clicked it or saw it too often (the world's `hides`); show items that info's available is true of"
        )
