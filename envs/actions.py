"""What an environment can be told to show: the space of slates, and slates that are checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, iterate

from serendip.simulator.interface import Bools, Ints, SerendipError

Array = Any


class ActionError(SerendipError):
    """What was to be shown cannot be shown; the message says which item stands in the way."""


class SlateSpace(spaces.MultiDiscrete):
    """Slates of items, none of them twice: integers in [0, n_items) of shape (..., L), distinct along the last axis.

    To whatever knows `MultiDiscrete` it is one, but what it samples can be shown.
    """

    def __init__(self, n_items: int, shape: tuple[int, ...], seed: int | np.random.Generator | None = None) -> None:
        """Make the space of arrays of `shape`, whose last axis is the slots."""
        self.n_items = n_items
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
        if n_slots * n_slots > self.n_items:  # repeats are common, and a row of the whole catalogue is short
            order = np.argsort(self.np_random.random((n_slates, self.n_items)), axis=1)
            return order[:, :n_slots].reshape(self.shape)
        items = self.np_random.integers(self.n_items, size=(n_slates, n_slots))
        again = np.flatnonzero(repeats(items))
        while again.size:
            items[again] = self.np_random.integers(self.n_items, size=(again.size, n_slots))
            again = again[repeats(items[again])]
        return items.reshape(self.shape)

    def contains(self, x: Any) -> bool:
        """Return whether `x` is an array of slates with no item twice in any."""
        return super().contains(x) and not repeats(np.asarray(x).reshape(-1, self.shape[-1])).any()

    def __repr__(self) -> str:
        return f"SlateSpace({self.n_items}, {self.shape})"

    def __reduce__(self) -> Any:
        return SlateSpace, (self.n_items, self.shape)


@batch_space.register(SlateSpace)
def _batch(space: SlateSpace, n: int = 1) -> SlateSpace:
    """Return the space of `n` slates at once, so that vector environments too sample what can be shown."""
    return SlateSpace(space.n_items, (n, *space.shape), seed=int(space.np_random.integers(2**31)))


@iterate.register(SlateSpace)
def _iterate(space: SlateSpace, items: Any) -> Iterator[Any]:
    return iter(np.asarray(items))


def action_space(n_items: int, n_slots: int) -> spaces.Space[Any]:
    """Return the space of one slate; of single items, where a slate has one slot."""
    return spaces.Discrete(n_items) if n_slots == 1 else SlateSpace(n_items, (n_slots,))


def repeats(items: Array) -> Bools:
    """Return (B,) which rows of `items` (B, L) hold an item twice."""
    ordered = np.sort(items, axis=1)
    return (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)


def as_slates(action: Any, n_items: int, shape: tuple[int, int]) -> Ints:
    """Return `action` as checked slates (B, L).

    Raises:
        ActionError: it has another shape, is not of integers, names an item that does not exist, or repeats one.
    """
    items = np.asarray(action)
    if shape[1] == 1 and items.shape == shape[:1]:
        items = items[:, None]
    if items.shape != shape or items.dtype.kind not in "iu":
        raise ActionError(
            f"the action has shape {items.shape} and type {items.dtype}; expected {shape[0]} slates of {shape[1]} "
            "items, integers"
        )
    items = items.astype(np.int64, copy=False)
    wrong = (items < 0) | (items >= n_items)
    if wrong.any():
        raise ActionError(f"item {int(items[wrong][0])} does not exist; items go from 0 to {n_items - 1}")
    if shape[1] > 1 and (twice := repeats(items)).any():
        raise ActionError(f"slate {items[twice][0].tolist()} shows an item twice; give {shape[1]} different items")
    return items


def as_slate(action: Any, n_items: int, n_slots: int) -> Ints:
    """Return `action` as one checked slate (L,); quick where nothing is wrong.

    Raises:
        ActionError: as `as_slates`.
    """
    if type(action) is np.ndarray and action.shape == (n_slots,) and action.dtype == np.int64:
        listed = action.tolist()
        if len(set(listed)) == n_slots and min(listed) >= 0 and max(listed) < n_items:
            return action
    return as_slates(np.asarray(action)[None], n_items, (1, n_slots))[0]
