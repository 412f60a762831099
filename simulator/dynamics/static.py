"""Users who never change: nothing that is shown moves their tastes, their activity or their return."""

from __future__ import annotations

from dataclasses import dataclass

import array_api_compat

from serendip.simulator.dynamics import DynamicsCard, State
from serendip.simulator.interface import Array
from serendip.simulator.population import Population


@dataclass(frozen=True, slots=True)
class Static:
    """Visits at the base rate for ever.  The world in which one-step off-policy estimates are long-run values."""

    def start(self, people: Population, n_topics: int) -> State:
        """Return the state that stays as it is."""
        xp = array_api_compat.array_namespace(people.base_rate)
        return {
            "alive": people.base_rate >= 0.0,
            "rate": xp.asarray(people.base_rate, copy=True),
            "repertoire": xp.asarray(people.known, copy=True),
        }

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return 0: the state adds nothing to a utility."""
        return 0.0

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Change nothing.

        Args:
            state: state of the users that the dynamics keep, by name.
            people: the users, with what makes each differ.
            users: (B,) rows of the users, none twice.
            topics: (B, L) topic of each item shown.
            match: (B, L) lasting worth of each item to its user, in units of utility.
            clicked: (B, L) whether each item was clicked.
        """

    def night(self, state: State, people: Population) -> None:
        """Change nothing."""

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day, the base rate."""
        return state["rate"]

    def hazard(self, state: State) -> Array | float:
        """Return 0: nobody leaves."""
        return 0.0


CARD = DynamicsCard(
    name="static",
    summary="Users who never change: one-step off-policy values are the long-run values here.",
    make=Static,
    settings=Static(),
)
