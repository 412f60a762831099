"""Which column is the user, the item, the time and the rating."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.reading.delimited import is_date, is_number
from serendip.simulator.reading.form import Format
from serendip.simulator.reading.names import USUAL, usual_column

ROLES = ("user", "item", "time", "rating")
_REVIEWER, _PRODUCT = re.compile(r"^A[A-Z0-9]{9,20}$"), re.compile(r"^[0-9B][0-9A-Z]{9}$")  # as a large shop has them
_LAST_FM = 6  # columns of a listening history: user, moment, artist's id, artist, track's id, track
_SINCE = 1e8  # seconds: a number above is a moment after 1973, and no rating


@dataclass(frozen=True, slots=True)
class Roles:
    """The column of each role, or None where the file has none.

    Attributes:
        user: who.
        item: what.
        time: when.
        rating: how good.
        guessed: whether no name and no person said so, only what is in the columns.
    """

    user: str
    item: str
    time: str | None
    rating: str | None
    guessed: bool = False

    @property
    def spoken(self) -> str:
        """The columns in words."""
        named = [(role, getattr(self, role)) for role in ROLES]
        return ", ".join(f"{role} from {column}" for role, column in named if column is not None)


def parse_roles(pairs: Mapping[str, str] | tuple[str, ...]) -> dict[str, str]:
    """Return the column map of words such as `user=listener`.

    Raises:
        SettingsError: a word is not NAME=COLUMN, or no column has that name here.
    """
    if not isinstance(pairs, Mapping):
        wrong = [pair for pair in pairs if "=" not in pair]
        if wrong:
            raise SettingsError(f"columns: {wrong[0]!r} is not NAME=COLUMN, such as user=listener")
        pairs = dict(pair.split("=", 1) for pair in pairs)
    for name in pairs:
        if name not in ROLES:
            raise SettingsError(f"columns: unknown name {name!r}; known names: {', '.join(ROLES)}")
    return dict(pairs)


def find_roles(form: Format, said: Mapping[str, str]) -> Roles:
    """Return the column of each role: as a person said, else by its usual name, else by what the first rows hold.

    Raises:
        DataError: a column is not there, or nothing says which is the user or the item.
    """
    for role, column in said.items():
        if column not in form.names:
            raise DataError(f"{form.path}: no column {column!r} for the {role} among {', '.join(form.names)}")
    named = form.header or form.kind != "text"
    found = {role: said.get(role) or (usual_column(role, form.names) if named else None) for role in ROLES}
    guessed = not named and not {"user", "item"} <= set(said)
    if guessed:
        found |= {role: column for role, column in _by_content(form).items() if not found[role]}
    for role in ("user", "item"):
        if found[role] is None:
            raise DataError(
                f"{form.path}: no column for the {role} among {', '.join(form.names)}; it may be called "
                f"{', '.join(USUAL[role][:5])}, or say which it is with --columns {role}=COLUMN"
            )
    if found["user"] == found["item"]:
        raise DataError(f"{form.path}: column {found['user']} is both user and item; say which with --columns")
    return Roles(str(found["user"]), str(found["item"]), found["time"], found["rating"], guessed)


def _by_content(form: Format) -> dict[str, str]:
    """Return the role of columns without names, by what is in them."""
    columns = {name: [row[at] for row in form.rows if at < len(row)] for at, name in enumerate(form.names)}
    time = next((name for name in form.names[1:] if _are_moments(columns[name])), None)
    rest = [name for name in form.names if name != time]
    if time == "2" and len(form.names) >= 3:  # user, moment, and what follows
        item = "4" if len(form.names) == _LAST_FM else rest[-1]
        return {"user": rest[0], "time": time, "item": item}
    found: dict[str, str] = dict(zip(("user", "item"), rest, strict=False))
    if all(_PRODUCT.match(v) for v in columns[rest[0]]) and all(_REVIEWER.match(v) for v in columns[rest[1]]):
        found = {"user": rest[1], "item": rest[0]}
    if len(rest) > 2 and all(is_number(value) for value in columns[rest[2]]):
        found["rating"] = rest[2]
    return found | ({"time": time} if time else {})


def _are_moments(values: list[str]) -> bool:
    """Return whether all values are dates, or whole numbers that are moments rather than ratings."""
    if all(is_date(value) for value in values):
        return True
    return all(is_number(value) and "." not in value and float(value) >= _SINCE for value in values)
