"""Sensational items are clicked now and regretted later."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.dynamics import DynamicsCard, State
from serendip.simulator.dynamics.learning import learn
from serendip.simulator.interface import Array
from serendip.simulator.population import Population
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class Clickbait:
    """Net exposure e_u += (1 - 2 c) a click, c = 1 for a sensational topic; activity follows 2 sigma(beta e_u) - 1.

    After the long-term-satisfaction environment of RecSim (Ie et al. 2019), where c is an item's "clickbaitiness".
    """

    sensational: Annotated[float, Range(least=0, most=1)] = 0.25
    """Share of the topics, spread evenly over their numbers, that are sensational."""
    allure: Annotated[float, Range(least=0)] = 2.5
    """Utility that a sensational item has on top of its lasting worth, until it is clicked."""
    sensitivity: Annotated[float, Range(least=0)] = 0.3
    """beta: how soon net exposure becomes satisfaction."""
    exposure_days: Annotated[float, Range(above=0)] = 20.0
    """Days in which exposure is forgotten."""
    satisfaction_effect: Annotated[float, Range(least=0)] = 2.0
    """What full satisfaction adds to log activity; full regret takes as much."""
    activity_days: Annotated[float, Range(above=0)] = 10.0
    """Days in which activity closes most of the gap to its set point."""
    learning: Annotated[float, Range(least=0, most=1)] = 0.35
    """Share of the missing familiarity that a perfect click adds."""
    repertoire_days: Annotated[float, Range(above=0)] = 60.0
    """Days in which an unused topic fades."""
    leaving: Annotated[float, Range(least=0, most=1)] = 0.002
    """Probability per day of leaving for good."""
    max_rate: Annotated[float, Range(above=0)] = 2.5
    """Visits per day that nobody exceeds."""

    def __post_init__(self) -> None:
        check_ranges(self, "dynamics")

    def start(self, people: Population, n_topics: int) -> State:
        """Return the first morning: activity at its base rate, neither satisfied nor sorry."""
        xp = array_api_compat.array_namespace(people.base_rate)
        return {
            "alive": people.base_rate >= 0.0,
            "log_rate": xp.log(people.base_rate),
            "base_log_rate": xp.log(people.base_rate),
            "exposure": xp.zeros_like(people.base_rate),
            "repertoire": xp.asarray(people.known, copy=True),
        }

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return (B, L) the allure of what is sensational."""
        xp = array_api_compat.array_namespace(topics)
        return self.allure * xp.astype(self.is_sensational(topics), state["exposure"].dtype)

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Let users learn, and take in what they clicked.

        Args:
            state: state of the users that the dynamics keep, by name.
            people: the users, with what makes each differ.
            users: (B,) rows of the users, none twice.
            topics: (B, L) topic of each item shown.
            match: (B, L) lasting worth of each item to its user, in units of utility.
            clicked: (B, L) whether each item was clicked.
        """
        xp = array_api_compat.array_namespace(match)
        learn(state["repertoire"], people, users, topics, match, clicked, self.learning)
        sensational = self.is_sensational(topics)
        for slot in range(clicked.shape[1]):
            step = xp.where(clicked[:, slot], xp.where(sensational[:, slot], -1.0, 1.0), 0.0)
            state["exposure"][users] += xp.astype(step, match.dtype)

    def night(self, state: State, people: Population) -> None:
        """Let exposure be forgotten, and activity follow satisfaction."""
        state["repertoire"] *= math.exp(-1.0 / self.repertoire_days)
        effect = self.satisfaction_effect * people.factor_of["satisfaction_effect"]
        target = state["base_log_rate"] + effect * self.satisfaction(state)
        state["log_rate"] += (target - state["log_rate"]) / self.activity_days
        state["exposure"] *= math.exp(-1.0 / self.exposure_days)

    def satisfaction(self, state: State) -> Array:
        """Return (n,) 2 sigma(beta e) - 1 in (-1, 1)."""
        xp = array_api_compat.array_namespace(state["exposure"])
        return xp.tanh(0.5 * self.sensitivity * state["exposure"])

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day, at most `max_rate`."""
        xp = array_api_compat.array_namespace(state["log_rate"])
        return xp.clip(xp.exp(state["log_rate"]), None, self.max_rate)

    def hazard(self, state: State) -> Array | float:
        """Return the probability of leaving for good today, the same for everybody."""
        return self.leaving

    def is_sensational(self, topics: Array) -> Array:
        """Return which of `topics` are sensational: the k-th is where floor(k share) rises."""
        xp = array_api_compat.array_namespace(topics)
        number = xp.astype(topics, xp.float64)
        return xp.floor((number + 1.0) * self.sensational) > xp.floor(number * self.sensational)


CARD = DynamicsCard(
    name="clickbait",
    summary="Users who click what is sensational and regret it later: shows what counting clicks alone costs.",
    make=Clickbait,
    settings=Clickbait(),
)
