"""What every game is: it shows what its page shows, and takes a move."""

from __future__ import annotations

from typing import Any, Protocol

from serendip.experiments.play.agents import Stable
from serendip.simulator.errors import SettingsError
from serendip.simulator.world import World

JsonObject = dict[str, Any]


class Game(Protocol):
    """One game of one page."""

    def look(self) -> JsonObject:
        """Return what the page shows now."""
        ...

    def move(self, move: JsonObject) -> JsonObject:
        """Make a move and return what the page shows then.

        Raises:
            SettingsError: the move cannot be made; the game stays as it was.
        """
        ...


class Hall:
    """What the games of one world share: agents that have learned, and what items are called."""

    def __init__(self, world: World, titles: dict[int, str] | None = None) -> None:
        """Lend agents in `world`, whose items may have `titles` by row."""
        self.stable = Stable(world)
        self.titles = titles or {}

    def card(self, item: int) -> JsonObject:
        """Return an item as the page shows it."""
        topic = int(self.stable.world.items.topic[item])
        return {"item": item, "topic": topic, "title": self.titles.get(item, f"Item {item}")}


def whole(wish: JsonObject, name: str, least: int, most: int, default: int) -> int:
    """Return the whole number `name` of a wish, or the default where it is not there.

    Args:
        wish: what the page sent.
        name: which number.
        least: smallest that is allowed.
        most: largest that is allowed.
        default: number where none is given.

    Raises:
        SettingsError: it is no whole number from `least` to `most`.
    """
    value = wish.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise SettingsError(f"{name} is {value!r}; allowed is {least} to {most}")
    return value
