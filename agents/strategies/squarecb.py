"""Inverse gap weighting: an item's chance falls with how far it is behind the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.boltzmann import plackett_luce, standardised
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Bools, Floats, Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class SquareCBSettings:
    """Settings of SquareCB.

    Attributes:
        gamma: how fast the chance falls with the gap; higher is greedier.
        draws: slates S drawn at each visit where they have more than one item.
        standardise: whether gaps are measured in standard deviations of a user's scores.
    """

    gamma: Annotated[float, Range(least=0)] = 1000.0
    draws: Annotated[int, Range(least=1, most=10_000)] = 8
    standardise: bool = True

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'squarecb'")


class SquareCB:
    """The whole distribution over single items; for slates, S of them drawn by it without replacement."""

    steady: ClassVar[bool] = False

    def __init__(self, settings: SquareCBSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return every available item with its probability, or S slates, equally likely."""
        scores = posterior.mean(luck)
        gaps = standardised(scores) if self.settings.standardise else scores
        best = ranker.top(scores)[:, 0]
        chances = inverse_gap_weights(gaps.astype(np.float64), best, ranker.available, self.settings.gamma)
        if ranker.slate_size == 1:
            pool = np.flatnonzero(ranker.available.any(axis=0) if ranker.by_visit else ranker.available)
            return np.broadcast_to(pool[None, :, None], (len(scores), len(pool), 1)), chances[:, pool]
        logits = np.log(np.maximum(chances, 1e-300)).astype(np.float32)
        return plackett_luce(logits, ranker, luck.of("squarecb"), self.settings.draws), None


def inverse_gap_weights(scores: Floats, best: Ints, available: Bools, gamma: float) -> Floats:
    """Return (B, M) probabilities p_a = 1 / (M + gamma (f_best - f_a)), the best item taking the rest.

    Foster & Rakhlin (2020), "Beyond UCB: optimal and efficient contextual bandits with regression oracles",
    algorithm 1, with mu = M, the number of available items.

    Args:
        scores: f (B, M).
        best: (B,) an item with the highest score among the available.
        available: (M,), or (B, M).
        gamma: the learning rate, >= 0.
    """
    rows = np.arange(len(scores))
    gap = np.maximum(scores[rows, best][:, None] - scores, 0.0)
    n_available = np.count_nonzero(available, axis=-1, keepdims=True)
    chances = np.where(available, 1.0 / (n_available + gamma * gap), 0.0)
    chances[rows, best] = 0.0
    chances[rows, best] = 1.0 - chances.sum(axis=1)
    return chances


CARD = StrategyCard(
    name="squarecb",
    summary="An item is less likely the further it is behind the best: for good predictions without doubts.",
    make=SquareCB,
    settings=SquareCBSettings(),
    belief="point",
)
