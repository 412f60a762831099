"""Random numbers of many visits and items at once, compiled: exact normals, and rough numbers, four from each hash."""

from __future__ import annotations

from typing import Any

import numpy as np

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
def fill_states(key: int, users: Any, day: int, visits: Any, out: Any) -> None:
    """Fill `out` (B,) with what `randomness.bits` makes of a key, users, a day and numbers of visits.

    Args:
        key: signed, 64 bits.
        users: (B,) int64.
        day: of all.
        visits: (B,).
        out: filled.
    """
    for b in range(out.shape[0]):
        out[b] = hashed(hashed(hashed(key, users[b]), day), visits[b])


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


@compiled
def fill_normals(states: Any, out: Any) -> None:
    """Fill `out` (B, n) with what `randomness.normal` draws from a visit's state and a number, up to rounding.

    Args:
        states: (B,) int64 hashes of the key and the visit.
        out: filled.
    """
    for b in range(out.shape[0]):
        for i in range(out.shape[1]):
            state = hashed(states[b], i)
            first, second = fraction(hashed(state, 1)), fraction(hashed(state, 2))
            out[b, i] = np.sqrt(-2.0 * np.log1p(-first)) * np.cos(2.0 * np.pi * second)


@compiled
def fill_weighed(
    states: Any, starts: Any, items: Any, last: int, table: Any, new_starts: Any, new_items: Any, counts: Any
) -> None:
    """Fill CSR rows with the counts that `fill_counts` draws of all their entries, those of 0 left out.

    Args:
        states: (B,) int64 hashes, one a row.
        starts: (B + 1,) where each row begins.
        items: of the entries.
        last: the last word, of all.
        table: (t,) the distribution function at 0, 1, ...
        new_starts: (B + 1,) filled.
        new_items: filled as far as there are entries.
        counts: likewise.
    """
    n = 0
    for b in range(states.shape[0]):
        new_starts[b] = n
        for j in range(starts[b], starts[b + 1]):
            u, count = fraction(hashed(hashed(states[b], items[j]), last)), 0
            while count < table.shape[0] and u >= table[count]:
                count += 1
            if count > 0:
                new_items[n], counts[n] = items[j], count
                n += 1
    new_starts[states.shape[0]] = n


@compiled
def fraction(h: Any) -> float:
    """Return the uniform in [0, 1) that `randomness.uniform` makes of the signed hash `h`."""
    return ((h >> 11) & ((1 << 53) - 1)) * 2.0**-53


@compiled
def fill_counts(states: Any, words: Any, last: int, table: Any, out: Any) -> None:
    """Fill `out` (n,) with the counts that `randomness.poisson` draws from states and two more words.

    Args:
        states: (n,) int64 hashes.
        words: (n,) the word before the last.
        last: the last word, of all.
        table: (t,) the distribution function at 0, 1, ...
        out: filled.
    """
    for j in range(out.shape[0]):
        u, count = fraction(hashed(hashed(states[j], words[j]), last)), 0
        while count < table.shape[0] and table[count] <= u:
            count += 1
        out[j] = count
