"""What lives consist of, as compiled code reads it: tables of numbers, and a book of where they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import carray as _carray  # pyright: ignore[reportPrivateImportUsage]

from serendip.envs.lives.loops import pointer
from serendip.simulator.compiled.philox import inlined
from serendip.simulator.interface import Floats, Ints, Singles

LOG_RATE, BASE, RATE, MOOD, DISCOVERY, SATISFACTION, MOOD_STEP, LEARNING = range(8)
LUCK, DAY, VISIT, N_SLATES, FIRST, LAST, END, GONE = range(8)
RETURN, SLATES, CLICK, LEAVE = range(4)
FILL, UNFAMILIAR, OUTSIDE, FULL, DULL, SCALE, ACTIVITY, LOYALTY, LEAVING, MOST, FORGET, DIGEST = range(12)

carray: Any = _carray


class Lives(NamedTuple):
    """N lives, a row each: what changes as they go on.

    Attributes:
        taste: (N, d) tastes.
        fades: (N, 2K) repertoire, then satiation.
        seen: (N, 2K + 3) what a site remembers, as in `Memory.features` before it is squeezed into [0, 1).
        hidden: (N, 8) log rate, its base, rate, mood, and the user's own effects, steps and speed.
        clock: (N, 8) word of luck, day, visit, slates of the visit, first and last visit, end, whether gone.
    """

    taste: Singles
    fades: Singles
    seen: Singles
    hidden: Singles
    clock: Ints


class Rules(NamedTuple):
    """What is the same for all lives.

    Attributes:
        topic: (M,) int64 topic of each item.
        quality: (M,) quality of each item.
        factors: (M, d) factors of each item; (0, d) where its topic is all.
        numbers: (12,) the settings of dynamics and choice.
        examined: (L,) examination by position.
        more_slates: the distribution function of further slates.
        fade: what is left of a memory after 0, 1, ... days.
        keys: (4,) keys of the streams of luck.
        loops: (3, 2) NumPy's exp, tanh and expm1.
        room: (max(L, N),) float32 room for what NumPy's loops work on.
        match: (L,) float32 room for the lasting worth of a slate's items.
        scratch: (5,) room for a call.
    """

    topic: Ints
    quality: Singles
    factors: Singles
    numbers: Singles
    examined: Singles
    more_slates: Floats
    fade: Singles
    keys: Ints
    loops: Ints
    room: Singles
    match: Singles
    scratch: Ints


def book_of(rules: Rules, lives: Lives) -> Ints:
    """Return where all these arrays are and how long: one argument of a call in place of many.

    Whoever has the book must keep the arrays.
    """
    entries = [(array.ctypes.data, *array.shape, *(1,) * (2 - array.ndim)) for array in (*rules, *lives)]
    return np.array(entries, np.int64)


@inlined
def _singles(book: Ints, at: int) -> Singles:
    return carray(pointer(book[at, 0]), (book[at, 1],), np.float32)


@inlined
def table_of(book: Ints, at: int) -> Singles:
    """Return the table of two axes at an entry of a book."""
    return carray(pointer(book[at, 0]), (book[at, 1], book[at, 2]), np.float32)


@inlined
def _ints(book: Ints, at: int) -> Ints:
    return carray(pointer(book[at, 0]), (book[at, 1],), np.int64)


@inlined
def rules_of(book: Ints) -> Rules:
    """Return the rules that a book is about."""
    return Rules(
        _ints(book, 0),
        _singles(book, 1),
        table_of(book, 2),
        _singles(book, 3),
        _singles(book, 4),
        carray(pointer(book[5, 0]), (book[5, 1],), np.float64),
        _singles(book, 6),
        _ints(book, 7),
        carray(pointer(book[8, 0]), (book[8, 1], book[8, 2]), np.int64),
        _singles(book, 9),
        _singles(book, 10),
        _ints(book, 11),
    )


@inlined
def lives_of(book: Ints) -> Lives:
    """Return the lives that a book is about."""
    clock = carray(pointer(book[16, 0]), (book[16, 1], book[16, 2]), np.int64)
    return Lives(table_of(book, 12), table_of(book, 13), table_of(book, 14), table_of(book, 15), clock)
