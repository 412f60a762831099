"""What crosses floors: the arrays that users, agents, environments and logs exchange, and the errors they raise.

Shapes: B visits, L slots of a slate, M items.  An item is its row in the catalogue, a user a 64-bit id.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]
Bools = NDArray[np.bool_]

S = TypeVar("S")


class SerendipError(Exception):
    """Something was given that cannot work; the message says what, what is allowed and what to do."""


class SettingsError(SerendipError):
    """A setting, a name or a flag is unknown or out of its range."""


class DataError(SerendipError):
    """A file or a table is not what it should be; the message names the file and the row."""


@dataclass(frozen=True, slots=True)
class Items:
    """What a site knows of its catalogue.

    Attributes:
        topic: (M,) topic of each item, from 0.
        released: (M,) first day on which the item can be shown.
    """

    topic: SmallInts
    released: SmallInts

    @property
    def n_items(self) -> int:
        """Number of items M."""
        return len(self.topic)

    @property
    def n_topics(self) -> int:
        """Number of topics."""
        return int(self.topic.max()) + 1

    def available(self, day: int) -> Bools:
        """Return (M,) which items can be shown on `day`."""
        return self.released <= day


@dataclass(frozen=True, slots=True)
class Visits:
    """Who is here to be shown a slate.  No user appears twice.

    Attributes:
        user_ids: (B,) who.
        day: the day, from 0; the time before the log is negative.
        visit: (B,) number of the slate within the user's day, from 0.
        available: (M,) which items can be shown.
    """

    user_ids: Ints
    day: int
    visit: SmallInts
    available: Bools

    def __len__(self) -> int:
        return len(self.user_ids)

    def rows(self, rows: Any) -> Visits:
        """Return the visits at `rows` (a slice, a mask or indices)."""
        return dataclasses.replace(self, user_ids=self.user_ids[rows], visit=self.visit[rows])

    def same_as(self, other: Visits) -> bool:
        """Return whether the other visits are the very same."""
        pairs = (self.user_ids, other.user_ids), (self.visit, other.visit), (self.available, other.available)
        return self.day == other.day and all(np.array_equal(one, two) for one, two in pairs)

    def first(self) -> Visits:
        """Return the first slates of the same users' day."""
        return dataclasses.replace(self, visit=np.zeros_like(self.visit))


@dataclass(frozen=True, slots=True)
class Slates:
    """What is shown, with the probability that it was.

    Attributes:
        items: (B, L) item at each position; no item twice in a slate.
        propensities: (B, L) probability of that item at that position under the policy that chose, in [0, 1].
        slate_propensities: (B,) probability of the whole slate, or None where it is unknown.
        explored: (B,) whether the slate came from the uniformly random branch.
    """

    items: Ints
    propensities: Floats
    slate_propensities: Floats | None
    explored: Bools

    def rows(self, rows: Any) -> Slates:
        """Return the slates at `rows` (a slice, a mask or indices)."""
        whole = self.slate_propensities
        return Slates(
            self.items[rows], self.propensities[rows], None if whole is None else whole[rows], self.explored[rows]
        )


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a site sees come back.

    Attributes:
        clicked: (B, L) which slots were clicked.
    """

    clicked: Bools


def settings_to_json(settings: Any) -> dict[str, Any]:
    """Return a settings dataclass as plain JSON values, nested as it is."""
    return json.loads(json.dumps(dataclasses.asdict(settings)))


def settings_from_json(kind: type[S], values: Any, where: str) -> S:
    """Build the settings dataclass `kind` from JSON values, strictly.

    Args:
        values: a JSON object; what it leaves out keeps its default.
        where: named in the error, such as a file and the path inside it.

    Raises:
        SettingsError: an unknown key (the known ones are listed), a missing one, or a value of another type.
    """
    if not isinstance(values, dict):
        raise SettingsError(f"{where}: expected an object with the settings of {kind.__name__}, got {values!r}")
    given = typing.cast("dict[str, Any]", values)
    hints = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(typing.cast(Any, kind))]
    for name in given:
        if name not in known:
            raise SettingsError(f"{where}: unknown setting {name!r}; known settings: {', '.join(known)}")
    parsed = {name: _parse(hints[name], value, f"{where}.{name}") for name, value in given.items()}
    try:
        return kind(**parsed)
    except TypeError as error:
        raise SettingsError(f"{where}: {error}") from error


def _parse(hint: Any, value: Any, where: str) -> Any:
    """Return `value` as the annotated type `hint`, or raise a SettingsError that names the place."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        return _parse(next(option for option in options if option is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise SettingsError(f"{where}: expected a list, got {value!r}")
        inner = typing.get_args(hint)[0]
        return tuple(_parse(inner, v, f"{where}[{i}]") for i, v in enumerate(typing.cast("list[Any]", value)))
    if origin is typing.Literal:
        allowed = typing.get_args(hint)
        if value not in allowed:
            raise SettingsError(f"{where}: {value!r} is not one of {', '.join(map(str, allowed))}")
        return value
    if dataclasses.is_dataclass(hint):
        return settings_from_json(typing.cast("type[Any]", hint), value, where)
    if origin is dict or hint is Any:
        return value
    wanted = (int, float) if hint is float else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise SettingsError(f"{where}: expected {hint.__name__}, got {value!r}")
    return float(value) if hint is float else value


def read_json(path: Path) -> Any:
    """Return the JSON value in `path`; a DataError names a file that is missing or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: not valid JSON ({error})") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON to `path`, all or nothing (a temporary file, then a rename)."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(path)
