"""How users change.  A dynamics is one file here and one line in `DYNAMICS`.

A state is a dictionary of arrays whose first axis is the users, as `start` made it; the functions change it in place
and touch nothing else, so that what happens depends on their arguments alone.
"""

from __future__ import annotations

import pkgutil
from typing import Any, Protocol

from serendip.simulator.errors import SettingsError
from serendip.simulator.population import Population
from serendip.simulator.settings_json import settings_from_json

Array = Any
State = dict[str, Array]

DYNAMICS = {
    "repertoire": "serendip.simulator.dynamics.repertoire:Repertoire",
    "static": "serendip.simulator.dynamics.static:Static",
    "bgnbd": "serendip.simulator.dynamics.bgnbd:BgNbd",
    "hawkes": "serendip.simulator.dynamics.hawkes:Hawkes",
    "clickbait": "serendip.simulator.dynamics.clickbait:Clickbait",
    "boredom": "serendip.simulator.dynamics.boredom:Boredom",
}


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
    """Build the dynamics that `settings["kind"]` names, strictly, from the other settings."""
    kind = settings.get("kind", "repertoire")
    if kind not in DYNAMICS:
        raise SettingsError(f"dynamics: unknown kind {kind!r}; known: {', '.join(DYNAMICS)}")
    rest = {name: value for name, value in settings.items() if name != "kind"}
    return settings_from_json(pkgutil.resolve_name(DYNAMICS[kind]), rest, "dynamics")
