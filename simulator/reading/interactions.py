"""Interactions of users with items, from a file of any format and layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Bools, Ints
from serendip.simulator.reading.form import Format
from serendip.simulator.reading.formats import recognise
from serendip.simulator.reading.lines import place_of
from serendip.simulator.reading.positives import POSITIVE_SHARE, Condition, as_numbers, parse_condition
from serendip.simulator.reading.roles import Roles, find_roles, parse_roles
from serendip.simulator.reading.tables import read_columns
from serendip.simulator.reading.times import ANY, UNITS, Misread, Times, read_times

KNOWN_FILES = ("ratings.csv", "ratings.dat", "u.data", "*.inter", "ratings.*", "interactions.*")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person said of a file; all else is found in it.

    Attributes:
        columns: which column is the `user`, the `item`, the `time` and the `rating`, as a map or as words `user=who`.
        min_rating: smallest rating that counts as a positive; None for 4/5 of the largest.
        positive: a condition such as `watch_ratio>=0.8` that makes a row a positive, in place of ratings.
        time_unit: unit of times that are numbers, such as `days`.
    """

    columns: Mapping[str, str] | tuple[str, ...] = field(default_factory=dict[str, str])
    min_rating: float | None = None
    positive: str | None = None
    time_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Interactions:
    """The n interactions of a file, in its order.

    Attributes:
        user: (n,) row of `user_names`.
        item: (n,) row of `item_names`.
        times: when, or None where the file does not say.
        liked: (n,) whether it counts as a positive.
        user_names: (N,) what the file calls each user, as text, in the order of their first rows.
        item_names: (M,) what the file calls each item, likewise.
        threshold: smallest rating that counts as a positive, or None where none was asked.
        rule: what makes a positive, in words.
        form: how the file was read.
        roles: which columns were read.
    """

    user: Ints
    item: Ints
    times: Times | None
    liked: Bools
    user_names: Any
    item_names: Any
    threshold: float | None
    rule: str
    form: Format
    roles: Roles

    def said(self) -> list[str]:
        """Return what was guessed and read, in sentences for a person."""
        guess = " (guessed from what is in them; --columns says otherwise)" if self.roles.guessed else ""
        when = "no times, so the order of rows" if self.times is None else self.times.said
        n, positive = len(self.user), int(self.liked.sum())
        return [
            f"{self.form.path}: {self.form.spoken}; {self.roles.spoken}{guess}",
            f"{n:,} rows of {len(self.user_names):,} users and {len(self.item_names):,} items; {when}",
            f"{positive:,} positives ({positive / n:.1%}): {self.rule}",
        ]


def read_interactions(path: Path, wanted: Wanted | None = None) -> Interactions:
    """Return the interactions in a file, or in the one that a folder holds under a usual name.

    Raises:
        DataError: the file is missing or empty, a column is missing, or a value is not what it should be; it names
            the file and the line.
        SettingsError: what is wanted is not written as it should be.
    """
    wanted = wanted or Wanted()
    said = parse_roles(wanted.columns)
    condition = parse_condition(wanted.positive) if wanted.positive else None
    form = recognise(file_in(path), [*said.values(), *([condition.column] if condition else [])])
    roles = find_roles(form, said)
    if condition is not None and condition.column not in form.names:
        raise DataError(f"{form.path}: no column {condition.column!r} (positive) among {', '.join(form.names)}")
    judged = condition.column if condition else roles.rating
    table = read_columns(form, [name for name in (roles.user, roles.item, roles.time, judged) if name is not None])
    user_names, user = _ids(form, table, roles.user)
    item_names, item = _ids(form, table, roles.item)
    times = None if roles.time is None else _times(form, table, roles.time, wanted.time_unit)
    liked, threshold, rule = _liked(form, table, roles, condition, wanted.min_rating)
    return Interactions(user, item, times, liked, user_names, item_names, threshold, rule, form, roles)


def file_in(path: Path) -> Path:
    """Return the file at `path`, or the one of a usual name in the folder there.

    Raises:
        DataError: the folder holds none.
    """
    if not path.is_dir():
        return path
    found = [file for pattern in KNOWN_FILES for file in sorted(path.glob(pattern))]
    if not found:
        raise DataError(f"{path}: no {', '.join(KNOWN_FILES[:4])} in this folder; name a file")
    return found[0]


