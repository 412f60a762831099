"""Reading clicks: interactions in any usual layout, or a SciPy matrix."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.simulator.errors import DataError
from serendip.simulator.reading import Wanted, read_interactions
from serendip.simulator.reading.interactions import file_in

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


def read_events(path: Path, wanted: Wanted | None = None, min_events: int = 5, *, given: bool = False) -> Events:
    """Return the positive events of the file, or of the folder with `s_adj_mat.npz`, at `path`.

    Args:
        path: `.npz` with a SciPy matrix, users by items, beside which a `test.txt` (user item item ...) may hold out;
            else interactions in any layout that `read_interactions` knows; two columns without names are user and item
            in time order.
        wanted: what a person says of the interactions: columns, what counts as a positive.
        min_events: users with fewer positives are left out.
        given: whether to read the `test.txt` too.

    Raises:
        DataError: the file is missing, malformed (file and line are named) or has too little in it.
    """
    return read_with_words(path, wanted, min_events, given=given)[0]


def read_with_words(
    path: Path, wanted: Wanted | None = None, min_events: int = 5, *, given: bool = False
) -> tuple[Events, list[str]]:
    """Return the events of `read_events`, and what was read and guessed, in sentences.

    Args:
        path: the file or folder.
        wanted: what a person says of the interactions.
        min_events: users with fewer positives are left out.
        given: whether to read the `test.txt` too.

    Raises:
        DataError: the file is missing, malformed (file and line are named) or has too little in it.
    """
    path = _file_in(path)
    if path.suffix != ".npz":
        events, said = _from_interactions(path, wanted)
    else:
        events, said = _from_npz(path, given), list[str]()
    if not len(events.users):
        raise DataError(f"{path}: no positive events; --min-rating or --positive changes which are")
    return _compact(path, events, min_events), said


def _file_in(path: Path) -> Path:
    matrices = sorted(path.glob("*.npz")) if path.is_dir() else []
    return matrices[0] if matrices else file_in(path)


def _from_interactions(path: Path, wanted: Wanted | None) -> tuple[Events, list[str]]:
    """Return all positive events of a file of interactions, and what was said of it."""
    found = read_interactions(path, wanted)
    liked = found.liked
    ordered = not found.form.header and len(found.form.names) == 2
    times = np.arange(len(liked), dtype=np.float64) if found.times is None else found.times.seconds
    users, items = _numbered(found.user[liked]), _numbered(found.item[liked])
    return Events(users, items, times[liked], ordered or found.times is not None), found.said()


def _from_npz(path: Path, given: bool) -> Events:
    """Return all events of a matrix, and of the `test.txt` beside it where it is asked for."""
    users, items = _from_matrix(path)
    held: Any = None
    if given and (test := path.with_name("test.txt")).is_file():
        n_learned, (more_users, more_items) = len(users), _from_test(test)
        users, items = np.concatenate([users, more_users]), np.concatenate([items, more_items])
        held = np.arange(len(users)) >= n_learned
    return Events(users, items, np.arange(len(users), dtype=np.float64), False, held)


@contextmanager
def _text(path: Path) -> Generator[TextIO]:
    """Open a text file; what is no text in it is an error that names the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not text in UTF-8 ({error}); save it as such") from error


_NO_MATRIX = (ValueError, OSError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading an archive raises: also for one that is locked, or packed in a way that is not known (RuntimeErrors)."""


def _from_matrix(path: Path) -> tuple[Any, Any]:
    try:
        matrix: Any = scipy.sparse.coo_array(scipy.sparse.load_npz(path))
    except _NO_MATRIX as error:
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
    return users.astype(np.int64), items.astype(np.int64)


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


def _numbered(codes: Any) -> NDArray[np.int64]:
    """Return (n,) codes numbered anew, from 0, in the order in which each first stands there."""
    _, first, again = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[again]


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
