"""How a user chooses from a slate.  A choice model is one file here and one line in `CHOICES`."""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable
from typing import Any, Protocol

import array_api_compat

from serendip.simulator.errors import SettingsError
from serendip.simulator.settings_json import settings_from_json

Array = Any
Draw = Callable[[int], Array]  # slot -> (B,) uniforms, fresh for each slot

CHOICES = {
    "multinomial-logit": "serendip.simulator.choice.multinomial_logit:MultinomialLogit",
    "position-based": "serendip.simulator.choice.position_based:PositionBased",
    "cascade": "serendip.simulator.choice.cascade:Cascade",
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


def examined(examination: float, utility: Array) -> Array:
    """Return (L,) gamma_j = examination^j, how much each slot is looked at, as an array like `utility` (B, L)."""
    xp = array_api_compat.array_namespace(utility)
    slots = [examination**j for j in range(utility.shape[1])]
    return xp.asarray(slots, dtype=utility.dtype, device=array_api_compat.device(utility))


def attraction(utility: Array, outside: float) -> Array:
    """Return sigma(utility - outside): how often an item that is looked at is clicked."""
    xp = array_api_compat.array_namespace(utility)
    return 0.5 + 0.5 * xp.tanh(0.5 * (utility - outside))


def check_choice(outside: float, examination: float) -> None:
    """Raise a SettingsError unless `outside` is finite and `examination` in (0, 1]."""
    if not math.isfinite(outside):
        raise SettingsError(f"choice: outside is {outside}; allowed is any finite number")
    if not 0.0 < examination <= 1.0:
        raise SettingsError(f"choice: examination is {examination}; allowed is above 0 and at most 1")
