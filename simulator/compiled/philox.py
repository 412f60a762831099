"""NumPy's Philox generator, bit for bit, as functions of a key and a position in its stream.

Number j of the stream is lane j mod 4 of block j // 4, and a block depends on the key and its number alone: what nobody
asks for need not be drawn.  Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from serendip.simulator.interface import Array

compiled: Any = numba.njit(cache=True)
inlined: Any = numba.njit(cache=True, inline="always")
_intrinsic: Any = intrinsic

_ROUNDS = 10
_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ZERO, _ONE, _ELEVEN = np.uint64(0), np.uint64(1), np.uint64(11)


@_intrinsic
def _mul_high(_typing: Any, one: Any, two: Any) -> Any:
    """Return the upper 64 bits of a product of 64-bit numbers: one instruction of the processor."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        return builder.trunc(builder.lshr(product, wide(64)), ir.IntType(64))

    return numba.uint64(numba.uint64, numba.uint64), generate


@inlined
def _round(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    return _mul_high(_M1, c2) ^ c1 ^ k0, _M1 * c2, _mul_high(_M0, c0) ^ c3 ^ k1, _M0 * c0


@inlined
def block(key: Any, number: Any) -> Any:
    """Return the four 64-bit numbers of block `number` (uint64, from 0) of the stream of `key` (uint64)."""
    c0, c1, c2, c3 = number + _ONE, _ZERO, _ZERO, _ZERO
    k0, k1 = key, _ZERO
    for _ in range(_ROUNDS):
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
        k0, k1 = k0 + _W0, k1 + _W1
    return c0, c1, c2, c3


@compiled
def fill(key: Any, first: int, numbers: Array) -> None:
    """Write the stream of `key` from block `first` on into `numbers` (8 b,) uint64.

    Two blocks are made at a time, so that the processor multiplies for one while it waits for the other.
    """
    for at in range(0, len(numbers), 8):
        a0, a1, a2, a3 = np.uint64(first + at // 4) + _ONE, _ZERO, _ZERO, _ZERO
        b0, b1, b2, b3 = a0 + _ONE, _ZERO, _ZERO, _ZERO
        k0, k1 = key, _ZERO
        for _ in range(_ROUNDS):
            a0, a1, a2, a3 = _round(a0, a1, a2, a3, k0, k1)
            b0, b1, b2, b3 = _round(b0, b1, b2, b3, k0, k1)
            k0, k1 = k0 + _W0, k1 + _W1
        numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3] = a0, a1, a2, a3
        numbers[at + 4], numbers[at + 5], numbers[at + 6], numbers[at + 7] = b0, b1, b2, b3


@inlined
def fraction(bits: Any) -> Any:
    """Return the float64 in [0, 1) that NumPy makes of 64 random bits."""
    return np.float64(np.int64(bits >> _ELEVEN)) * (1.0 / 9007199254740992.0)


@compiled
def uniform_at(key: Any, position: int) -> Any:
    """Return number `position` of the stream of `key`, as `Generator.random` gives it."""
    c0, c1, c2, c3 = block(key, np.uint64(position >> 2))
    lane = position & 3
    low = c0 if lane == 0 else c1
    high = c2 if lane == 2 else c3
    return fraction(low if lane < 2 else high)
