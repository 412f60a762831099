"""Activity grows with discovery: a set point that the breadth of what a user knows raises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.arrays import add_at, gather
from serendip.simulator.dynamics import DynamicsCard, State
from serendip.simulator.dynamics.learning import breadth, learn, mean_worth
from serendip.simulator.interface import Array
from serendip.simulator.population import Population
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class Repertoire:
    """Learning with forgetting, satiation, satisfaction, and activity that returns to a set point.

    m_uk += rho (1 - m_uk) max(g, 0) for a click worth g = 2 sigma(theta_u . v_i + q_i) - 1, fading with tau_m
    b_uk += 1 exposure, decaying with tau_b;  s_u += zeta (g - s_u), with g = -g0 for a slate without a click
    mu_u = log lambda0_u + A (1 - exp(-R_u / R0)) + B s_u with R_u = sum_k m_uk;  a_u += (mu_u - a_u) / tau_a
    """

    discovery_effect: Annotated[float, Range(least=0)] = 2.6
    """A: what a full repertoire adds to log activity."""
    breadth_scale: Annotated[float, Range(above=0)] = 2.0
    """R0: breadth, in topics, at which the effect has reached 1 - 1/e."""
    satisfaction_effect: Annotated[float, Range(least=0)] = 2.5
    """B: what full satisfaction adds to log activity."""
    activity_days: Annotated[float, Range(above=0)] = 14.0
    """tau_a: days in which activity closes most of the gap to its set point."""
    repertoire_days: Annotated[float, Range(above=0)] = 60.0
    """tau_m: days in which an unused topic fades."""
    learning: Annotated[float, Range(least=0, most=1)] = 0.35
    """rho: share of the missing familiarity that a perfect click adds."""
    satiation_effect: Annotated[float, Range(least=0)] = 0.25
    """eta: utility lost per unit of satiation with a topic."""
    satiation_days: Annotated[float, Range(above=0)] = 4.0
    """tau_b: days in which satiation wears off."""
    satiation_step: Annotated[float, Range(least=0)] = 0.4
    """Satiation that one exposure adds to its topic."""
    satisfaction_step: Annotated[float, Range(least=0, most=1)] = 0.15
    """zeta: how far one slate moves satisfaction."""
    disappointment: Annotated[float, Range(least=0)] = 0.15
    """g0: what a slate without a click is worth, negative."""
    leaving: Annotated[float, Range(least=0, most=1)] = 0.02
    """h0: probability per day that a user with no activity leaves for good."""
    loyalty: Annotated[float, Range(least=0)] = 6.0
    """kappa: how much activity holds a user back, per visit a day."""
    leave_a: Annotated[float, Range(least=0)] = 0.0
    """a of a probability Beta(a, b) of leaving for good after a day with a visit; 0: h0 and kappa decide."""
    leave_b: Annotated[float, Range(least=0)] = 0.0
    """b of that distribution: the larger, the more stay."""
    unfamiliarity: Annotated[float, Range(least=0)] = 0.0
    """phi: utility lost by an item of an unknown topic."""
    max_rate: Annotated[float, Range(above=0)] = 2.5
    """Visits per day that nobody exceeds."""

    def __post_init__(self) -> None:
        check_ranges(self, "dynamics")

    def start(self, people: Population, n_topics: int) -> State:
        """Return the first morning: known topics known, activity at its base rate, no satiation, neutral mood."""
        xp = array_api_compat.array_namespace(people.base_rate)
        state = {
            "alive": people.base_rate >= 0.0,
            "log_rate": xp.log(people.base_rate),
            "base_log_rate": xp.log(people.base_rate),
            "satisfaction": xp.zeros_like(people.base_rate),
            "repertoire": xp.asarray(people.known, copy=True),
            "satiation": xp.zeros_like(people.known),
        }
        if self.leave_a > 0.0:
            state |= {"days_active": xp.asarray(people.days_before, copy=True), "here": people.base_rate < 0.0}
        return state

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return (B, L) -eta b - phi (1 - m)."""
        added = -self.satiation_effect * gather(state["satiation"], users, topics)
        if self.unfamiliarity == 0.0:
            return added
        return added - self.unfamiliarity * (1.0 - gather(state["repertoire"], users, topics))

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Let users learn from what they clicked, get their fill of what they saw, and be pleased or not.

        Args:
            state: state of the users that the dynamics keep, by name.
            people: the users, with what makes each differ.
            users: (B,) rows of the users, none twice.
            topics: (B, L) topic of each item shown.
            match: (B, L) lasting worth of each item to its user, in units of utility.
            clicked: (B, L) whether each item was clicked.
        """
        if self.leave_a > 0.0:
            state["here"][users] = True
        add_at(state["satiation"], users, topics, self.satiation_step)
        gain = mean_worth(match, clicked, self.disappointment)
        step = self.satisfaction_step * people.factor_of["satisfaction_step"][users]
        mood = state["satisfaction"]
        mood[users] += step * (gain - mood[users])
        learn(state["repertoire"], people, users, topics, match, clicked, self.learning)

    def night(self, state: State, people: Population) -> None:
        """Let familiarity fade, satiation wear off, and activity move towards its set point."""
        xp = array_api_compat.array_namespace(state["log_rate"])
        if self.leave_a > 0.0:
            state["days_active"] += xp.astype(state["here"], state["days_active"].dtype)
            state["here"] = state["here"] & False
        state["repertoire"] *= math.exp(-1.0 / self.repertoire_days)
        state["satiation"] *= math.exp(-1.0 / self.satiation_days)
        discovery = 1.0 - xp.exp(-breadth(state) / self.breadth_scale)
        target = (
            state["base_log_rate"]
            + self.discovery_effect * people.factor_of["discovery_effect"] * discovery
            + self.satisfaction_effect * people.factor_of["satisfaction_effect"] * state["satisfaction"]
        )
        state["log_rate"] += (target - state["log_rate"]) / self.activity_days

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day, exp(a) and at most `max_rate`."""
        xp = array_api_compat.array_namespace(state["log_rate"])
        return xp.clip(xp.exp(state["log_rate"]), None, self.max_rate)

    def hazard(self, state: State) -> Array | float:
        """Return (n,) probability of leaving for good today: h0 exp(-kappa lambda), whoever came.

        With `leave_a` above 0 it is a / (a + b + x) for who came today after x days before, else 0, which is the law of
        a probability Beta(a, b) of a user's own.  Fader, Hardie & Lee (2005).
        """
        xp = array_api_compat.array_namespace(state["log_rate"])
        if self.leave_a > 0.0:
            return xp.where(state["here"], self.leave_a / (self.leave_a + self.leave_b + state["days_active"]), 0.0)
        return self.leaving * xp.exp(-self.loyalty * self.rate(state))


CARD = DynamicsCard(
    name="repertoire",
    summary="Users who come more often the more topics they know; each effect can be switched off.",
    make=Repertoire,
    settings=Repertoire(),
)
