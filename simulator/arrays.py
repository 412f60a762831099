"""Tables of one row per user, read and written at (user, column) pairs, on any array library.

Written once against the array API; NumPy arrays and torch tensors on any device both run through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

import array_api_compat
import numpy as np

from serendip.simulator.interface import Array

R = TypeVar("R")
AT_ONCE = 1 << 15  # users whose slates a processor's cache holds


def blocks_of(n: int) -> list[slice]:
    """Return the rows of n users a block at a time, so that a million need little more than their own memory."""
    return [slice(start, min(start + AT_ONCE, n)) for start in range(0, n, AT_ONCE)]


def gather(table: Array, users: Array, columns: Array) -> Array:
    """Return (B, L) values of `table` (n, K) at `users` (B,) and `columns` (B, L)."""
    xp = array_api_compat.array_namespace(table)
    flat = xp.reshape(_flat(table, users, columns), (-1,))
    return xp.reshape(xp.take(xp.reshape(table, (-1,)), flat), columns.shape)


def add_at(table: Array, users: Array, columns: Array, amount: float) -> None:
    """Add `amount` to `table` (n, K), in place, at each of `users` (B,) x `columns` (B, L).

    A column that stands twice in a row is added to twice; users must not repeat.

    Args:
        table: (n, K) what is added to, in place.
        users: (B,) rows, none twice.
        columns: (B, L) columns in each row.
        amount: what is added each time.
    """
    xp = array_api_compat.array_namespace(table)
    whole = xp.reshape(table, (-1,))
    flat = _flat(table, users, columns)
    if array_api_compat.is_numpy_namespace(xp):
        np.add.at(whole, flat.reshape(-1), whole.dtype.type(amount))  # in order, like the loop below, in one go
        return
    for slot in range(flat.shape[1]):  # one slot at a time, so that no index repeats within an assignment
        whole[flat[:, slot]] += amount


def put_at(table: Array, users: Array, columns: Array, values: Array) -> None:
    """Write `values` (B, L) into `table` (n, K), in place, at each of `users` (B,) x `columns` (B, L), no pair twice.

    Args:
        table: (n, K) what is written to, in place.
        users: (B,) rows, none twice.
        columns: (B, L) columns in each row, none twice.
        values: (B, L) what is written.
    """
    xp = array_api_compat.array_namespace(table)
    xp.reshape(table, (-1,))[xp.reshape(_flat(table, users, columns), (-1,))] = xp.reshape(values, (-1,))


def _flat(table: Array, users: Array, columns: Array) -> Array:
    return users[:, None] * table.shape[1] + columns


def namespace(name: str) -> Any:
    """Return the array namespace called `name`, "numpy" or "torch"."""
    if name == "torch":
        import array_api_compat.torch as xp
    else:
        import array_api_compat.numpy as xp
    return xp


class Placer:
    """Puts arrays where a world computes: into NumPy, or into torch on a device."""

    def __init__(self, arrays: str, device: str | None) -> None:
        self._arrays = arrays  # the name, not the module, which cannot be copied or pickled
        self._device = device

    def __call__(self, array: Array) -> Array:
        """Return `array` in place."""
        return namespace(self._arrays).asarray(array, device=self._device)

    def inside(self, record: R, names: Iterable[str]) -> R:
        """Return a dataclass whose fields of these `names`, arrays or dictionaries of arrays, are in place."""
        whole: Any = record
        return replace(whole, **{name: self._put(getattr(record, name)) for name in names})

    def _put(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self(array) for name, array in cast("dict[str, Array]", value).items()}
        return self(value)


def to_numpy(array: Array) -> Any:
    """Return `array` as a NumPy array, from whatever device it is on."""
    return array.cpu().numpy() if array_api_compat.is_torch_array(array) else array
