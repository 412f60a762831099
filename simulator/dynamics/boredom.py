"""Too many clicks on one topic in a row, and the user has had enough of it for days."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.arrays import gather
from serendip.simulator.dynamics import DynamicsCard, State
from serendip.simulator.dynamics.learning import learn
from serendip.simulator.interface import Array
from serendip.simulator.population import Population
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class Boredom:
    """A topic with `limit` of a user's last `window` clicks is locked: worth `penalty` less for `locked_days`.

    After SARDINE (Deffayet et al. 2023), where a bored user ignores the topic.
    """

    window: Annotated[int, Range(least=1, most=1000)] = 10
    """Clicks that a user remembers."""
    limit: Annotated[int, Range(least=1)] = 5
    """Clicks on one topic, among those remembered, that bore."""
    locked_days: Annotated[float, Range(above=0)] = 5.0
    """Days during which a bored user has enough of the topic."""
    penalty: Annotated[float, Range(least=0)] = 5.0
    """Utility lost by the items of a locked topic."""
    annoyance: Annotated[float, Range(least=0)] = 0.7
    """Log activity lost for each locked topic."""
    learning: Annotated[float, Range(least=0, most=1)] = 0.35
    """Share of the missing familiarity that a perfect click adds."""
    repertoire_days: Annotated[float, Range(above=0)] = 60.0
    """Days in which an unused topic fades."""
    leaving: Annotated[float, Range(least=0, most=1)] = 0.002
    """Probability per day of leaving for good."""

    def __post_init__(self) -> None:
        check_ranges(self, "dynamics")

    def start(self, people: Population, n_topics: int) -> State:
        """Return the first morning: no click remembered, nothing locked."""
        xp = array_api_compat.array_namespace(people.base_rate)
        remembered = xp.stack([xp.zeros_like(people.first_day) - 1] * self.window, axis=1)
        return {
            "alive": people.base_rate >= 0.0,
            "base": xp.asarray(people.base_rate, copy=True),
            "remembered": remembered,  # (n, window) topics of the last clicks, -1 for none
            "next": xp.zeros_like(people.first_day),  # (n,) where the next click is written
            "locked": xp.zeros_like(people.known),  # (n, K) days left
            "repertoire": xp.asarray(people.known, copy=True),
        }

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return (B, L) -penalty for items of locked topics."""
        xp = array_api_compat.array_namespace(topics)
        locked = gather(state["locked"], users, topics)
        return -self.penalty * xp.astype(locked > 0.0, locked.dtype)

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Let users learn and remember; lock what they have had too much of.

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
        for slot in range(clicked.shape[1]):
            rows = xp.nonzero(clicked[:, slot])[0]
            if rows.shape[0] == 0:
                continue
            who = users[rows]
            topic = xp.astype(topics[rows, slot], state["remembered"].dtype)
            at = state["next"][who]
            state["remembered"][who, xp.astype(at, xp.int64)] = topic
            state["next"][who] = (at + 1) % self.window
            self._lock(state, who, topic)

    def _lock(self, state: State, users: Array, topic: Array) -> None:
        """Lock `topic` (B,) of those `users` who clicked it too often, and let them forget those clicks."""
        xp = array_api_compat.array_namespace(topic)
        same = state["remembered"][users, :] == topic[:, None]  # (B, window)
        rows = xp.nonzero(xp.sum(xp.astype(same, xp.int32), axis=1) >= self.limit)[0]
        if rows.shape[0] == 0:
            return
        who = users[rows]
        state["locked"][who, xp.astype(topic[rows], xp.int64)] = self.locked_days
        kept = state["remembered"][who, :]
        state["remembered"][who, :] = xp.where(same[rows, :], xp.zeros_like(kept) - 1, kept)

    def night(self, state: State, people: Population) -> None:
        """Let a day of boredom pass."""
        xp = array_api_compat.array_namespace(state["locked"])
        state["repertoire"] *= math.exp(-1.0 / self.repertoire_days)
        state["locked"] = xp.clip(state["locked"] - 1.0, 0.0, None)

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day, fewer for who is bored."""
        xp = array_api_compat.array_namespace(state["locked"])
        n_locked = xp.sum(xp.astype(state["locked"] > 0.0, state["base"].dtype), axis=1)
        return state["base"] * xp.exp(-self.annoyance * n_locked)

    def hazard(self, state: State) -> Array | float:
        """Return the probability of leaving for good today, the same for everybody."""
        return self.leaving


CARD = DynamicsCard(
    name="boredom",
    summary="Users who have had enough of a topic for days: shows what a policy loses by repeating what was liked.",
    make=Boredom,
    settings=Boredom(),
)
