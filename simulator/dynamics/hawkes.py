"""Discoveries excite visits: each one raises the rate at once, for a while and for long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.arrays import add_at, gather
from serendip.simulator.dynamics import DynamicsCard, State
from serendip.simulator.dynamics.learning import learn
from serendip.simulator.interface import Array
from serendip.simulator.population import Population
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class Hawkes:
    """lambda_u(t) = lambda0_u (1 + sum over discoveries at s < t of fast e^-(t-s)/tau_f + slow e^-(t-s)/tau_s).

    A discovery is a topic's familiarity crossing the world's `known_from`.  Hawkes (1971), with two exponentials.
    """

    fast: Annotated[float, Range(least=0)] = 1.0
    """What a discovery adds at once, as a share of the base rate."""
    fast_days: Annotated[float, Range(above=0)] = 3.0
    """tau_f: days in which that wears off."""
    slow: Annotated[float, Range(least=0)] = 0.5
    """What a discovery adds for long, as a share of the base rate."""
    slow_days: Annotated[float, Range(above=0)] = 60.0
    """tau_s: days in which that wears off."""
    learning: Annotated[float, Range(least=0, most=1)] = 0.35
    """Share of the missing familiarity that a perfect click adds."""
    repertoire_days: Annotated[float, Range(above=0)] = 60.0
    """Days in which an unused topic fades, so that it can be discovered again."""
    satiation_effect: Annotated[float, Range(least=0)] = 0.25
    """Utility lost per unit of satiation with a topic."""
    satiation_days: Annotated[float, Range(above=0)] = 4.0
    """Days in which satiation wears off."""
    satiation_step: Annotated[float, Range(least=0)] = 0.4
    """Satiation that one exposure adds to its topic."""
    leaving: Annotated[float, Range(least=0, most=1)] = 0.005
    """Probability per day of leaving for good."""
    max_rate: Annotated[float, Range(above=0)] = 2.5
    """Visits per day that nobody exceeds."""

    def __post_init__(self) -> None:
        check_ranges(self, "dynamics")

    def start(self, people: Population, n_topics: int) -> State:
        """Return the first morning: known topics known, nothing excited."""
        xp = array_api_compat.array_namespace(people.base_rate)
        return {
            "alive": people.base_rate >= 0.0,
            "base": xp.asarray(people.base_rate, copy=True),
            "excited_fast": xp.zeros_like(people.base_rate),
            "excited_slow": xp.zeros_like(people.base_rate),
            "repertoire": xp.asarray(people.known, copy=True),
            "satiation": xp.zeros_like(people.known),
        }

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return (B, L) -eta b."""
        return -self.satiation_effect * gather(state["satiation"], users, topics)

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Let users learn, get their fill, and be excited by each discovery.

        Args:
            state: state of the users that the dynamics keep, by name.
            people: the users, with what makes each differ.
            users: (B,) rows of the users, none twice.
            topics: (B, L) topic of each item shown.
            match: (B, L) lasting worth of each item to its user, in units of utility.
            clicked: (B, L) whether each item was clicked.
        """
        add_at(state["satiation"], users, topics, self.satiation_step)
        found = learn(state["repertoire"], people, users, topics, match, clicked, self.learning)
        found = found * people.factor_of["discovery_effect"][users]
        state["excited_fast"][users] += self.fast * found
        state["excited_slow"][users] += self.slow * found

    def night(self, state: State, people: Population) -> None:
        """Let everything fade."""
        state["repertoire"] *= math.exp(-1.0 / self.repertoire_days)
        state["satiation"] *= math.exp(-1.0 / self.satiation_days)
        state["excited_fast"] *= math.exp(-1.0 / self.fast_days)
        state["excited_slow"] *= math.exp(-1.0 / self.slow_days)

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day, at most `max_rate`."""
        xp = array_api_compat.array_namespace(state["base"])
        return xp.clip(state["base"] * (1.0 + state["excited_fast"] + state["excited_slow"]), None, self.max_rate)

    def hazard(self, state: State) -> Array | float:
        """Return the probability of leaving for good today, the same for everybody."""
        return self.leaving


CARD = DynamicsCard(
    name="hawkes",
    summary="Users whom each discovery brings back sooner, for a while: activity in bursts, not at a lasting level.",
    make=Hawkes,
    settings=Hawkes(),
)
