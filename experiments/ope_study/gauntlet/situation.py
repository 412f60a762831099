"""What a situation of the gauntlet is: a name, a sentence, and a small generator of logs whose truth is exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from serendip.simulator.cards import Card
from serendip.simulator.interface import Floats

Half = Literal["learned", "shown"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One log, as a table that anybody could have brought along, and what is known of it.

    Attributes:
        columns: the columns of the table, (n,) each; `target` holds the target's probability of what was shown.
        truth: the target's mean reward per slot, exactly.
        logged: value of the logging policy, on average over its choices.
        reward_range: smallest and largest reward, where a person would declare it; else None.
    """

    columns: Mapping[str, np.ndarray[Any, np.dtype[Any]]] = field(repr=False)
    truth: float
    logged: float
    reward_range: tuple[float, float] | None = None

    def with_columns(self, **columns: Floats | None) -> Drawn:
        """Return the log with some columns replaced, or left out where None."""
        kept = {name: column for name, column in {**self.columns, **columns}.items() if column is not None}
        return Drawn(kept, self.truth, self.logged, self.reward_range)


Draw = Callable[[np.random.Generator], Drawn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation(Card):
    """The card of a situation.  `make` takes a random generator and returns a log, `Drawn`.

    Attributes:
        half: which half of the situations it belongs to: where the verdict's borders are `learned`, or only `shown`.
    """

    half: Half
