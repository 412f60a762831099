"""Optimism: what is uncertain is taken to be good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class UcbSettings:
    """Settings of upper confidence bounds.

    Attributes:
        width: how many standard deviations above its mean an item is taken to be.
    """

    width: Annotated[float, Range(least=0)] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'ucb'")


class Ucb:
    """The slate of the highest mean + width * standard deviation.

    Auer (2002), "Using confidence bounds for exploitation-exploration trade-offs".
    """

    steady: ClassVar[bool] = True

    def __init__(self, settings: UcbSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the one slate."""
        bound = posterior.mean(luck) + np.float32(self.settings.width) * posterior.spread(luck)
        return ranker.top(bound.astype(np.float32))[:, None, :], None


CARD = StrategyCard(
    name="ucb",
    summary="Takes what is uncertain to be good: optimism, which leaves nothing to chance but `epsilon`.",
    make=Ucb,
    settings=UcbSettings(),
)
