"""Scores as they are: slates drawn from a softmax of them, which is how a policy learned from a log is played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.boltzmann import plackett_luce
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class SoftmaxSettings:
    """Settings of a softmax over scores that are log odds already.

    Attributes:
        draws: slates S drawn at each visit; the propensity is exact given them.
    """

    draws: Annotated[int, Range(least=1, most=10_000)] = 8

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'softmax'")


class Softmax:
    """S slates drawn item by item, without replacement, in proportion to exp(score)."""

    steady: ClassVar[bool] = True

    def __init__(self, settings: SoftmaxSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the S slates, equally likely."""
        return plackett_luce(posterior.mean(luck), ranker, luck.of("softmax"), self.settings.draws), None


CARD = StrategyCard(
    name="softmax",
    summary="Draws slates by a softmax of the scores as they are: how a policy learned from a log is played.",
    make=Softmax,
    settings=SoftmaxSettings(),
    belief="policy",
)
