"""A policy that was learned from a log: scores that are log odds of showing an item, not beliefs about its clicks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.belief import PointPosterior, Posterior, Situation
from serendip.agents.beliefs.features import SiteFeatures
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Items, Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Settings of a learned policy.

    Attributes:
        hidden: units of a hidden layer between features and scores; 0 for scores that are linear in the features.
    """

    hidden: Annotated[int, Range(least=0)] = 0

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'policy'")


class Policy:
    """Scores w'x of the site's features, or v' relu(W'x + b) of a hidden layer of them; until it is taught, all 0.

    `update` looks at the items anew and learns nothing: the weights come from a log (`serendip learn`).

    Attributes:
        weights: w (8,), or W (8, h), b (h,) and v (h,), by name.
    """

    def __init__(self, settings: PolicySettings, items: Items) -> None:
        self.settings = settings
        self.features = SiteFeatures(items)
        d, h = self.features.n_features, settings.hidden
        shapes = {"first": (d, h), "bias": (h,), "last": (h,)} if h else {"last": (d,)}
        self.weights = {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}

    def update(self, history: History, items: Items) -> None:
        """Look at the items anew."""
        self.features.refresh(history, items)

    def posterior(self, situation: Situation) -> Posterior:
        """Return the scores."""
        return PointPosterior(self.scores(self.features.pairs(situation)))

    def scores(self, x: Singles) -> Singles:
        """Return (B, M) scores of features `x` (B, M, 8); those of a visit hang on no other's."""
        last = self.weights["last"]
        if self.settings.hidden:
            x = np.maximum(np.matmul(x, self.weights["first"][None]) + self.weights["bias"], np.float32(0.0))
        total = x[..., 0] * last[0]
        for j in range(1, len(last)):  # one by one: a product of matrices may round by the size of the batch
            total = total + x[..., j] * last[j]
        return total

    def teach(self, weights: Arrays) -> None:
        """Take weights; a DataError says that they are not of this policy's shape."""
        given = {name: array.shape for name, array in weights.items()}
        wanted = {name: array.shape for name, array in self.weights.items()}
        if given != wanted:
            raise DataError(f"weights of shapes {given}; this policy has {wanted}")
        self.weights = {name: array.astype(np.float32) for name, array in weights.items()}

    def arrays(self) -> Arrays:
        """Return the weights, and the items as they were last looked at."""
        return dict(self.weights) | with_prefix("features", self.features.arrays())

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.features.restore(without_prefix("features", arrays))
        self.teach({name: arrays[name] for name in self.weights})


def made(making: Making) -> Policy:
    """Return a belief that has learned nothing yet."""
    return Policy(making.settings, making.items)


CARD = BeliefCard(
    name="policy",
    summary="A policy learned from a log, which says what to show and not what would be clicked.",
    make=made,
    settings=PolicySettings(),
)
