"""How users change.  A dynamics is one file here and one line in `DYNAMICS`.

A state is a dictionary of arrays whose first axis is the users, as `start` made it; the functions change it in place
and touch nothing else, so that what happens depends on their arguments alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from serendip.simulator.cards import Card, Registry
from serendip.simulator.interface import Array
from serendip.simulator.population import Population
from serendip.simulator.settings_json import settings_from_json

State = dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicsCard(Card):
    """The card of a dynamics: `make` is its class, a frozen dataclass whose fields are its settings."""


DYNAMICS = Registry[DynamicsCard](
    "dynamics",
    DynamicsCard,
    {
        "repertoire": "serendip.simulator.dynamics.repertoire:CARD",
        "static": "serendip.simulator.dynamics.static:CARD",
        "bgnbd": "serendip.simulator.dynamics.bgnbd:CARD",
        "hawkes": "serendip.simulator.dynamics.hawkes:CARD",
        "clickbait": "serendip.simulator.dynamics.clickbait:CARD",
        "boredom": "serendip.simulator.dynamics.boredom:CARD",
    },
)


class Dynamics(Protocol):
    """Moves the hidden state of users.  A frozen dataclass whose fields are its settings."""

    def start(self, people: Population, n_topics: int) -> State:
        """Return the state on the first morning; it must hold "alive" (n,) bool and "repertoire" (n, K)."""
        ...

    def disposition(self, state: State, users: Array, topics: Array) -> Array | float:
        """Return (B, L) what a user's state adds to the utility of items of `topics` (B, L)."""
        ...

    def respond(
        self, state: State, people: Population, users: Array, topics: Array, match: Array, clicked: Array
    ) -> None:
        """Let `users` (B,) live through a slate of `topics` (B, L) with lasting worth `match` and what they clicked."""
        ...

    def night(self, state: State, people: Population) -> None:
        """Let a day pass for everybody."""
        ...

    def rate(self, state: State) -> Array:
        """Return (n,) visits per day."""
        ...

    def hazard(self, state: State) -> Array | float:
        """Return (n,) probability of leaving for good today."""
        ...


def make_dynamics(settings: dict[str, Any]) -> Dynamics:
    """Return the dynamics that `settings["kind"]` names, made strictly from the other settings.

    Raises:
        SettingsError: there is no such kind or setting (the known ones are listed), or a value is out of its range.
    """
    rest = {name: value for name, value in settings.items() if name != "kind"}
    card = DYNAMICS.card(str(settings.get("kind", "repertoire")))
    return settings_from_json(type(card.settings), rest, "dynamics")
