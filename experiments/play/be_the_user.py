"""Be the user: an agent shows slates, and the person sees what the agent thinks of them."""

from __future__ import annotations

import secrets

import numpy as np

from serendip.experiments.play.agents import beliefs_by_topic, visit_of
from serendip.experiments.play.game import Hall, JsonObject, whole
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Floats
from serendip.simulator.world import playing_key


class BeTheUser:
    """An agent shows slates; the person clicks or passes, and sees what the agent thinks of them."""

    def __init__(self, hall: Hall, wish: JsonObject) -> None:
        self._hall, world = hall, hall.stable.world
        self._name = str(wish.get("agent", "vae-thompson"))
        if self._name.startswith("oracle"):
            raise SettingsError("an oracle knows simulated users, not you; choose an agent")
        self._key = playing_key(whole(wish, "seed", 0, 2**31 - 1, secrets.randbelow(2**31)))
        self._user = world.n_users  # nobody that the agent has met
        self._agent = hall.stable.lend(self._name, self._user)
        self._day = 0
        self._clicks = 0
        self._first = self._doubts()[1]
        self._deal()

    def look(self) -> JsonObject:
        """Return the slate with its propensities, and the belief topic by topic."""
        mean, spread = self._doubts()
        return {
            "kind": "user",
            "agent": self._name,
            "slate": [
                self._hall.card(int(item)) | {"propensity": float(chance)}
                for item, chance in zip(self._slates.items[0], self._slates.propensities[0], strict=True)
            ],
            "explored": bool(self._slates.explored[0]),
            "seen": self._day,
            "clicks": self._clicks,
            "belief": {"mean": _scaled(mean), "spread": _shares(spread, mean), "first": _shares(self._first, mean)},
        }

    def move(self, move: JsonObject) -> JsonObject:
        """Click position `click` (from 0), or pass where it is None."""
        click = move.get("click")
        n_slots = self._slates.items.shape[1]
        if click is not None and (type(click) is not int or not 0 <= click < n_slots):
            raise SettingsError(f"click is {click!r}; allowed is 0 to {n_slots - 1}, or null for none")
        clicked = np.zeros((1, n_slots), dtype=bool)
        if click is not None:
            clicked[0, click] = True
            self._clicks += 1
        self._agent.observe(self._visit, self._slates, Feedback(clicked))
        self._day += 1
        self._deal()
        return self.look()

    def _deal(self) -> None:
        self._visit = visit_of(self._hall.stable.world, self._user, self._day, 0)
        self._slates = self._agent.act(self._visit, self._key)

    def _doubts(self) -> tuple[Floats, Floats]:
        return beliefs_by_topic(self._agent, visit_of(self._hall.stable.world, self._user, self._day, 0))


def _scaled(values: Floats) -> list[float]:
    """Return values moved and scaled to [0, 1]."""
    low, high = float(values.min()), float(values.max())
    return [round(float(value - low) / (high - low or 1.0), 4) for value in values]


def _shares(spread: Floats, mean: Floats) -> list[float]:
    """Return spreads in the units of `_scaled` means."""
    width = float(mean.max() - mean.min()) or 1.0
    return [round(float(value) / width, 4) for value in spread]
