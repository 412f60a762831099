"""The contract of a strategy: how a belief becomes candidate slates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from serendip.agents.beliefs.belief import Luck, Posterior, Situation
from serendip.agents.ranking import top_slates
from serendip.simulator import randomness
from serendip.simulator.interface import Bools, Floats, Ints, Singles, Visits


@dataclass(frozen=True, slots=True)
class Ranker:
    """Makes slates of scores.

    Attributes:
        situation: B visits to make them for, and what is remembered of their users.
        slate_size: L.
        tie_key: of the stream that breaks ties.
    """

    situation: Situation
    slate_size: int
    tie_key: int

    @property
    def visits(self) -> Visits:
        """The B visits."""
        return self.situation.visits

    @property
    def available(self) -> Bools:
        """(M,) which items can be shown."""
        return self.visits.available

    def top(self, scores: Singles) -> Ints:
        """Return (B, L) the items with the highest of `scores` (B, M)."""
        return top_slates(scores, self.available, self.slate_size, self.visits.user_ids, self.tie_key)


class Strategy(Protocol):
    """Turns a belief into a distribution over slates.

    Attributes:
        steady: whether under the same luck candidate s is of the same mind, and as likely, at each slate of a visit, so
            that one can be kept for all of them.
    """

    steady: ClassVar[bool]

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return (B, S, L) candidate slates and (B, S) their weights, None for equal ones."""
        ...


def tie_key(seed: int) -> int:
    """Return the key of the stream that breaks ties in an agent of that seed."""
    return randomness.derive(seed, "ties")
