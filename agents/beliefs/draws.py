"""Rough random numbers of many visits and items at once, compiled: four from each hash."""

from __future__ import annotations

from typing import Any

from serendip.agents.compiled import compiled

_GOLDEN, _FIRST, _SECOND = -7046029254386353131, -4658895280553007687, -7723592293110705685
_PER_HASH = 4


@compiled
def hashed(state: Any, word: Any) -> Any:
    """Return the signed hash `state` once it has taken in one more word: a step of `randomness.bits`."""
    h = state + word * _GOLDEN
    h = (h ^ ((h >> 30) & ((1 << 34) - 1))) * _FIRST
    h = (h ^ ((h >> 27) & ((1 << 37) - 1))) * _SECOND
    return h ^ ((h >> 31) & ((1 << 33) - 1))


@compiled
def fill_rough(states: Any, table: Any, out: Any) -> None:
    """Fill `out` (B, n) with entries of a table of 65,536, each as likely: four from each hash of a visit's state.

    Args:
        states: (B,) int64 hashes of the key and the visit.
        table: (65536,) what is drawn from.
        out: filled.
    """
    n = out.shape[1]
    for b in range(out.shape[0]):
        for g in range((n + _PER_HASH - 1) // _PER_HASH):
            h = hashed(states[b], g)
            for j in range(g * _PER_HASH, min((g + 1) * _PER_HASH, n)):
                out[b, j] = table[h & 0xFFFF]
                h >>= 16
