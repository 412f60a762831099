"""Reading clicks: ratings as CSV, `user item` lines in time order, or a SciPy matrix."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.model import csr
from serendip.simulator.interface import DataError

_USER = ("userid", "user_id", "user", "uid")
_ITEM = ("itemid", "item_id", "item", "movieid", "movie_id", "iid")
_RATING = ("rating", "score", "value")
_TIME = ("timestamp", "time", "ts")


@dataclass(frozen=True, slots=True)
class Events:
    """Positive events of users, each pair of user and item once.

    Attributes:
        users: (n,) rows of users, from 0, in the order they first stand in the file.
        items: (n,) rows of items, likewise.
        times: (n,) when; the line's number where no time is given.
        timed: whether the order in time is known.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    times: NDArray[np.float64]
    timed: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of users and items."""
        return int(self.users.max()) + 1, int(self.items.max()) + 1


def read_events(path: Path, min_rating: float = 4.0, min_events: int = 5) -> Events:
    """Return the positive events of the file, or of the folder with `s_adj_mat.npz`, at `path`.

    Args:
        path: `.csv` with a header that names user and item (and rating, timestamp); `.npz` with a SciPy matrix, users
            by items; else text with `user item` on each line, in time order.  Ids may be any text.
        min_rating: ratings below it are not positive; files without ratings are positive throughout.
        min_events: users with fewer positives are left out.

    Raises:
        DataError: the file is missing, malformed (file and line are named) or has too little in it.
    """
    path = _file_in(path)
    if path.suffix == ".npz":
        users, items, times, timed = _from_matrix(path)
    else:
        users, items, times, timed = _from_csv(path, min_rating) if path.suffix == ".csv" else _from_lines(path)
    if not len(users):
        raise DataError(f"{path}: no positive events; ratings count from {min_rating:g}, which --min-rating changes")
    return _compact(path, users, items, times, timed, min_events)


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
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = [name.strip().lower() for name in next(rows, [])]
        user, item = _column(path, header, _USER, "user"), _column(path, header, _ITEM, "item")
        rating = next((header.index(name) for name in _RATING if name in header), None)
        time = next((header.index(name) for name in _TIME if name in header), None)
        users, items, times = list[str](), list[str](), list[float]()
        for line, row in enumerate(rows, start=2):
            try:
                if rating is not None and float(row[rating]) < min_rating:
                    continue
                when = float(line if time is None else row[time])
                users.append(row[user])
                items.append(row[item])
                times.append(when)
            except (ValueError, IndexError) as error:
                raise DataError(f"{path}, line {line}: {row} does not fit the header {header}") from error
    return _numbered(users), _numbered(items), np.asarray(times), time is not None


def _column(path: Path, header: list[str], names: tuple[str, ...], what: str) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    raise DataError(f"{path}: no column for the {what} among {header}; it may be called {', '.join(names)}")


def _from_lines(path: Path) -> tuple[Any, Any, Any, bool]:
    users, items = list[str](), list[str]()
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            words = line.split()
            if len(words) != 2:
                raise DataError(f"{path}, line {number}: expected 'user item', got {line.strip()!r}")
            users.append(words[0])
            items.append(words[1])
    return _numbered(users), _numbered(items), np.arange(len(users), dtype=np.float64), True


def _from_matrix(path: Path) -> tuple[Any, Any, Any, bool]:
    try:
        matrix: Any = scipy.sparse.coo_array(scipy.sparse.load_npz(path))
    except (ValueError, OSError, KeyError) as error:
        raise DataError(f"{path}: not a SciPy matrix ({error})") from error
    users, items = matrix.coords
    upper = users < items
    if upper.any() and matrix.shape[0] == matrix.shape[1]:
        n_users = users[upper].max() + 1
        if items[upper].min() >= n_users:  # an adjacency matrix of users and items, users first
            users, items = users[upper], items[upper] - n_users
    return users.astype(np.int64), items.astype(np.int64), np.arange(len(users), dtype=np.float64), False


def _numbered(names: list[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.asarray([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _compact(path: Path, users: Any, items: Any, times: Any, timed: bool, min_events: int) -> Events:
    """Drop repeated pairs (the first stays), then short users, and number the rest anew."""
    order = np.argsort(times, kind="stable")
    users, items, times = users[order], items[order], times[order]
    first = np.sort(np.unique(users * (items.max() + 1) + items, return_index=True)[1])
    users, items, times = users[first], items[first], times[first]
    kept = np.bincount(users)[users] >= min_events
    if len(np.unique(users[kept])) < 2:
        raise DataError(f"{path}: fewer than two users with {min_events} positives; --min-events changes that")
    new_users = np.unique(users[kept], return_inverse=True)[1]
    new_items = np.unique(items[kept], return_inverse=True)[1]
    return Events(new_users, new_items, times[kept], timed)


def matrix(users: Any, items: Any, shape: tuple[int, int]) -> Any:
    """Return the CSR matrix of `shape` with 1 at each pair."""
    return csr(scipy.sparse.csr_array((np.ones(len(users), dtype=np.float32), (users, items)), shape=shape))
