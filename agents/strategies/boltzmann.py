"""Better items more often: slates drawn from a softmax of the scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints, Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class BoltzmannSettings:
    """Settings of Boltzmann exploration.

    Attributes:
        temperature: how evenly the softmax spreads, in standard deviations of a user's scores over the items.
        draws: slates S drawn at each visit; the propensity is exact given them.
    """

    temperature: Annotated[float, Range(above=0)] = 0.2
    draws: Annotated[int, Range(least=1, most=10_000)] = 8

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'boltzmann'")


class Boltzmann:
    """S slates drawn item by item, without replacement, in proportion to exp(score / temperature)."""

    steady: ClassVar[bool] = True

    def __init__(self, settings: BoltzmannSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the S slates, equally likely."""
        logits = standardised(posterior.mean(luck)) / np.float32(self.settings.temperature)
        return plackett_luce(logits, ranker, luck.of("boltzmann"), self.settings.draws), None


def standardised(scores: Singles) -> Singles:
    """Return `scores` (B, M) in standard deviations of the row from its mean; zeros where all are equal."""
    center = scores - scores.mean(axis=1, keepdims=True)
    spread = scores.std(axis=1, keepdims=True)
    return center / np.where(spread > 0.0, spread, np.float32(1.0))


def plackett_luce(logits: Singles, ranker: Ranker, luck: Luck, draws: int) -> Ints:
    """Return (B, S, L) slates drawn item by item, without replacement, in proportion to exp(logits) (B, M).

    The largest of logits + Gumbel noise are such a draw: Yellott (1977), "The relationship between Luce's choice
    axiom, Thurstone's theory of comparative judgment, and the double exponential distribution".

    Args:
        logits: (B, M) log weights of the items.
        ranker: makes slates of scores.
        luck: what the draws are made from.
        draws: number of slates S.
    """
    slates = list[Ints]()
    for index in range(draws):
        gumbel = luck.of(index).rough(_gumbel_quantiles(), logits.shape[1])
        slates.append(ranker.top(logits + gumbel))
    return np.stack(slates, axis=1)


@cache
def _gumbel_quantiles() -> Singles:
    """Return (65536,) the Gumbel quantiles at the middles of as many equal shares."""
    return -np.log(-np.log((np.arange(1 << 16) + 0.5) / (1 << 16))).astype(np.float32)


CARD = StrategyCard(
    name="boltzmann",
    summary="Better items more often, by a softmax: exploration that needs no belief about uncertainty.",
    make=Boltzmann,
    settings=BoltzmannSettings(),
    belief="point",
)
