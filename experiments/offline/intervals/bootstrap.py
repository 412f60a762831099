"""The bootstrap over users: each user counts Poisson(1) times, the count a pure hash of (seed, replicate, user).

A user has the same counts whichever batch, file or shard holds its rows, so that replicates can be made of shards in
any order, and merged.  Hanley & MacGibbon (2006), "Creating non-parametric bootstrap samples using Poisson
frequencies".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints

_LANES = 4  # 16 random bits for each count: one hash makes four
_BLOCK = 1 << 12  # users weighed at a time
_TILE = 16  # columns that kernels of a matrix product work on together: of a part of a tile they round otherwise


def _counts_by_chance() -> NDArray[np.uint8]:
    """Return (65536,) the Poisson(1) quantile at the middle of each 65536th."""
    terms = [math.exp(-1.0) / math.factorial(k) for k in range(20)]
    return np.searchsorted(np.cumsum(terms), (np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.uint8)


_COUNTS = _counts_by_chance()
_TIMES = _COUNTS.astype(np.float64)


def counts(seed: int, users: Ints, n_replicates: int) -> NDArray[np.uint8]:
    """Return (U, n_replicates) how often each user counts in each replicate."""
    return _COUNTS[_draws(seed, users, n_replicates)]


def _draws(seed: int, users: Ints, n_replicates: int) -> NDArray[np.uint16]:
    """Return (U, n_replicates) 16 random bits each."""
    n_hashes = -(-n_replicates // _LANES)
    hashes = np.empty((len(users), n_hashes), dtype="<i8")
    for j in range(n_hashes):
        hashes[:, j] = randomness.bits(randomness.derive(seed, "bootstrap over users", j), users)
    return hashes.view("<u2")[:, :n_replicates]


def weighted_sums(
    seed: int, users: Ints, values: Callable[[slice], Floats], n_replicates: int, n_threads: int = 1
) -> Floats:
    """Return (1 + n_replicates, C) sums over users: first as they are, then in each replicate.

    Args:
        seed: of the bootstrap.
        users: (U,) ids.
        values: returns the values (B, C) of a slice of the users.
        n_replicates: replicates.
        n_threads: threads that share the users; it changes no bit, for their sums are added in the order of the users.
    """

    def of_block(start: int) -> Floats:
        rows = slice(start, start + _BLOCK)
        block = np.ascontiguousarray(values(rows))  # so that each column is summed row by row, whatever is beside it
        sums = np.empty((1 + n_replicates, block.shape[1]))
        sums[0] = block.sum(axis=0)
        if n_replicates:
            times = _TIMES[_draws(seed, users[rows], n_replicates)]  # (B, R)
            sums[1:] = _products(block, times)
        return sums

    total: Floats = np.zeros((1 + n_replicates, values(slice(0, 0)).shape[1]))
    starts = range(0, len(users), _BLOCK)
    if n_threads == 1:
        for start in starts:
            total += of_block(start)
        return total
    with ThreadPoolExecutor(n_threads) as pool:
        for sums in pool.map(of_block, starts):
            total += sums
    return total


def _products(block: Floats, times: Floats) -> Floats:
    """Return (R, C) sums of the columns of `block` (B, C) in each replicate, rounded alike whatever columns are beside.

    Whole tiles of columns are multiplied, the last filled up with zeros.
    """
    n_columns = block.shape[1]
    tiles = np.zeros((len(block), -(-n_columns // _TILE) * _TILE))
    tiles[:, :n_columns] = block
    return (tiles.T @ times)[:n_columns].T
