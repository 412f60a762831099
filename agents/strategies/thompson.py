"""Thompson sampling with propensities that are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints

_DRAWS_OF_A_CONTINUUM = 16


@dataclass(frozen=True, slots=True)
class ThompsonSettings:
    """Settings of Thompson sampling.

    Attributes:
        draws: S, the hypotheses drawn at each visit; None: all there are, or 16 where they cannot be counted.
    """

    draws: int | None = None

    def __post_init__(self) -> None:
        if self.draws is not None and self.draws < 1:
            raise SettingsError(f"draws is {self.draws}; allowed is 1 or more")


class Thompson:
    """The best slate of each of S hypotheses; one of them is played.

    Thompson (1933), "On the likelihood that one unknown probability exceeds another in view of the evidence of two
    samples", over slates: one hypothesis a slate, so that a slate explores with one mind.
    """

    steady: ClassVar[bool] = True
    by_hypothesis: ClassVar[bool] = True

    def __init__(self, settings: ThompsonSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return S candidate slates, equally likely; of K countable hypotheses K slates, weighted by their draws."""
        n = posterior.n_hypotheses
        draws = self.settings.draws
        indices = range(n or draws or _DRAWS_OF_A_CONTINUUM)
        return ranker.best(posterior, indices, luck), _shares(
            n, draws, luck
        ) if n is not None and draws is not None else None


def _shares(n: int, draws: int, luck: Luck) -> Floats:
    """Return (B, n) the share of each of n hypotheses among `draws` drawn with replacement."""
    shares = np.zeros((len(luck.visits), n))
    rows = np.arange(len(luck.visits))
    for s in range(draws):
        shares[rows, luck.of("member", s).below(n)] += 1.0
    return shares / draws
