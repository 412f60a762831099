"""PureSVD: the clicks, zeros and all, projected on their strongest directions.

Cremonesi, Koren & Turrin (2010), "Performance of recommender algorithms on top-n recommendation tasks".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import scipy.linalg
import scipy.sparse.linalg

from serendip.agents.models.model import Arrays, Interactions, Matrix, Sparse, csr, in_blocks, level_rows, require_items
from serendip.agents.models.search import LogRange, ModelCard
from serendip.simulator import randomness
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class PureSvdSettings:
    """How a PureSVD is learned.

    Attributes:
        n_factors: directions kept; no more than there are users or items.
        seed: seed of the solver's first vector.
    """

    n_factors: Annotated[int, Range(least=1)] = 64
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, "model 'pure-svd'")


class PureSvd:
    """The model whose scores are x V V', with V the right singular vectors of the clicks."""

    def __init__(self, settings: PureSvdSettings | None = None) -> None:
        self.settings = settings or PureSvdSettings()
        self.directions: Matrix = np.zeros((0, 0), dtype=np.float32)

    def fit(self, data: Interactions) -> None:
        """Learn anew from `data`; exposures are not used."""
        clicks, solver = csr(data.clicks, np.float64), scipy.sparse.linalg
        n = min(clicks.shape)
        if not clicks.nnz:  # every direction is as good as any other
            turned = np.zeros((min(self.settings.n_factors, n), clicks.shape[1]))
        elif self.settings.n_factors >= n:
            turned = scipy.linalg.svd(clicks.toarray(), full_matrices=False)[2]
        else:
            first = randomness.generator(self.settings.seed, "pure-svd").standard_normal(n)
            turned = solver.svds(clicks, k=self.settings.n_factors, v0=first, return_singular_vectors="vh")[2]
        self.directions = np.ascontiguousarray(np.asarray(turned).T, dtype=np.float32)

    def scores(self, histories: Sparse) -> Singles:
        """Return the projection, (B, n_items)."""
        require_items(histories, len(self.directions))

        def back(block: Matrix) -> Matrix:
            return block @ self.directions.T

        return in_blocks(csr(histories) @ self.directions, level_rows(64), back)

    def arrays(self) -> Arrays:
        """Return the directions V (n_items, n_factors)."""
        return {"directions": self.directions}

    def restore(self, arrays: Arrays) -> None:
        """Take back the directions."""
        self.directions = arrays["directions"]


CARD = ModelCard(
    name="pure-svd",
    summary="Clicks projected on their strongest directions: the least that a factorisation has to beat.",
    make=PureSvd,
    settings=PureSvdSettings(),
    small={"n_factors": 2},
    space={"n_factors": LogRange(1, 400, whole=True)},
)
