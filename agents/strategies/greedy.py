"""Show what is thought best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class GreedySettings:
    """Greed has nothing to set; with an agent's `epsilon` above 0 it is epsilon-greedy."""


class Greedy:
    """The slate of the highest expected scores."""

    steady: ClassVar[bool] = True

    def __init__(self, settings: GreedySettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the one slate."""
        return ranker.top(posterior.mean(luck))[:, None, :], None


CARD = StrategyCard(
    name="greedy",
    summary="Shows what is thought best: what any exploration has to beat; `epsilon` above 0 makes it epsilon-greedy.",
    make=Greedy,
    settings=GreedySettings(),
    belief="point",
    epsilon=0.0,
)
