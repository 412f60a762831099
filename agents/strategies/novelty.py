"""A bonus for what a user has not been shown: exploration that needs no belief about uncertainty."""

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
class NoveltySettings:
    """Settings of the bonus.

    Attributes:
        bonus: what an item never shown to the user is worth, in standard deviations of the user's scores.
    """

    bonus: Annotated[float, Range(least=0)] = 12.0

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'novelty'")


class Novelty:
    """The slate of the highest (score - mean) / std + bonus / sqrt(1 + n_ui), n_ui the times u was shown i.

    Count-based exploration, as in Bellemare et al. (2016), "Unifying count-based exploration and intrinsic motivation".
    """

    steady: ClassVar[bool] = True

    def __init__(self, settings: NoveltySettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the one slate."""
        scores = posterior.mean(luck)  # (B, M)
        spread = scores.std(axis=1, keepdims=True)
        standard = (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0.0, spread, 1.0)
        seen = ranker.situation.n_exposures.toarray()  # (B, M)
        bonus = np.float32(self.settings.bonus) / np.sqrt(1.0 + seen)
        return ranker.top((standard + bonus).astype(np.float32))[:, None, :], None


CARD = StrategyCard(
    name="novelty",
    summary="A bonus for what the user was shown rarely: a control for whether novelty alone is what helps.",
    make=Novelty,
    settings=NoveltySettings(),
    belief="point",
)
