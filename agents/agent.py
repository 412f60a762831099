"""The contract of an agent: who chooses what to show, and with which probability."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from serendip.agents.propensity import SlateMixture
from serendip.simulator.interface import Feedback, Floats, Slates, Visits


class Agent(Protocol):
    """Chooses slates, remembers what came of them, learns when told to.

    Everything random in a decision is a hash of the key, the user, the day and the visit, so that a batch of visits
    equals its visits one by one, and `propensities` can be recomputed later from the same key.
    """

    def mixture(self, visits: Visits, key: int) -> SlateMixture:
        """Return the distribution over slates that the agent plays from at each visit."""
        ...

    def act(self, visits: Visits, key: int) -> Slates:
        """Return a slate for each visit, with its exact propensities."""
        ...

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Remember what was shown and what was clicked.  Cheap: nothing is learned here."""
        ...

    def update(self) -> None:
        """Learn from all that was observed.  When is the runner's schedule."""
        ...

    def propensities(self, visits: Visits, slates: Slates, key: int) -> Floats:
        """Return (B, L) probability of each item at its position, for slates that someone else may have chosen."""
        ...

    def save(self, path: Path) -> None:
        """Write the agent to the folder `path`: settings as JSON, arrays as safetensors."""
        ...
