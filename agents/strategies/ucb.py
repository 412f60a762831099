"""Optimism: what is uncertain is taken to be good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class UcbSettings:
    """Settings of upper confidence bounds.

    Attributes:
        width: standard deviations above the mean.
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.width < np.inf:
            raise SettingsError(f"width is {self.width}; allowed is 0 or more")


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
