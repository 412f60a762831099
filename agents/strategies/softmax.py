"""Scores as they are: slates drawn from a softmax of them, which is how a policy learned from a log is played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.strategies.boltzmann import plackett_luce
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class SoftmaxSettings:
    """Settings of a softmax over scores that are log odds already.

    Attributes:
        draws: S, slates drawn at each visit; the propensity is exact given them.
    """

    draws: int = 8

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise SettingsError(f"draws is {self.draws}; allowed is 1 or more")


class Softmax:
    """S slates drawn item by item, without replacement, in proportion to exp(score)."""

    steady: ClassVar[bool] = True

    def __init__(self, settings: SoftmaxSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return the S slates, equally likely."""
        return plackett_luce(posterior.mean(luck), ranker, luck.of("softmax"), self.settings.draws), None
