"""Counter-based random numbers: each one is a pure hash of a key and of what it is for.

    h_0 = key;  h_{i+1} = mix(h_i + word_i * GOLDEN);  uniform = top 53 bits of h / 2^53

`mix` is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators").
There is no state, so the order of calls and the size of a batch change nothing, and two agents in one world meet the
same luck until their choices differ.  Signed 64-bit integers with wrap-around are used throughout: NumPy and torch
then give the same bits.
"""

from __future__ import annotations

import functools
import hashlib
import math
from typing import Any

import array_api_compat
import numpy as np

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def absorb(h: int, word: int) -> int:
    """Return the unsigned hash `h` once it has taken in one more word: what `bits` does, a word at a time."""
    h = (h + word * _GOLDEN) & _MASK
    h = ((h ^ (h >> 30)) * _FIRST) & _MASK
    h = ((h ^ (h >> 27)) * _SECOND) & _MASK
    return h ^ (h >> 31)


def fraction(h: int) -> float:
    """Return the uniform in [0, 1) that `uniform` makes of the unsigned hash `h`."""
    return (h >> 11) * 2.0**-53


def _mix(h: Any) -> Any:
    """Mix an int64 array; `>>` is arithmetic, so the sign bits it drags in are masked off."""
    h = (h ^ ((h >> 30) & ((1 << 34) - 1))) * _signed(_FIRST)
    h = (h ^ ((h >> 27) & ((1 << 37) - 1))) * _signed(_SECOND)
    return h ^ ((h >> 31) & ((1 << 33) - 1))


def derive(seed: int, *names: str | int) -> int:
    """Return the key (signed 64-bit) of the stream called `names` under `seed`.

    Names are hashed with BLAKE2b, so streams with different names never share numbers.
    """
    text = "\x1f".join([str(int(seed)), *map(str, names)])
    return _signed(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def bits(key: int, *words: Any) -> Any:
    """Return 64 random bits (int64) for each combination of broadcast `words` (integers or int64 arrays)."""
    h: Any = key & _MASK
    for word in words:
        if isinstance(word, (int, np.integer)):
            h = absorb(h, int(word)) if isinstance(h, int) else _mix(h + _signed(int(word) * _GOLDEN))
        else:
            h = _mix((_signed(h) if isinstance(h, int) else h) + _int64(word) * _signed(_GOLDEN))
    return _signed(h) if isinstance(h, int) else h


def _int64(word: Any) -> Any:
    if isinstance(word, np.ndarray):  # to ask for the namespace takes longer than to convert a short array
        return word.astype(np.int64, copy=False)
    xp = array_api_compat.array_namespace(word)
    return word if word.dtype == xp.int64 else xp.astype(word, xp.int64)


def uniform(key: int, *words: Any) -> Any:
    """Return float64 uniforms in [0, 1), one for each combination of broadcast `words`."""
    h = bits(key, *words)
    top = (h >> 11) & ((1 << 53) - 1)
    if isinstance(top, int):
        return top * 2.0**-53
    if isinstance(top, np.ndarray):
        return top.astype(np.float64) * 2.0**-53
    xp = array_api_compat.array_namespace(top)
    return xp.astype(top, xp.float64) * 2.0**-53  # torch would turn int64 * float into float32


def below(bound: Any, key: int, *words: Any) -> Any:
    """Return integers in [0, bound), one for each combination of `words` (bias below bound / 2^53)."""
    u = uniform(key, *words)
    if isinstance(u, float):
        return int(u * bound)
    xp = array_api_compat.array_namespace(u)
    return xp.astype(u * bound, xp.int64)


def distinct(bound: Any, n: int, key: int, *words: Any) -> Any:
    """Return (B, n) integers in [0, bound), none twice in a row, every ordered choice of them equally likely.

    `bound` is one number, or (B,) one for each row.

    The j-th is a rank among the bound - j integers left, stepped over those taken already in increasing order.
    NumPy only; one row for each combination of `words`, of which at least one is an array (B,).
    """
    rows = list[Any]()
    for j in range(n):
        rank = below(bound - j, key, *words, j)
        for taken in np.sort(np.stack(rows), axis=0) if rows else []:
            rank = rank + (rank >= taken)
        rows.append(rank)
    return np.stack(rows, axis=1) if rows else np.empty((np.broadcast(*words).size, 0), dtype=np.int64)


def normal(key: int, *words: Any) -> Any:
    """Return standard normals (Box & Muller 1958), one for each combination of broadcast `words`."""
    first, second = uniform(key, *words, 1), uniform(key, *words, 2)
    if isinstance(first, float):
        return math.sqrt(-2.0 * math.log1p(-first)) * math.cos(2.0 * math.pi * second)
    xp = array_api_compat.array_namespace(first)
    return xp.sqrt(-2.0 * xp.log1p(-first)) * xp.cos((2.0 * math.pi) * second)


def poisson(rate: float, key: int, *words: Any) -> Any:
    """Return Poisson(`rate`) counts by inversion of the distribution function; `rate` at most 100.

    Raises:
        ValueError: the rate is negative or above 100.
    """
    if not 0.0 <= rate <= 100.0:
        raise ValueError(f"a Poisson rate must be in [0, 100], got {rate}")
    u = uniform(key, *words)
    table = poisson_table(rate)
    if isinstance(u, float):
        return int(np.searchsorted(table, u, side="right"))
    xp = array_api_compat.array_namespace(u)
    steps = xp.asarray(table, device=array_api_compat.device(u))
    return xp.searchsorted(steps, u, side="right")


@functools.cache
def poisson_table(rate: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the distribution function at 0, 1, ... until it reaches 1 to within rounding."""
    term, total, table = math.exp(-rate), 0.0, list[float]()
    while total < 1.0 - 1e-15 and len(table) < 300:
        total += term
        table.append(total)
        term *= rate / len(table)
    return np.asarray(table)


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return a NumPy generator (Philox, itself counter-based) for the stream called `names` under `seed`.

    For what is drawn once, whole, before anything runs, such as a population.
    """
    return np.random.Generator(np.random.Philox(key=derive(seed, *names) & _MASK))
