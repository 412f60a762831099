"""Latent attrition: people come at their own rate until, after some visit, they are gone for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.dynamics import DynamicsCard, State
from serendip.simulator.interface import Array
from serendip.simulator.population import Population
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class BgNbd:
    """Visits at the base rate; after each day with a visit a user leaves with an own probability p ~ Beta(a, b).

    p is integrated out: who has stayed through x visits leaves after the next with probability a / (a + b + x), which
    is the same law.  Nothing that is shown matters.  Fader, Hardie & Lee (2005), "Counting your customers the easy
    way".
    """

    leave_a: Annotated[float, Range(above=0)] = 0.793
    """a of the Beta distribution of p; with b, the published fit to a music shop's customers."""
    leave_b: Annotated[float, Range(above=0)] = 2.426
    """b of that distribution."""

    def __post_init__(self) -> None:
        check_ranges(self, "dynamics")

    def start(self, people: Population, n_topics: int) -> State:
        """Return the first morning: nobody has visited yet."""
        xp = array_api_compat.array_namespace(people.base_rate)
        return {
            "alive": people.base_rate >= 0.0,
            "rate": xp.asarray(people.base_rate, copy=True),
            "visits": xp.zeros_like(people.base_rate),
            "here": people.base_rate < 0.0,
            "repertoire": xp.asarray(people.known, copy=True),
        }

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return 0: the state adds nothing to a utility."""
        return 0.0

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Note who is here today.

        Args:
            state: state of the users that the dynamics keep, by name.
            people: the users, with what makes each differ.
            users: (B,) rows of the users, none twice.
            topics: (B, L) topic of each item shown.
            match: (B, L) lasting worth of each item to its user, in units of utility.
            clicked: (B, L) whether each item was clicked.
        """
        state["here"][users] = True

    def night(self, state: State, people: Population) -> None:
        """Count the visits of the day."""
        xp = array_api_compat.array_namespace(state["visits"])
        state["visits"] += xp.astype(state["here"], state["visits"].dtype)
        state["here"] = state["here"] & False

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day, the base rate."""
        return state["rate"]

    def hazard(self, state: State) -> Array | float:
        """Return (n,) a / (a + b + x) for who was here today after x visits before, else 0."""
        xp = array_api_compat.array_namespace(state["visits"])
        return xp.where(state["here"], self.leave_a / (self.leave_a + self.leave_b + state["visits"]), 0.0)


CARD = DynamicsCard(
    name="bgnbd",
    summary="Customers who buy at their own pace until one day they are gone: nothing that is shown matters.",
    make=BgNbd,
    settings=BgNbd(),
)
