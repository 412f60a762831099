"""Reading clicks: ratings as CSV, `user item` lines in time order, or a SciPy matrix."""

from __future__ import annotations

import csv
import hashlib
import math
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.simulator.errors import DataError

_USER = ("userid", "user_id", "user", "uid")
_ITEM = ("itemid", "item_id", "item", "movieid", "movie_id", "iid")
_RATING = ("rating", "score", "value")
_TIME = ("timestamp", "time", "ts")
_MOST = 1 << 31  # users or items


@dataclass(frozen=True, slots=True)
class Events:
    """Positive events of users in time order, each pair of user and item once.

    Attributes:
        users: (n,) rows of users, from 0, in the order they first stand in the file.
        items: (n,) rows of items, likewise.
        times: (n,) when; the line's number where no time is given.
        timed: whether the order in time is known.
        given: (n,) bool, what a file of the data set holds out; None where there is no such file.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    times: NDArray[np.float64]
    timed: bool
    given: NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of users and items."""
        return int(self.users.max()) + 1, int(self.items.max()) + 1

    def checksum(self) -> str:
        """Return the SHA-256 of all events, in hexadecimal."""
        total = hashlib.sha256()
        for array in (self.users, self.items, self.times, self.given):
            total.update(b"none" if array is None else array.tobytes())
        return total.hexdigest()


def read_events(path: Path, min_rating: float = 4.0, min_events: int = 5, *, given: bool = False) -> Events:
    """Return the positive events of the file, or of the folder with `s_adj_mat.npz`, at `path`.

    Args:
        path: `.csv` with a header that names user and item (and rating, timestamp); `.npz` with a SciPy matrix, users
            by items, beside which a `test.txt` (user item item ...) may hold out; else text with `user item` on each
            line, in time order.  Ids may be any text.
        min_rating: ratings below it are not positive; files without ratings are positive throughout.
        min_events: users with fewer positives are left out.
        given: whether to read the `test.txt` too.

    Raises:
        DataError: the file is missing, malformed (file and line are named) or has too little in it.
    """
    path = _file_in(path)
    held: Any = None
    if path.suffix == ".npz":
        users, items, times, timed = _from_matrix(path)
        if given and (test := path.with_name("test.txt")).is_file():
            n_learned, (more_users, more_items) = len(users), _from_test(test)
            users, items = np.concatenate([users, more_users]), np.concatenate([items, more_items])
            times = np.arange(len(users), dtype=np.float64)
            held = times >= n_learned
    else:
        users, items, times, timed = _from_csv(path, min_rating) if path.suffix == ".csv" else _from_lines(path)
    if not len(users):
        hint = f"; ratings count from {min_rating:g}, which --min-rating changes" if path.suffix == ".csv" else ""
        raise DataError(f"{path}: no positive events{hint}")
    return _compact(path, Events(users, items, times, timed, held), min_events)


def _file_in(path: Path) -> Path:
    if path.is_dir():
        found = sorted(path.glob("*.npz")) or sorted(path.glob("ratings.csv"))
        if not found:
            raise DataError(f"{path}: no *.npz and no ratings.csv in this folder; name a file")
        return found[0]
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    return path


def _from_csv(path: Path, min_rating: float) -> tuple[Any, Any, Any, bool]:
    with _text(path) as file:
        rows = csv.reader(file, strict=True)
        header = [name.strip().lower() for name in next(rows, [])]
        if not header:
            raise DataError(f"{path}: empty; its first line names the columns, such as userId,movieId,rating,timestamp")
        user, item = _column(path, header, _USER, "user"), _column(path, header, _ITEM, "item")
        rating = next((header.index(name) for name in _RATING if name in header), None)
        time = next((header.index(name) for name in _TIME if name in header), None)
        users, items, times = list[str](), list[str](), list[float]()
        for line, row in _lines(path, rows, header):
            try:
                if rating is not None and _finite(row[rating]) < min_rating:
                    continue
                when = float(line) if time is None else _finite(row[time])
            except ValueError as error:
                raise DataError(f"{path}, line {line}: {str(row)[:120]} does not fit the header {header}") from error
            users.append(row[user])
            items.append(row[item])
            times.append(when)
            if not row[user].strip() or not row[item].strip():
                raise DataError(
                    f"{path}, line {line}: no {'item' if row[user].strip() else 'user'} in {str(row)[:120]}"
                )
    return _numbered(users), _numbered(items), np.asarray(times), time is not None


