"""How a user chooses from a slate.  A choice model is one file here and one line in `CHOICES`."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from typing import Any, Protocol

from serendip.simulator.interface import SettingsError, settings_from_json

Array = Any
Draw = Callable[[int], Array]  # slot -> (B,) uniforms, fresh for each slot

CHOICES = {
    "multinomial-logit": "serendip.simulator.choice.multinomial_logit:MultinomialLogit",
}


class Choice(Protocol):
    """Turns utilities into clicks.  A frozen dataclass whose fields are its settings."""

    def click(self, utility: Array, draw: Draw) -> Array:
        """Return (B, L) bool which slots are clicked, given `utility` (B, L) float32."""
        ...

    def probabilities(self, utility: Array) -> Array:
        """Return (B, L) probability that each slot is clicked."""
        ...


def make_choice(settings: dict[str, Any]) -> Choice:
    """Build the choice model that `settings["kind"]` names, strictly, from the other settings."""
    kind = settings.get("kind", "multinomial-logit")
    if kind not in CHOICES:
        raise SettingsError(f"choice: unknown kind {kind!r}; known: {', '.join(CHOICES)}")
    rest = {name: value for name, value in settings.items() if name != "kind"}
    return settings_from_json(pkgutil.resolve_name(CHOICES[kind]), rest, "choice")
