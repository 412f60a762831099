"""SLIM: sparse non-negative item-item weights by elastic net, each item regressed on its nearest neighbours.

Ning & Karypis (2011), "SLIM: Sparse linear methods for top-n recommender systems"; the restriction to neighbours is
their fsSLIM (section 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from serendip.agents.models.item_item import ItemItem, Matrix
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.neighbours import ItemNeighbours, NeighbourSettings
from serendip.agents.models.search import Card, LogRange, OneOf
from serendip.simulator.interface import SettingsError


@dataclass(frozen=True, slots=True)
class SlimSettings:
    """How a SLIM is learned.

    Attributes:
        l1: the L1 penalty, >= 0.
        l2: the L2 penalty, > 0.
        neighbours: how many items an item is regressed on.
        sweeps: of coordinate descent.
    """

    l1: float = 1.0
    l2: float = 10.0
    neighbours: int = 100
    sweeps: int = 30

    def __post_init__(self) -> None:
        if self.l1 < 0.0 or self.l2 <= 0.0 or self.neighbours < 1:
            raise SettingsError(f"l1 must not be negative and l2 be above 0, got {self.l1} and {self.l2}")


def elastic_net(normal: Matrix, target: Matrix, l1: float, l2: float, sweeps: int) -> Matrix:
    """Return w (k,) >= 0, the minimiser of w'Gw / 2 - t'w + l1 sum w + l2 ||w||^2 / 2, by coordinate descent.

    Friedman, Hastie & Tibshirani (2010), eq. 5, with the weights kept from being negative.

    Args:
        normal: G (k, k).
        target: t (k,).
    """
    weights = np.zeros(len(target))
    slope = target.astype(np.float64) - l1  # of the smooth part, downhill, without the L2 term
    for _ in range(sweeps):
        largest = 0.0
        for k in range(len(weights)):
            new = max(0.0, (slope[k] + normal[k, k] * weights[k]) / (normal[k, k] + l2))
            step = new - weights[k]
            if step:
                weights[k] = new
                slope -= normal[k] * step
                largest = max(largest, abs(step))
        if largest < 1e-4:
            break
    return weights


class Slim(ItemItem):
    """The model whose sparse weights are elastic nets of each item on its neighbours."""

    def __init__(self, settings: SlimSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SlimSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the sparse weights, a column for each item predicted."""
        chosen = self.settings
        near = ItemNeighbours(NeighbourSettings(neighbours=chosen.neighbours, shrink=1.0))
        pattern = csr(near.learn(clicks).T)  # row j: the neighbours of j
        columns: Any = scipy.sparse.csc_array(clicks)
        for item in range(pattern.shape[0]):
            span = slice(pattern.indptr[item], pattern.indptr[item + 1])
            block = columns[:, pattern.indices[span]]
            target = (block.T @ columns[:, [item]]).toarray().ravel()
            normal = (block.T @ block).toarray()
            pattern.data[span] = elastic_net(normal, target, chosen.l1, chosen.l2, chosen.sweeps)
        pattern.eliminate_zeros()
        return csr(pattern.T)


CARD = Card(
    "sparse non-negative item weights by elastic net (Ning & Karypis 2011)",
    SlimSettings(),
    Slim,
    {"l1": LogRange(0.01, 10.0), "l2": LogRange(0.1, 100.0), "neighbours": OneOf((25, 50, 100, 200))},
)
