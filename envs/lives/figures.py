"""Luck and sums of compiled lives: the hashes of `simulator/randomness.py`, and sums as NumPy rounds them."""

from __future__ import annotations

import numpy as np

from serendip.simulator.compiled.philox import compiled
from serendip.simulator.interface import Array, Singles

_GOLDEN, _FIRST, _SECOND = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_A, _B, _C, _TOP = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@compiled
def _absorb(h: Array, word: int) -> Array:
    h = h + np.uint64(word) * _GOLDEN
    h = (h ^ (h >> _A)) * _FIRST
    h = (h ^ (h >> _B)) * _SECOND
    return h ^ (h >> _C)


@compiled
def uniform(key: int, luck: int, day: int) -> float:
    """Return the uniform that a stream has for a user and a day."""
    h = _absorb(_absorb(np.uint64(key), luck), day)
    return np.float64(np.int64(h >> _TOP)) * (1.0 / 9007199254740992.0)


@compiled
def uniform_click(key: int, luck: int, day: int, visit: int) -> float:
    """Return the uniform that decides which slot of a slate is clicked.

    Args:
        key: of the stream.
        luck: word of the user.
        day: the day.
        visit: number of the slate within the day.
    """
    h = _absorb(_absorb(_absorb(_absorb(np.uint64(key), luck), day), visit), 0)
    return np.float64(np.int64(h >> _TOP)) * (1.0 / 9007199254740992.0)


@compiled
def total(values: Singles) -> np.float32:
    """Return the sum of float32 numbers, rounded as NumPy's pairwise sum rounds it."""
    n = len(values)
    if n < 8:
        few = np.float32(0.0)
        for k in range(n):
            few += values[k]
        return few
    if n > 128:
        half = n // 2
        half -= half % 8
        return total(values[:half]) + total(values[half:])
    r0, r1, r2, r3 = values[0], values[1], values[2], values[3]
    r4, r5, r6, r7 = values[4], values[5], values[6], values[7]
    whole = n - n % 8
    for k in range(8, whole, 8):
        r0, r1, r2, r3 = r0 + values[k], r1 + values[k + 1], r2 + values[k + 2], r3 + values[k + 3]
        r4, r5, r6, r7 = r4 + values[k + 4], r5 + values[k + 5], r6 + values[k + 6], r7 + values[k + 7]
    found = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for k in range(whole, n):
        found += values[k]
    return found
