"""Anything at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import StrategyCard
from serendip.agents.serving.ranking import require_enough
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class UniformSettings:
    """Chance has nothing to set; its agent has `epsilon` 1."""


class Uniform:
    """One slate that is never looked at twice: with `epsilon` 1 it is never played."""

    steady: ClassVar[bool] = True
    looks_back: ClassVar[bool] = False  # so that its agent remembers nothing, whatever a million users do

    def __init__(self, settings: UniformSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the first L available items."""
        require_enough(ranker.available, ranker.slate_size)
        first = np.argsort(~ranker.available, axis=-1, kind="stable")[..., None, : ranker.slate_size]
        return np.broadcast_to(first, (len(ranker.visits), 1, ranker.slate_size)), None


CARD = StrategyCard(
    name="uniform",
    summary="Anything at all, each slate as likely: the log that any policy can be evaluated on.",
    make=Uniform,
    settings=UniformSettings(),
    belief="nothing",
    epsilon=1.0,
)
