"""Random walks over the graph of users and items: P3alpha and RP3beta.

Cooper, Lee, Radinsky & Eilon (2014), "Random walks in recommender systems: exact computation and simulations"; Paudel,
Christoffel, Newell & Bernstein (2017), "Updatable, accurate, diverse, and scalable recommendations for interactive
applications".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.models.item_item import ItemItem, Matrix, inverse, scaled_rows, similarities, strongest_of_columns
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.simulator import ranges


@dataclass(frozen=True, slots=True)
class WalkSettings:
    """How a random walk from item to user to item is weighted.

    Attributes:
        alpha: power of each step's probability; 0 counts the paths.
        beta: power of an item's popularity by which its probability is divided; 0 is P3alpha.
        neighbours: how many items lead to an item: the strongest are kept of each column, the target's.
        normalise: whether the strongest steps out of each item, as many, are first made to sum to one, as the published
            implementation can.
    """

    alpha: Annotated[float, ranges.Range(least=0.0)] = 1.0
    beta: Annotated[float, ranges.Range(least=0.0)] = 0.0
    neighbours: Annotated[int, ranges.Range(least=1)] = 400
    normalise: bool = False

    def __post_init__(self) -> None:
        ranges.check_ranges(self, "a random walk")


class Walk(ItemItem):
    """Scores are the probabilities of a walk of three steps: user, item, user, item.

    W_ij = d_j^-beta sum_u (x_ui / d_i)^alpha (x_uj / n_u)^alpha, with d the clicks of an item and n those of a user.
    """

    def __init__(self, settings: WalkSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or WalkSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return the walk's weights from item (row) to item (column), the strongest of each column."""
        chosen = self.settings
        counts = np.asarray(clicks.sum(axis=0)).ravel()
        to_item = scaled_rows(clicks, inverse(np.asarray(clicks.sum(axis=1)).ravel()))
        to_user = scaled_rows(csr(clicks.T), inverse(counts))
        to_item.data **= chosen.alpha
        to_user.data **= chosen.alpha
        divisor = inverse(counts, chosen.beta)
        if chosen.normalise:

            def onwards(block: Matrix, start: int) -> Matrix:
                return block * divisor

            out = similarities(to_user, to_item, chosen.neighbours, onwards)
            out = scaled_rows(out, inverse(np.asarray(out.sum(axis=1)).ravel()))
            return strongest_of_columns(out, chosen.neighbours)

        def backwards(block: Matrix, start: int) -> Matrix:
            return block * divisor[start : start + len(block), None]

        return csr(similarities(csr(to_item.T), csr(to_user.T), chosen.neighbours, backwards).T)


_SPACE = {
    "alpha": Between(0.0, 2.0),
    "neighbours": LogRange(5, 1000, whole=True),
    "normalise": OneOf((False, True)),
}
P3ALPHA = ModelCard(
    name="p3alpha",
    summary="A random walk of three steps from what you clicked: simple, and good at what is rare.",
    make=Walk,
    settings=WalkSettings(),
    small={"neighbours": 5},
    space=_SPACE,
)
RP3BETA = ModelCard(
    name="rp3beta",
    summary="A random walk of three steps, less what is popular anyway: often the best of the simple ones.",
    make=Walk,
    settings=WalkSettings(alpha=0.6, beta=0.4),
    small={"neighbours": 5},
    space=_SPACE | {"beta": Between(0.0, 2.0)},
)
