"""Popularity: everyone is offered what most clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.search import ModelCard
from serendip.simulator.interface import Singles


@dataclass(frozen=True, slots=True)
class PopularitySettings:
    """Nothing to choose."""


class Popularity:
    """The model whose score of an item is its clicks, by all users together."""

    def __init__(self, settings: PopularitySettings | None = None) -> None:
        self.counts: Singles = np.zeros(0, dtype=np.float32)

    def fit(self, data: Interactions) -> None:
        """Count the clicks of `data`; exposures are not used."""
        self.counts = np.asarray(csr(data.clicks).sum(axis=0), dtype=np.float32).ravel()

    def scores(self, histories: Sparse) -> Singles:
        """Return the counts for every row, (B, n_items)."""
        require_items(histories, len(self.counts))
        return np.tile(self.counts, (histories.shape[0], 1))

    def arrays(self) -> Arrays:
        """Return the counts."""
        return {"counts": self.counts}

    def restore(self, arrays: Arrays) -> None:
        """Take back the counts."""
        self.counts = arrays["counts"]


CARD = ModelCard(
    name="popularity",
    summary="What most users clicked: no one's taste, and the least that any other has to beat.",
    make=Popularity,
    settings=PopularitySettings(),
)
