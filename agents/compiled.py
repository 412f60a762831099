"""Loops over numbers, compiled to machine code on first use and kept beside the module for the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled by Numba; `.py_func` is the original.

    Sums may be reordered and products contracted, as vector instructions want it; the same machine gives the same bits.
    """
    decorate: Any = numba.njit(cache=True, fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy")
    return cast("Callable[P, R]", decorate(function))
