"""Loops over numbers, compiled to machine code on first use and kept beside the module for the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")
_OPTIONS: Any = {"cache": True, "fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled by Numba; `.py_func` is the original.

    Sums may be reordered and products contracted, as vector instructions want it; the same machine gives the same bits.
    """
    return cast("Callable[P, R]", numba.njit(**_OPTIONS)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled into each loop that calls it.

    A call from loop to loop counts a reference to each array that it hands on, which for a small function of many
    arrays takes longer than what it does.
    """
    return cast("Callable[P, R]", numba.njit(**_OPTIONS, inline="always")(function))
