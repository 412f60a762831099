"""Watch: two agents side by side in the same world, day by day."""

from __future__ import annotations

from serendip.experiments.play.game import Hall, JsonObject, whole
from serendip.simulator.errors import SettingsError
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.world import World

WATCHED_DAYS = 240


class Watch:
    """Two agents side by side in the same world with the same luck, day by day."""

    def __init__(self, hall: Hall, wish: JsonObject) -> None:
        names = wish.get("agents", ["ease-greedy", "bootstrap-thompson"])
        if not isinstance(names, list) or len(names) != 2 or not all(isinstance(name, str) for name in names):
            raise SettingsError("agents: give two names")
        self._hall = hall
        self._sides = [_Side(hall.stable.world, str(name)) for name in names]
        self._every = whole(wish, "update_every", 1, 60, 5)

    def look(self) -> JsonObject:
        """Return the curves so far."""
        return {
            "kind": "watch",
            "days": WATCHED_DAYS,
            "every": self._every,
            "groups": list(ACTIVITY_GROUPS),
            "sides": [side.look() for side in self._sides],
        }

    def move(self, move: JsonObject) -> JsonObject:
        """Live on by one day, on both sides."""
        for side in self._sides:
            side.live_a_day(self._every)
        return self.look()


class _Side:
    """One agent in a world of its own."""

    def __init__(self, world: World, name: str) -> None:
        from serendip.experiments.play.sides import Days  # an agent that learns on takes torch along

        self._days = Days(world, name)
        self._name = name

    def look(self) -> JsonObject:
        return {
            "agent": self._name,
            "day": self._days.day,
            "visitors": self._days.visitors,
            "clicks": self._days.clicks,
        }

    def live_a_day(self, update_every: int) -> None:
        if self._days.day < WATCHED_DAYS:
            self._days.live(update_every)
