"""NumPy's own loops, called from compiled code: the same bits as `np.exp`, `np.tanh` and `np.expm1`, on any processor.

Each system's mathematical library, and each width of vectors, rounds these functions in a way of its own.  A ufunc
keeps the addresses of the loops that it chose for this processor (`PyUFuncObject`, part of NumPy's interface in C);
compiled code calls them there.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from serendip.simulator.compiled.philox import inlined
from serendip.simulator.interface import Array, Ints

_intrinsic: Any = intrinsic
EXP, TANH, EXPM1 = 0, 1, 2


class _Ufunc(ctypes.Structure):
    """The beginning of `PyUFuncObject`, after what every object has."""

    _fields_ = (
        ("numbers", ctypes.c_int * 4),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
    )


def _loop(ufunc: Any) -> tuple[int, int]:
    """Return the addresses of the float32 loop of `ufunc` and of its data."""
    found = _Ufunc.from_address(id(ufunc) + object.__basicsize__)
    at = ufunc.types.index("f->f")
    return found.functions[at] or 0, (found.data[at] or 0) if found.data else 0


def loops() -> Ints:
    """Return (3, 2) the addresses of the loops of exp, tanh and expm1 in this process, and of their data."""
    return np.array([_loop(np.exp), _loop(np.tanh), _loop(np.expm1)], np.uint64).view(np.int64)


@_intrinsic
def _call(_typing: Any, address: Any, args: Any, lengths: Any, steps: Any, data: Any) -> Any:
    """Call a loop at an address: args, lengths and steps are addresses of arrays."""

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte] * 4)
        loop = builder.inttoptr(given[0], kind.as_pointer())
        builder.call(loop, [builder.inttoptr(value, byte) for value in given[1:]])
        return ir.Constant(ir.IntType(32), 0)

    return numba.int32(*[numba.int64] * 5), generate


@inlined
def apply(loop: Ints, values: Array, n: int, scratch: Ints) -> None:
    """Apply a loop of NumPy to some numbers, in place.

    Args:
        loop: (2,) its address and that of its data.
        values: float32 numbers.
        n: how many of them, from the first.
        scratch: room for five numbers.
    """
    scratch[0] = scratch[1] = values.ctypes.data
    scratch[2], scratch[3], scratch[4] = n, 4, 4
    at = scratch.ctypes.data
    _call(loop[0], at, at + 16, at + 24, loop[1])


@_intrinsic
def pointer(_typing: Any, address: Any) -> Any:
    """Return an address as a pointer, which `numba.carray` makes an array of."""

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], ir.IntType(8).as_pointer())

    return numba.types.voidptr(numba.int64), generate
