"""Nearest neighbours of users and of items, with the measures and weightings that a tuned comparison owes.

Sarwar et al. (2001), Herlocker et al. (1999); the choices are those of the baselines of Dacrema, Cremonesi & Jannach
(2019), "Are we really making much progress?".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import scipy.sparse

from serendip.agents.models.item_item import ItemItem, Matrix, scaled_rows, similarities
from serendip.agents.models.likeness import (
    OF_SETS,
    Measure,
    Weighting,
    as_sets,
    by_entry,
    inverse_frequency,
    likeness,
    okapi,
    squares,
    sums,
    weighted,
)
from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.simulator import ranges
from serendip.simulator.interface import Singles

_SAME = 1e-6  # relative; of sums of squares in float32
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class NeighbourSettings:
    """How neighbours are found, and what they say.

    Attributes:
        neighbours: how many are kept of each item (or user).
        shrink: added to the denominator of the measure; holds back pairs with little in common.
        weighting: how clicks are weighted before they are compared; measures of sets see no weights.
        measure: how alike two are; see `likeness`.
        alpha: power of the one whose neighbours are sought (asymmetric), or the weight of what it alone has (tversky).
        beta: weight of what the other alone has (tversky).
        weigh_votes: whether scores sum the weighted clicks, as the published implementation does, and not the clicks.
    """

    neighbours: Annotated[int, ranges.Range(least=1)] = 100
    shrink: Annotated[float, ranges.Range(least=0.0)] = 10.0
    weighting: Weighting = "none"
    measure: Measure = "cosine"
    alpha: Annotated[float, ranges.Range(least=0.0, most=2.0)] = 0.5
    beta: Annotated[float, ranges.Range(least=0.0, most=2.0)] = 0.5
    weigh_votes: bool = False

    def __post_init__(self) -> None:
        ranges.check_ranges(self, "nearest neighbours")


class _Compared:
    """Clicks as they are compared, and the measure between rows of them."""

    def __init__(self, rows: Sparse, settings: NeighbourSettings) -> None:
        self.settings = settings
        self.rows = as_sets(rows) if settings.measure in OF_SETS else rows
        self.squares = squares(self.rows)

    def nearest(self, others: _Compared, *, own: bool = False) -> Sparse:
        """Return CSR (n, m): how alike each row is to its nearest `others`.

        Args:
            others: m rows.
            own: whether row i of `others` is another than row i of these.
        """
        return similarities(self.rows, csr(others.rows.T), self.settings.neighbours, self.measure(others), own=own)

    def measure(self, others: _Compared, *, reverse: bool = False) -> Any:
        """Return the function from a block of inner products (b, m), and its first row's number, to likenesses.

        Args:
            others: m rows.
            reverse: whether the others' neighbours are sought, which matters where a measure is not symmetric.
        """
        chosen = self.settings

        def alike(block: Matrix, start: int) -> Matrix:
            sides = self.squares[start : start + len(block), None], others.squares
            mine, theirs = reversed(sides) if reverse else sides
            return likeness(block, mine, theirs, chosen.measure, chosen.shrink, (chosen.alpha, chosen.beta))

        return alike


class ItemNeighbours(ItemItem):
    """Scores sum the likeness of an item to those clicked, over its nearest neighbours."""

    def __init__(self, settings: NeighbourSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or NeighbourSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the likeness of each pair, kept where the row is among the column's nearest neighbours.

        The documents are items and the terms are users, so a user's clicks differ in weight by BM25's lengths alone.
        """
        chosen, items = self.settings, csr(clicks.T)
        lengths = sums(items) / max(float(sums(items).mean()) if items.shape[0] else 0.0, _TINY)
        idf = inverse_frequency(items.shape[0], np.bincount(items.indices, minlength=items.shape[1]))
        compared = _Compared(weighted(items, chosen.weighting, by_entry(items, lengths), idf[items.indices]), chosen)
        alike = csr(compared.nearest(compared).T)
        if chosen.weigh_votes and chosen.weighting == "bm25":
            return scaled_rows(alike, okapi(np.ones(len(lengths)), lengths))
        return alike


@dataclass(frozen=True, slots=True)
class UserNeighbourSettings(NeighbourSettings):
    """How a user's neighbours are found, and what they say.

    Attributes:
        documents: what the weighting takes for a document: users, whose terms are items, or the other way round, as in
            the published implementation.
        reverse: whether those speak among whose own nearest neighbours the user is, as in the published implementation,
            and not the user's own nearest.
    """

    documents: Literal["users", "items"] = "users"
    reverse: bool = False