def _ids(form: Format, table: Any, name: str) -> tuple[Any, Ints]:
    """Return the distinct words of a column, in the order of their first rows, and which of them stands in each row."""
    column = table[name]
    if pa.types.is_nested(column.type) or pa.types.is_floating(column.type):
        column = _plain_ids(form, column, name)
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    column = column.unify_dictionaries().combine_chunks()
    words: Any = np.asarray(column.dictionary.cast(pa.string()).to_pylist(), dtype=object)
    missing = column.indices.is_null().to_numpy(zero_copy_only=False)
    codes: Any = np.where(missing, 0, column.indices.fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64)
    blank = np.array([word is None or not word.strip() for word in words], dtype=bool)
    if blank.any() or missing.any():
        where = place_of(form, int(np.flatnonzero(missing | blank[codes])[0]))
        raise DataError(f"{form.path}, {where}: {name} is empty; every interaction needs a user and an item")
    return words.astype(str), codes


def _plain_ids(form: Format, column: Any, name: str) -> Any:
    """Return whole numbers that are written as floats as such, for 7.0 is the id 7."""
    values = None if pa.types.is_nested(column.type) else column.to_numpy()
    if values is None or column.null_count or not (values == np.floor(values)).all():
        raise DataError(f"{form.path}: column {name} holds {column.type}; ids are whole numbers or words, none missing")
    return pa.chunked_array([pa.array(values.astype(np.int64))])


def _times(form: Format, table: Any, name: str, unit: str | None) -> Times:
    if unit is not None and unit not in UNITS:
        raise DataError(f"time unit {unit!r}; allowed are {', '.join(UNITS)}")
    if table[name].null_count:
        raise _wrong(form, table, name, int(np.flatnonzero(table[name].is_null().to_numpy())[0]), ANY)
    times = read_times(table[name], name, unit)
    if isinstance(times, Misread):
        raise _wrong(form, table, name, times.row, times.why)
    return times


def _liked(
    form: Format, table: Any, roles: Roles, condition: Condition | None, min_rating: float | None
) -> tuple[Bools, float | None, str]:
    """Return which rows are positives, the smallest rating that is, and the rule in words."""
    if condition is not None and not condition.is_number:
        words: Any = np.asarray(table[condition.column].cast(pa.string()).to_pylist(), dtype=object)
        return condition.holds(words).astype(bool), None, str(condition)
    name = condition.column if condition else roles.rating
    if name is None:
        if min_rating is not None:
            raise DataError(f"{form.path}: no column for the rating, which --min-rating needs; say --columns rating=..")
        return np.ones(table.num_rows, dtype=bool), None, "every row, for there is no rating"
    numbers = as_numbers(table[name])
    if numbers is None or not np.isfinite(numbers).all():
        raise _wrong(form, table, name, int(np.flatnonzero(_no_numbers(table[name]))[0]), "a number")
    if condition is not None:
        return condition.holds(numbers), None, str(condition)
    if min_rating is None and numbers.max() <= 0.0:
        raise DataError(
            f"{form.path}: no {name} is above 0 (the largest is {float(numbers.max()):g}), so none is a positive; say "
            "from where with --min-rating, or by another column with --positive"
        )
    threshold = POSITIVE_SHARE * float(numbers.max()) if min_rating is None else min_rating
    why = f" (4/5 of the largest, {float(numbers.max()):g}; --min-rating changes that)" if min_rating is None else ""
    return numbers >= threshold, threshold, f"a rating of {threshold:g} or more{why}"


def _no_numbers(column: Any) -> Bools:
    """Return (n,) which values are no finite numbers."""
    each = (as_numbers(pa.array([value], pa.string())) for value in column.cast(pa.string()).to_pylist())
    return np.array([number is None or not np.isfinite(number[0]) for number in each])


def _wrong(form: Format, table: Any, name: str, row: int, allowed: str) -> DataError:
    """Return the error that names a row and what is allowed there."""
    value = table[name][row].as_py()
    value = value[:40] if isinstance(value, str) else value
    return DataError(f"{form.path}, {place_of(form, row)}: {name} is {value!r}; allowed is {allowed}")
