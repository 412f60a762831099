"""Ids of users, items and topics, the same however a file writes them: 7, "7" and 7.0 are one id, "07" is another."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Ints

_compute: Any = pc
_WHOLE = "^(0|-?[1-9][0-9]{0,17})$"  # a number as it is written without ornament, of at most 18 digits
_SPAN = 1 << 20  # of whole numbers that are looked up in a list
_EXACT = 2.0**53  # floats below it are told apart to the unit


def numbers_or_words(column: Any) -> Any:
    """Return (n,) the ids in a column: int64 where all are whole numbers, else words.

    Raises:
        DataError: the column is of a nested type.
    """
    kind = column.type
    if pa.types.is_nested(kind):
        raise DataError(f"an id is {kind}; ids are numbers or words")
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return column.to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_floating(kind):
        values = column.to_numpy(zero_copy_only=False).astype(np.float64)
        whole = bool(((values == np.floor(values)) & (np.abs(values) < _EXACT)).all())
        return values.astype(np.int64) if whole else values.astype(str)
    words = column.cast(pa.string())
    if len(words) and _compute.all(_compute.match_substring_regex(words, _WHOLE)).as_py():
        return words.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return words.to_numpy(zero_copy_only=False).astype(str)


def alike(values: Any, known: Any) -> tuple[Any, Any]:
    """Return ids from two places as ids of one kind: numbers where both are, else words."""
    if np.issubdtype(values.dtype, np.integer) == np.issubdtype(known.dtype, np.integer):
        return values, known
    return values.astype(str), known.astype(str)


def user_ids(column: Any) -> Ints:
    """Return (n,) 64-bit ids of users: whole numbers as they are, anything else by its BLAKE2b hash.

    Raises:
        DataError: the column is of a nested type.
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        encoded = column.dictionary_encode()
        try:
            words = encoded.dictionary.to_pylist()
        except UnicodeDecodeError as error:
            raise DataError(f"users are not named in UTF-8 ({error}); write the table again") from error
        return _each(np.asarray(words))[encoded.indices.to_numpy()]
    values = numbers_or_words(column)
    return values if np.issubdtype(values.dtype, np.integer) else _each(values)


def _each(words: Any) -> Ints:
    """Return the id of each word by itself: what is beside it in the file changes nothing."""
    words = np.asarray(words, dtype=str)
    whole = np.asarray(
        _compute.match_substring_regex(pa.array(words), _WHOLE).to_numpy(zero_copy_only=False), dtype=bool
    )
    found = np.zeros(len(words), dtype=np.int64)
    found[whole] = words[whole].astype(np.int64)
    found[~whole] = [_hash(str(word)) for word in words[~whole]]
    return found


def _hash(word: str) -> int:
    number = _as_float(word)
    if number is not None:
        return number
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little", signed=True)


def _as_float(word: str) -> int | None:
    """Return the whole number that a float is written as, such as 7 of `7.0`; None for anything else."""
    head, point, tail = word.partition(".")
    if (
        point
        and set(tail) == {"0"}
        and head.lstrip("-").isdigit()
        and str(int(head)) == head
        and abs(int(head)) < _EXACT
    ):
        return int(head)
    return None


def vocabulary(known: Any, topics: Any, items: Any, of_items: Any) -> tuple[Any, Any]:
    """Return all items in order, each once, and the first topic of each; topics may be None.

    Args:
        known: items that are known, in order, or None.
        topics: the topic of each of them, or None.
        items: (n,) more items.
        of_items: (n,) their topics, or None.
    """
    every = items
    if known is not None:
        known, items = alike(known, items)
        every = np.concatenate([known, items])
    if of_items is None:
        low = _low(every)
        return (np.unique(every) if low is None else low + np.flatnonzero(np.bincount(every - low))), None
    found, first = np.unique(every, return_index=True)
    if topics is not None:
        topics, of_items = alike(topics, of_items)
    return found, (of_items if topics is None else np.concatenate([topics, of_items]))[first]


def ranks(items: Any, known: Any) -> Ints:
    """Return (n,) the rank of each item among those that are known, of which it is one."""
    items, known = alike(items, known)
    low = _low(known)
    if low is not None:
        places = np.zeros(int(known.max()) - low + 1, dtype=np.int64)
        places[known - low] = np.arange(len(known))
        return places[items - low]
    order = np.argsort(known, kind="stable")
    return cast("Ints", order[np.searchsorted(known, items, sorter=order)])


def _low(values: Any) -> int | None:
    """Return the least of some whole numbers that lie close together; None of any others."""
    if not len(values) or not np.issubdtype(values.dtype, np.integer):
        return None
    low = int(values.min())
    return low if int(values.max()) - low < _SPAN else None