def _lines(path: Path, rows: Any, header: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line that is not blank; one row is one line, of as many cells.

    Raises:
        DataError: a row has more or fewer cells than the header, or runs over lines, as a stray quote makes it.
    """
    before = rows.line_num
    for row in rows:
        line, before = before + 1, rows.line_num
        if before != line:
            raise DataError(
                f"{path}, line {line}: a cell runs on over {before - line + 1} lines; is a quote not closed?"
            )
        if row and len(row) != len(header):
            raise DataError(f"{path}, line {line}: {len(row)} cells, the header has {len(header)}: {str(row)[:120]}")
        if row:
            yield line, row


@contextmanager
def _text(path: Path) -> Generator[TextIO]:
    """Open a text file; what is no text in it is an error that names the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not text in UTF-8 ({error}); save it as such") from error
    except csv.Error as error:
        raise DataError(f"{path}: not a table ({error}); is a quote not closed?") from error


def _finite(word: str) -> float:
    """Return the number that `word` is; a ValueError says that it is none."""
    value = float(word)
    if not math.isfinite(value) or "_" in word:
        raise ValueError(f"{word} is not a finite number")
    return value


def _column(path: Path, header: list[str], names: tuple[str, ...], what: str) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    raise DataError(f"{path}: no column for the {what} among {header}; it may be called {', '.join(names)}")


def _from_lines(path: Path) -> tuple[Any, Any, Any, bool]:
    users, items = list[str](), list[str]()
    with _text(path) as file:
        for number, line in enumerate(file, start=1):
            words = line.split()
            if not words:
                continue
            if len(words) != 2:
                raise DataError(f"{path}, line {number}: expected 'user item', got {line.strip()!r}")
            users.append(words[0])
            items.append(words[1])
    return _numbered(users), _numbered(items), np.arange(len(users), dtype=np.float64), True


def _from_matrix(path: Path) -> tuple[Any, Any, Any, bool]:
    try:
        matrix: Any = scipy.sparse.coo_array(scipy.sparse.load_npz(path))
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a SciPy matrix; write one with scipy.sparse.save_npz") from error
    users, items = matrix.coords
    wrong = np.flatnonzero(~(matrix.data >= 0) | np.isinf(matrix.data))
    if len(wrong):
        at = wrong[0]
        raise DataError(
            f"{path}: row {users[at]}, column {items[at]} is {matrix.data[at]:g}; a matrix of clicks holds 0 for none "
            "and counts or weights above it"
        )
    users, items = users[matrix.data > 0], items[matrix.data > 0]
    upper = users < items
    if upper.any() and matrix.shape[0] == matrix.shape[1]:
        n_users = users[upper].max() + 1
        if items[upper].min() >= n_users:  # an adjacency matrix of users and items, users first
            users, items = users[upper], items[upper] - n_users
    return users.astype(np.int64), items.astype(np.int64), np.arange(len(users), dtype=np.float64), False


def _from_test(path: Path) -> tuple[Any, Any]:
    users, items = list[int](), list[int]()
    with _text(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                user, *theirs = map(int, line.split())
            except ValueError as error:
                raise DataError(f"{path}, line {number}: expected 'user item item ...', all whole numbers") from error
            if min(user, *theirs, 0) < 0 or max(user, *theirs, 0) >= _MOST:
                raise DataError(f"{path}, line {number}: ids are rows and columns, from 0 to {_MOST - 1}")
            users.extend([user] * len(theirs))
            items.extend(theirs)
    return np.asarray(users, dtype=np.int64), np.asarray(items, dtype=np.int64)


def _numbered(names: list[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.asarray([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _compact(path: Path, events: Events, min_events: int) -> Events:
    """Drop repeated pairs (the first stays), then short users, and number the rest anew."""
    order = np.argsort(events.times, kind="stable")
    pairs = events.users * (events.items.max() + 1) + events.items
    rows = order[np.sort(np.unique(pairs[order], return_index=True)[1])]
    rows = rows[np.bincount(events.users[rows])[events.users[rows]] >= min_events]
    if len(np.unique(events.users[rows])) < 2:
        raise DataError(f"{path}: fewer than two users with {min_events} positives; --min-events changes that")
    users = np.unique(events.users[rows], return_inverse=True)[1]
    items = np.unique(events.items[rows], return_inverse=True)[1]
    return Events(users, items, events.times[rows], events.timed, None if events.given is None else events.given[rows])
