"""What can be tuned: ranges from which random search draws, and the card by which a model is known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serendip.simulator.cards import Card

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class LogRange:
    """Numbers between `low` and `high`, uniform on the logarithm; whole ones if `whole`."""

    low: float
    high: float
    whole: bool = False

    def draw(self, rng: np.random.Generator) -> float | int:
        """Return one number."""
        value = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return round(value) if self.whole else float(f"{value:.4g}")


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers between `low` and `high`, uniform."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """Return one number."""
        return float(f"{rng.uniform(self.low, self.high):.4g}")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few values."""

    options: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        """Return one of the options, each as likely."""
        return self.options[int(rng.integers(len(self.options)))]


Space = Mapping[str, LogRange | Between | OneOf]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard(Card):
    """The card of a model, whose `make` takes its settings.

    Attributes:
        space: what is tuned, by name of the setting.
        sequential: whether the order of a history matters (see `model.in_order`).
    """

    space: Space = field(default_factory=dict[str, "LogRange | Between | OneOf"])
    sequential: bool = False

    def draw(self, rng: np.random.Generator) -> Any:
        """Return the default settings with all of `space` drawn at random, in the order it is written."""
        return dataclasses.replace(self.settings, **{name: part.draw(rng) for name, part in self.space.items()})
