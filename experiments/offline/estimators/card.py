"""What is to be known of an estimator: its card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from serendip.simulator.cards import Card
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorCard(Card):
    """The card of an estimator; `make` is the estimator itself, `(slots, **settings) -> Terms`.

    `needs` are the further columns that it cannot do without (see `further.FURTHER`).

    Attributes:
        title: what people call it, as tables and sentences have it.
        leans_on: importance weights, the reward model, or both.
        weighs: what its weights are of: single slots, whole slates (or their beginnings), or margins such as topics.
        usual: whether it is made where no estimators are named.
        bent: whether it bends large weights down, which trades variance for a bias.
        tuned: what its one setting is where weights are to stay near or below a clip; None without a setting.
    """

    title: str
    leans_on: Literal["weights", "model", "both"] = "weights"
    weighs: Literal["slot", "slate", "margin"] = "slot"
    usual: bool = False
    bent: bool = False
    tuned: Callable[[float], float] | None = None

    @property
    def setting(self) -> str | None:
        """The name of the setting that is tuned, or None."""
        return None if self.tuned is None else self.options()[0].name

    def said(self) -> str:
        """Return the title with the name that is typed, such as `DR, optimistic shrinkage (dr_os)`."""
        return f"{self.title} ({self.name})"


@dataclass(frozen=True, slots=True)
class Clipped:
    """Where weights are cut.

    Attributes:
        clip: the largest weight.
    """

    clip: Annotated[float, Range(above=0.0)] = 100.0

    def __post_init__(self) -> None:
        check_ranges(self, "clip of an estimator")


@dataclass(frozen=True, slots=True)
class Shrunk:
    """How weights are shrunk.

    Attributes:
        shrinkage: the square of the weight that is halved.
    """

    shrinkage: Annotated[float, Range(least=0.0)] = 1e4

    def __post_init__(self) -> None:
        check_ranges(self, "shrinkage of an estimator")


@dataclass(frozen=True, slots=True)
class Smoothed:
    """How weights are bent.

    Attributes:
        smoothing: 0 leaves all weights as they are, 1 makes them all 1.
    """

    smoothing: Annotated[float, Range(least=0.0, most=1.0)] = 0.01

    def __post_init__(self) -> None:
        check_ranges(self, "smoothing of an estimator")
