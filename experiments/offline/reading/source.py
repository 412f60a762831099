"""Logged slots, the visits an agent meets them in, and what every log can be asked, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from serendip.simulator.interface import Bools, Feedback, Floats, Ints, Items, Slates, Visits


@dataclass(frozen=True, slots=True)
class Logged:
    """n logged slots, in order, as columns.

    Attributes:
        user: (n,) who.
        reward: (n,) what came of it.
        propensity: (n,) probability of what was shown, in (0, 1].
        item: (n,) item, from 0.
        position: (n,) position in the slate, from 0.
        target: (n,) probability under the target where the file has it in a column, or None.
        further: columns that only some estimators need, by the names that `Slots` has for them, as far as a file has
            them; `predicted` and `expected` are among them.
    """

    user: Ints
    reward: Floats
    propensity: Floats
    item: Ints
    position: Ints
    target: Floats | None = None
    further: Mapping[str, Floats] = field(default_factory=dict[str, Floats])

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True, slots=True)
class Step:
    """B visits that an agent decides on before it sees what came of any of them.

    Attributes:
        visits: who was here.
        items: (B, L) what was shown.
        clicked: (B, L) what was clicked.
        reward: (B, L) what came of it.
        propensity: (B, L) of what was shown, under the logging policy.
        position: (B,) position of the one slot that is known (L is then 1), or None for whole slates.
        slate_propensity: (B,) probability of the whole slate under the logging policy, or None.
    """

    visits: Visits
    items: Ints
    clicked: Bools
    reward: Floats
    propensity: Floats
    position: Ints | None = None
    slate_propensity: Floats | None = None

    def rows(self, rows: Any) -> Step:
        """Return the visits at `rows` (a mask or indices)."""
        position = None if self.position is None else self.position[rows]
        whole = None if self.slate_propensity is None else self.slate_propensity[rows]
        shown = self.items[rows], self.clicked[rows]
        return Step(self.visits.rows(rows), *shown, self.reward[rows], self.propensity[rows], position, whole)

    @property
    def slates(self) -> Slates:
        """The slates, as an agent observes them."""
        return Slates(self.items, self.propensity, None, np.zeros(len(self.items), dtype=bool))

    @property
    def feedback(self) -> Feedback:
        """What came back, as an agent observes it."""
        return Feedback(self.clicked)


class Source(Protocol):
    """A log of any format."""

    path: Path

    @property
    def rows_are_users(self) -> bool:
        """Whether each row counts as a user of its own."""
        ...

    @property
    def notes(self) -> list[str]:
        """What a reader of the estimates should know of this log, in sentences."""
        ...

    @property
    def slate_size(self) -> int:
        """Positions of a slate."""
        ...

    @property
    def reward_range(self) -> tuple[float, float] | None:
        """Declared smallest and largest reward, or None where nothing is declared."""
        ...

    @property
    def propensity_floor(self) -> float:
        """Smallest propensity that the logging policy gives anything; 0 where unknown."""
        ...

    @property
    def key(self) -> int | None:
        """Key of the logging policy's draws, or None."""
        ...

    @property
    def has_slate_propensities(self) -> bool:
        """Whether the probability of every whole slate is known."""
        ...

    @property
    def has_target(self) -> bool:
        """Whether a column says how likely the target would have shown what was shown."""
        ...

    @property
    def estimates_propensities(self) -> bool:
        """Whether propensities are a model's, not logged."""
        ...

    @property
    def further(self) -> tuple[str, ...]:
        """Names of the further columns that the target in a column comes with."""
        ...

    @property
    def n_rows(self) -> int:
        """Number of slots."""
        ...

    def items(self) -> Items:
        """Return the catalogue."""
        ...

    def item_numbers(self) -> Ints:
        """Return the items' own numbers, in order."""
        ...

    def parts(self) -> list[Source]:
        """Return the files of the log as logs of their own, to be shared out."""
        ...

    def batches(self) -> Iterator[Logged]:
        """Yield the slots in order."""
        ...

    def steps(self) -> Iterator[Step]:
        """Yield the visits as an agent meets them."""
        ...

    def before(self) -> Iterator[Step]:
        """Yield what was shown before the log began; its propensities are unknown and given as 1."""
        ...
