"""Cholesky factors of what each user was shown, led on slate by slate between two updates of a Gaussian field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

from serendip.agents.beliefs.belief import Situation
from serendip.agents.compiled import compiled
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.simulator.interface import Floats, Ints, Singles

_BYTES = 1 << 28  # of factors that are kept; those of who came longest ago are worked out anew
_LAPACK: Any = scipy.linalg.lapack


@dataclass(slots=True)
class Root:
    """The factor of one user's K = C_EE + diag(noise / showings).

    Attributes:
        items: (n,) E, those of the last update in order, then as they were first shown.
        showings: (n,) how often each was shown.
        lower: L (n, n) with L L' = K, in Fortran order.
        number: how many events of the log it has taken in.
    """

    items: Ints
    showings: Ints
    lower: Floats
    number: int

    @classmethod
    def of(cls, covariance: Singles, noise: float, items: Ints, showings: Ints, number: int) -> Root:
        """Return the factor for `items` that were shown so often, worked out at once.

        Args:
            covariance: C (M, M).
            noise: variance of one showing.
            items: (n,) what was shown.
            showings: (n,) how often.
            number: how many events of the log that takes in.
        """
        k = covariance[np.ix_(items, items)].astype(np.float64)
        k[np.diag_indices_from(k)] += noise / showings
        lower = scipy.linalg.cholesky(k.T, lower=True, overwrite_a=True, check_finite=False)
        return cls(items.astype(np.int64), showings.astype(np.int64), np.asfortranarray(lower), number)

    def lead_on(self, covariance: Singles, noise: float, items: Ints) -> None:
        """Take in one more showing of each of `items`, a slate's: a step of order n^2 for each.

        What was shown before lowers one entry of K's diagonal, which takes the rank-1 downdate of Gill, Golub, Murray &
        Saunders (1974), "Methods for modifying matrix factorizations"; what was not is a row more.

        Args:
            covariance: C (M, M).
            noise: variance of one showing.
            items: (L,) of a slate.
        """
        found = items[:, None] == self.items
        for place in np.flatnonzero(found.any(axis=0)):
            times = self.showings[place]
            downdate(self.lower, int(place), float(np.sqrt(noise / times - noise / (times + 1))))
            self.showings[place] += 1
        new = items[~found.any(axis=1)]
        if not len(new):
            return
        n, m = len(self.items), len(new)
        k = covariance[np.ix_(new, new)].astype(np.float64)
        k[np.diag_indices_from(k)] += noise
        lower = np.zeros((n + m, n + m), order="F")
        if n:
            beside = covariance[np.ix_(self.items, new)].astype(np.float64)
            half = _LAPACK.dtrtrs(self.lower, beside, lower=1)[0]  # (n, m)
            lower[:n, :n], lower[n:, :n] = self.lower, half.T
            k -= half.T @ half
        lower[n:, n:] = scipy.linalg.cholesky(k, lower=True, check_finite=False)
        self.items, self.lower = np.concatenate([self.items, new]), lower
        self.showings = np.concatenate([self.showings, np.ones(m, dtype=np.int64)])


class Roots:
    """The factors of all users who came since the last update, as far as there is room.

    A factor is worked out at once for what was seen until the update, and then led on by each slate, whenever it is
    asked for and whoever else is: so that the last bit does not depend on that.
    """

    def __init__(self, covariance: Singles, noise: float, history: History | None, n_learned: int) -> None:
        """Begin after an update.

        Args:
            covariance: C (M, M) of the field.
            noise: variance of one showing.
            history: the one that was learned from; None: the next one that is asked about.
            n_learned: events of its log at the update.
        """
        self._covariance, self._noise = covariance, noise
        self._history, self.n_learned = history, n_learned
        self._kept = dict[int, Root]()

    def of(self, situation: Situation) -> list[Root]:
        """Return the factor of each of B visitors."""
        history, shown = situation.history, situation.n_exposures
        if self._history is None:
            self._history = history
        if history is not self._history:
            return [self._at_once(shown, row, history.events.n_ever) for row in range(len(situation))]
        rows = history.rows_of(situation.visits.user_ids)
        slates = _slates_of(history.events.since(self.n_learned), self.n_learned, rows)
        found = [self._led_on(shown, b, int(row), slates.get(int(row), [])) for b, row in enumerate(rows)]
        self._make_room()
        return found

    def _led_on(self, shown: Any, b: int, row: int, slates: list[tuple[int, Ints]]) -> Root:
        """Return the factor of the user at `row` of the history, visit `b`, with all of their `slates` since.

        Args:
            shown: (B, M) CSR counts of showings by now.
            b: row of the visit.
            row: of the history.
            slates: number of the event after each, and its items.
        """
        root = self._kept.pop(row, None)
        if root is None:
            root = self._at_once(shown, b, self.n_learned, slates)
        for number, items in slates:
            if number > root.number:
                root.lead_on(self._covariance, self._noise, items)
                root.number = number
        self._kept[row] = root  # last, as the one that was asked for last
        return root

    def _at_once(self, shown: Any, b: int, number: int, since: list[tuple[int, Ints]] | None = None) -> Root:
        """Return the factor for what visit `b` was shown, less the slates `since`."""
        mine = slice(shown.indptr[b], shown.indptr[b + 1])
        items, showings = shown.indices[mine].astype(np.int64), shown.data[mine].astype(np.int64)
        for _, later in since or []:
            showings[np.searchsorted(items, later)] -= 1
        some = showings > 0
        return Root.of(self._covariance, self._noise, items[some], showings[some], number)

    def _make_room(self) -> None:
        """Forget the factors of who came longest ago where they are too many."""
        total = sum(root.lower.nbytes for root in self._kept.values())
        for row in list(self._kept):
            if total <= _BYTES:
                break
            total -= self._kept.pop(row).lower.nbytes


def _slates_of(shown: Shown, first: int, rows: Ints) -> dict[int, list[tuple[int, Ints]]]:
    """Return the slates of the users at `rows` among `shown`: by user the number after each, and what it held.

    Args:
        shown: events in the order they came.
        first: number of the first of them.
        rows: of the history.
    """
    starts = shown.slate_starts()
    owners = shown.rows[starts[:-1]]
    found = dict[int, list[tuple[int, Ints]]]()
    for s in np.flatnonzero(np.isin(owners, rows)):
        items = shown.items[starts[s] : starts[s + 1]].astype(np.int64)
        found.setdefault(int(owners[s]), []).append((first + int(starts[s + 1]), items))
    return found


@compiled
def downdate(lower: Any, first: int, value: float) -> None:
    """Make of L with L L' = K that of K less value^2 at (first, first), in place.

    Args:
        lower: L (n, n), in Fortran order.
        first: row of the diagonal.
        value: the square root of what is taken away.
    """
    n = lower.shape[0]
    x = np.zeros(n)
    x[first] = value
    for k in range(first, n):
        root = np.sqrt(lower[k, k] ** 2 - x[k] ** 2)
        c, s = root / lower[k, k], x[k] / lower[k, k]
        lower[k, k] = root
        for i in range(k + 1, n):
            lower[i, k] = (lower[i, k] - s * x[i]) / c
            x[i] = c * x[i] - s * lower[i, k]
