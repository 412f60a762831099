"""Nearest neighbours of users and of items, with the weightings that a tuned comparison owes.

Dacrema, Cremonesi & Jannach (2019), "Are we really making much progress?", and its baselines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse

from serendip.agents.models.item_item import ItemItem, Matrix, inverse, scaled_rows, similarities
from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.search import Card, LogRange, OneOf
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Singles

Weighting = Literal["none", "tf-idf", "bm25"]


@dataclass(frozen=True, slots=True)
class NeighbourSettings:
    """How neighbours are found.

    Attributes:
        neighbours: how many are kept.
        shrink: added to the denominator of the cosine, >= 0; holds back pairs with little in common.
        weighting: of the clicks before the cosine is taken.
    """

    neighbours: int = 100
    shrink: float = 10.0
    weighting: Weighting = "none"

    def __post_init__(self) -> None:
        if self.neighbours < 1 or self.shrink < 0.0:
            raise SettingsError(
                f"neighbours must be 1 or more and shrink not negative, got {self.neighbours} and {self.shrink}"
            )


def weighted(rows: Sparse, weighting: Weighting, document_counts: Matrix, n: int, mean_length: float) -> Sparse:
    """Return CSR `rows` (documents) with their columns (terms) weighted.

    tf-idf: sqrt(x) log(n / (1 + n_j));  BM25: x (k1 + 1) / (x + k1 (1 - b + b |row| / mean)) idf, k1 = 1.2, b = 0.75
    (Robertson & Zaragoza 2009, section 3.4).

    Args:
        document_counts: (n_columns,) in how many of all `n` rows each column stands.
        mean_length: of all rows.
    """
    if weighting == "none":
        return rows
    idf = np.log(max(n, 1) / (1.0 + document_counts) + 1.0)
    if weighting == "tf-idf":
        data = np.sqrt(rows.data)
    else:
        lengths = np.asarray(rows.sum(axis=1)).ravel() / max(mean_length, 1e-12)
        room = 1.2 * (0.25 + 0.75 * np.repeat(lengths, np.diff(rows.indptr)))
        data = rows.data * 2.2 / (rows.data + room)
    data = (data * idf[rows.indices]).astype(np.float32)
    return scipy.sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def _norms(rows: Sparse) -> Matrix:
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())


class ItemNeighbours(ItemItem):
    """Scores sum the similarity of an item to those clicked, over its nearest neighbours."""

    def __init__(self, settings: NeighbourSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or NeighbourSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the shrunk cosine of each pair, kept where the row is among the column's nearest neighbours."""
        items = csr(clicks.T)
        in_items = np.bincount(items.indices, minlength=items.shape[1])
        mean = float(items.sum()) / max(items.shape[0], 1)
        items = weighted(items, self.settings.weighting, in_items, items.shape[0], mean)
        norms = _norms(items)

        def cosine(block: Matrix, start: int) -> Matrix:
            return block / (norms[start : start + len(block), None] * norms + self.settings.shrink + 1e-12)

        return csr(similarities(items, csr(items.T), self.settings.neighbours, cosine).T)


class UserNeighbours:
    """Scores sum what the nearest users clicked, by their similarity."""

    def __init__(self, settings: NeighbourSettings | None = None) -> None:
        self.settings = settings or NeighbourSettings()
        self.clicks: Any = csr(np.zeros((0, 0)))

    def fit(self, data: Interactions) -> None:
        """Keep the clicks of `data`; exposures are not used."""
        self.clicks = csr(data.clicks)

    def scores(self, histories: Sparse) -> Singles:
        """Return the similarity-weighted clicks of the nearest users, (B, n_items)."""
        require_items(histories, self.clicks.shape[1])
        users, asked = self._weighted(self.clicks), self._weighted(csr(histories))
        theirs, mine = _norms(users), _norms(asked)

        def cosine(block: Matrix, start: int) -> Matrix:
            return block / (mine[start : start + len(block), None] * theirs + self.settings.shrink + 1e-12)

        if not asked.shape[0]:
            return np.zeros(asked.shape, dtype=np.float32)
        near = similarities(asked, csr(users.T), self.settings.neighbours, cosine, own=True)
        return (near @ self.clicks).toarray()

    def arrays(self) -> Arrays:
        """Return the clicks."""
        return {
            "data": self.clicks.data,
            "indices": self.clicks.indices,
            "indptr": self.clicks.indptr,
            "n_items": np.asarray([self.clicks.shape[1]]),
        }

    def restore(self, arrays: Arrays) -> None:
        """Take back the clicks."""
        shape = (len(arrays["indptr"]) - 1, int(arrays["n_items"][0]))
        self.clicks = scipy.sparse.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)

    def _weighted(self, rows: Sparse) -> Sparse:
        n = self.clicks.shape[0]
        counts = np.bincount(self.clicks.indices, minlength=self.clicks.shape[1])
        return weighted(rows, self.settings.weighting, counts, n, float(self.clicks.sum()) / max(n, 1))


@dataclass(frozen=True, slots=True)
class WalkSettings:
    """How a random walk from item to user to item is weighted.

    Attributes:
        alpha: power of each step's probability, > 0.
        beta: power of an item's popularity by which its probability is divided; 0 is P3alpha.
        neighbours: how many are kept.
    """

    alpha: float = 1.0
    beta: float = 0.0
    neighbours: int = 100


class Walk(ItemItem):
    """Scores are the probabilities of a walk of three steps: user, item, user, item.

    P3alpha: Cooper et al. (2014); RP3beta: Paudel et al. (2017), "Updatable, accurate, diverse, and scalable
    recommendations".
    """

    def __init__(self, settings: WalkSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or WalkSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the walk's weights from item (row) to item (column)."""
        chosen = self.settings
        counts = np.asarray(clicks.sum(axis=0)).ravel()
        to_item = scaled_rows(clicks, inverse(np.asarray(clicks.sum(axis=1)).ravel()))
        to_user = scaled_rows(csr(clicks.T), inverse(counts))
        to_item.data **= chosen.alpha
        to_user.data **= chosen.alpha
        divisor = inverse(counts, chosen.beta)

        def less_popular(block: Matrix, start: int) -> Matrix:
            return block * divisor

        return similarities(to_user, to_item, chosen.neighbours, less_popular)


_SPACE = {
    "neighbours": LogRange(5, 800, whole=True),
    "shrink": LogRange(0.1, 500.0),
    "weighting": OneOf(("none", "tf-idf", "bm25")),
}
ITEMS = Card("what is alike to what you clicked, by shrunk cosine", NeighbourSettings(), ItemNeighbours, _SPACE)
USERS = Card("what users like you clicked, by shrunk cosine", NeighbourSettings(), UserNeighbours, _SPACE)
P3ALPHA = Card(
    "a random walk of three steps (Cooper et al. 2014)",
    WalkSettings(),
    Walk,
    {"alpha": LogRange(0.3, 2.0), "neighbours": LogRange(5, 800, whole=True)},
)
RP3BETA = Card(
    "a random walk of three steps, less what is popular (Paudel et al. 2017)",
    WalkSettings(beta=0.3),
    Walk,
    {"alpha": LogRange(0.3, 2.0), "beta": LogRange(0.05, 1.0), "neighbours": LogRange(5, 800, whole=True)},
)