class UserNeighbours:
    """Scores sum what the nearest users clicked, by their likeness.

    A user who clicked the very same as the one asked about says nothing new and takes nobody's place.
    """

    def __init__(self, settings: UserNeighbourSettings | None = None) -> None:
        self.settings = settings or UserNeighbourSettings()
        self.clicks: Any = csr(np.zeros((0, 0)))
        self.least: Matrix = np.zeros(0, dtype=np.float32)  # (n_users,) likeness to the last of its neighbours

    def fit(self, data: Interactions) -> None:
        """Keep the clicks of `data`, and how near one must be to be a neighbour; exposures are not used."""
        self.clicks = csr(data.clicks)
        self.least = np.zeros(self.clicks.shape[0], dtype=np.float32)
        if self.settings.reverse:
            users = self._compared(self.clicks)
            near = users.nearest(users)
            n = self.settings.neighbours
            full = np.diff(near.indptr) == n
            self.least[full] = near.data[near.indptr[:-1][full, None] + np.arange(n)].min(axis=1)

    def scores(self, histories: Sparse) -> Singles:
        """Return the likeness-weighted clicks of the neighbours, (B, n_items)."""
        require_items(histories, self.clicks.shape[1])
        histories = csr(histories)
        if not histories.shape[0] or not self.clicks.shape[0]:
            return np.zeros(histories.shape, dtype=np.float32)
        votes = self._weighted(self.clicks) if self.settings.weigh_votes else self.clicks
        return (self._neighbours(histories) @ votes).toarray()

    def arrays(self) -> Arrays:
        """Return the clicks, and how near a neighbour must be."""
        return {
            "data": self.clicks.data,
            "indices": self.clicks.indices,
            "indptr": self.clicks.indptr,
            "n_items": np.asarray([self.clicks.shape[1]]),
            "least": self.least,
        }

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        shape = (len(arrays["indptr"]) - 1, int(arrays["n_items"][0]))
        self.clicks = scipy.sparse.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
        self.least = arrays["least"]

    def _neighbours(self, histories: Sparse) -> Sparse:
        """Return CSR (B, n_users) the likeness of those who speak."""
        users, asked = self._compared(self.clicks), self._compared(histories)
        alike = asked.measure(users, reverse=self.settings.reverse)

        def others(block: Matrix, start: int) -> Matrix:
            mine = asked.squares[start : start + len(block), None]
            same = (np.abs(block - mine) <= _SAME * mine) & (np.abs(users.squares - mine) <= _SAME * mine)
            near = np.where(same, 0.0, alike(block, start))
            return np.where(near >= self.least, near, 0.0)

        kept = self.clicks.shape[0] if self.settings.reverse else self.settings.neighbours
        return similarities(asked.rows, csr(users.rows.T), kept, others, own=True)

    def _compared(self, rows: Sparse) -> _Compared:
        return _Compared(self._weighted(rows), self.settings)

    def _weighted(self, rows: Sparse) -> Sparse:
        """Return `rows` of clicks weighted as `documents` says, by the frequencies and lengths learned."""
        n_users, n_items = self.clicks.shape
        if self.settings.documents == "users":
            lengths = by_entry(rows, sums(rows)) / max(float(self.clicks.sum()) / max(n_users, 1), _TINY)
            idf = inverse_frequency(n_users, np.bincount(self.clicks.indices, minlength=n_items))[rows.indices]
        else:
            clicks_of = np.asarray(self.clicks.sum(axis=0)).ravel()
            lengths = (clicks_of / max(float(clicks_of.mean()) if n_items else 0.0, _TINY))[rows.indices]
            idf = by_entry(rows, inverse_frequency(n_items, np.diff(rows.indptr)))
        return weighted(rows, self.settings.weighting, lengths, idf)


_SPACE = {
    "neighbours": LogRange(5, 1000, whole=True),
    "shrink": LogRange(0.1, 1000.0),
    "weighting": OneOf(("none", "tf-idf", "bm25")),
    "measure": OneOf(("cosine", "asymmetric", "jaccard", "dice", "tversky", "product")),
    "alpha": Between(0.0, 2.0),
    "beta": Between(0.0, 2.0),
    "weigh_votes": OneOf((False, True)),
}
_OF_USERS = {"documents": OneOf(("users", "items")), "reverse": OneOf((False, True))}
ITEMS = ModelCard(
    name="item-knn",
    summary="What is like what you clicked, by shrunk cosine: simple, quick and explained in a sentence.",
    make=ItemNeighbours,
    settings=NeighbourSettings(),
    small={"neighbours": 5, "shrink": 0.0},
    space=_SPACE,
)
USERS = ModelCard(
    name="user-knn",
    summary="What users like you clicked, by shrunk cosine: simple, and hard to beat where users are alike.",
    make=UserNeighbours,
    settings=UserNeighbourSettings(),
    small={"neighbours": 8, "shrink": 0.0},
    space=_SPACE | _OF_USERS,
)
