"""How a user chooses from a slate.  A choice model is one file here and one line in `CHOICES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import array_api_compat

from serendip.simulator.cards import Card, Registry
from serendip.simulator.interface import Array
from serendip.simulator.settings_json import settings_from_json

Draw = Callable[[int], Array]  # slot -> (B,) uniforms, fresh for each slot


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceCard(Card):
    """The card of a choice model: `make` is its class, a frozen dataclass whose fields are its settings."""


CHOICES = Registry[ChoiceCard](
    "choice",
    ChoiceCard,
    {
        "multinomial-logit": "serendip.simulator.choice.multinomial_logit:CARD",
        "position-based": "serendip.simulator.choice.position_based:CARD",
        "cascade": "serendip.simulator.choice.cascade:CARD",
    },
)


class Choice(Protocol):
    """Turns utilities into clicks.  A frozen dataclass whose fields are its settings."""

    def click(self, utility: Array, draw: Draw) -> Array:
        """Return (B, L) bool which slots are clicked, given `utility` (B, L) float32."""
        ...

    def probabilities(self, utility: Array) -> Array:
        """Return (B, L) probability that each slot is clicked."""
        ...


def make_choice(settings: dict[str, Any]) -> Choice:
    """Return the choice model that `settings["kind"]` names, made strictly from the other settings.

    Raises:
        SettingsError: there is no such kind or setting (the known ones are listed), or a value is out of its range.
    """
    rest = {name: value for name, value in settings.items() if name != "kind"}
    card = CHOICES.card(str(settings.get("kind", "multinomial-logit")))
    return settings_from_json(type(card.settings), rest, "choice")


def examined(examination: float, utility: Array) -> Array:
    """Return (L,) gamma_j = examination^j, how much each slot is looked at, as an array like `utility` (B, L)."""
    xp = array_api_compat.array_namespace(utility)
    slots = [examination**j for j in range(utility.shape[1])]
    return xp.asarray(slots, dtype=utility.dtype, device=array_api_compat.device(utility))


def attraction(utility: Array, outside: float) -> Array:
    """Return sigma(utility - outside): how often an item that is looked at is clicked."""
    xp = array_api_compat.array_namespace(utility)
    return 0.5 + 0.5 * xp.tanh(0.5 * (utility - outside))
