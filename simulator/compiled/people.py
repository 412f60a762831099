"""Tastes and knowledge of many users at once: the numbers that `simulator/population.py` draws, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.np.random import _constants as ziggurat

from serendip.simulator.compiled.philox import compiled, fill, fraction, uniform_at
from serendip.simulator.interface import Array

_tables: Any = ziggurat  # those of NumPy's own normals
_HEIGHT: Array = _tables.fi_double
_ACCEPT: Array = np.tile(_tables.ki_double.astype(np.int64), 2)  # by layer and sign
_WIDTH: Array = np.concatenate([_tables.wi_double, -_tables.wi_double])
_TAIL: float = float(_tables.ziggurat_nor_r)
_TAIL_INVERSE: float = float(_tables.ziggurat_nor_inv_r)
_AHEAD = 4096  # numbers of the stream that are made at once
_MOST = 64  # numbers that no normal takes, but once in 10^60


def unsigned(key: int) -> Any:
    """Return a signed key as the 64 bits that the compiled code takes."""
    return np.uint64(key & ((1 << 64) - 1))


@compiled
def fill_tastes(key: Any, at: int, taste: Array, pool: Array, likes: Array, means: Array, spread: float) -> int:
    """Write tastes (b, K): normal around one mean for what a user likes, around another for the rest.

    Args:
        key: of the stream, unsigned.
        at: number of the stream to go on from.
        taste: (b, K) float32 what is written.
        pool: (b, P) topics that each user may like.
        likes: (b, P) which of them it likes.
        means: (2,) means of other and of liked topics, in units of utility.
        spread: standard deviation around both.

    Returns:
        the number of the stream to go on from.
    """
    numbers, mean = np.empty(_AHEAD, dtype=np.uint64), np.empty(taste.shape[1])
    base, at = (at // 4) * 4, at % 4
    fill(key, base // 4, numbers)
    for user in range(taste.shape[0]):
        mean[:] = means[0]
        for place in range(pool.shape[1]):
            if likes[user, place]:
                mean[pool[user, place]] = means[1]
        for topic in range(taste.shape[1]):
            if at > _AHEAD - _MOST:
                base, at = base + (at // 4) * 4, at % 4
                fill(key, base // 4, numbers)
            bits = np.int64(numbers[at])
            layer, whole = bits & 0x1FF, (bits >> 9) & 0x000FFFFFFFFFFFFF
            if whole < _ACCEPT[layer]:
                normal, at = whole * _WIDTH[layer], at + 1
            else:
                normal, at = _rare_normal(numbers, at)
            taste[user, topic] = mean[topic] + spread * normal
    return base + at


@compiled
def _rare_normal(numbers: Array, at: int) -> Any:
    """Return the normal that begins at `at` of `numbers`, and where they then stand.

    Marsaglia & Tsang (2000), "The ziggurat method for generating random variables", as NumPy has it.
    """
    while True:
        bits = np.int64(numbers[at])
        at += 1
        layer, whole = bits & 0x1FF, (bits >> 9) & 0x000FFFFFFFFFFFFF
        x = whole * _WIDTH[layer]
        if whole < _ACCEPT[layer]:
            return x, at
        layer &= 0xFF
        if layer > 0:
            height = (_HEIGHT[layer - 1] - _HEIGHT[layer]) * fraction(numbers[at]) + _HEIGHT[layer]
            at += 1
            if height < np.exp(-0.5 * x * x):
                return x, at
            continue
        while True:
            beyond = -_TAIL_INVERSE * np.log1p(-fraction(numbers[at]))
            depth = -np.log1p(-fraction(numbers[at + 1]))
            at += 2
            if depth + depth > beyond * beyond:
                far = _TAIL + beyond
                return (-far if (whole >> 8) & 1 else far), at


@compiled
def fill_known(key: Any, at: int, known: Array, pool: Array, likes: Array, n_known: int) -> int:
    """Write the repertoire at the start (b, K): for `n_known` of the liked topics uniform on [0.5, 1], else 0.

    A score stands in the stream for each user and topic, then a familiarity for each; only what decides is drawn.

    Args:
        key: of the stream, unsigned.
        at: number of the stream to go on from.
        known: (b, K) float32 what is written.
        pool: (b, P) topics that each user may like.
        likes: (b, P) which of them it likes.
        n_known: how many a user knows, at most.

    Returns:
        the number of the stream to go on from.
    """
    n_pool, block = pool.shape[1], known.shape[0] * known.shape[1]
    scores = np.empty(n_pool)
    for user in range(known.shape[0]):
        known[user] = 0.0
        row = at + user * known.shape[1]
        for place in range(n_pool):
            scores[place] = uniform_at(key, row + pool[user, place]) if likes[user, place] else np.inf
        for _ in range(min(n_known, n_pool)):
            best = np.argmin(scores)
            if scores[best] == np.inf:
                break
            scores[best] = np.inf
            known[user, pool[user, best]] = 0.5 + 0.5 * uniform_at(key, row + block + pool[user, best])
    return at + 2 * block
