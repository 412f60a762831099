"""The games that are going on: be the recommender, be the user, watch; each is played from one page."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

from serendip.experiments.play.be_the_recommender import BeTheRecommender
from serendip.experiments.play.be_the_user import BeTheUser
from serendip.experiments.play.game import Game, Hall, JsonObject
from serendip.experiments.play.watch import Watch
from serendip.simulator.errors import SettingsError
from serendip.simulator.world import World

MOST_GAMES = 32  # held at once; the one that was not played for longest gives way


class Table(Hall):
    """The games that are going on.  A page that was reloaded finds its game again; games do not disturb each other."""

    def __init__(self, world: World, titles: dict[int, str] | None = None) -> None:
        """Hold games in `world`, whose items may have `titles` by row."""
        super().__init__(world, titles)
        self._games = OrderedDict[str, tuple[Game, threading.Lock]]()
        self._lock = threading.Lock()

    def begin(self, kind: str, wish: JsonObject) -> JsonObject:
        """Begin a game of a kind, `recommender`, `user` or `watch`; return its name and what the page shows.

        Raises:
            SettingsError: there is no such kind, or the wish cannot be met.
        """
        kinds = {"recommender": BeTheRecommender, "user": BeTheUser, "watch": Watch}
        if kind not in kinds:
            raise SettingsError(f"unknown game {kind!r}; known games: {', '.join(kinds)}")
        game = kinds[kind](self, wish)
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._games[name] = game, threading.Lock()
            while len(self._games) > MOST_GAMES:
                self._games.popitem(last=False)
        return {"game": name} | game.look()

    def look(self, name: str) -> JsonObject:
        """Return what the page of a game shows now."""
        game, lock = self._find(name)
        with lock:
            return game.look()

    def move(self, name: str, move: JsonObject) -> JsonObject:
        """Make a move in a game and return what its page shows then."""
        game, lock = self._find(name)
        with lock:
            return game.move(move)

    def _find(self, name: str) -> tuple[Game, threading.Lock]:
        with self._lock:
            if name not in self._games:
                raise SettingsError("this game is over: the server was started again or has too many; begin a new one")
            self._games.move_to_end(name)
            return self._games[name]
