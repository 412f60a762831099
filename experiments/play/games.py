"""The three games: be the recommender, be the user, watch.  Each is played from one page, one move at a time."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Any, Protocol

import numpy as np

from serendip.experiments.play.agents import Stable, beliefs_by_topic, visit_of
from serendip.experiments.play.one_life import DAYS, OneLife, play_through, suggested
from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Floats, Ints
from serendip.simulator.organic import chosen_by_nobody
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.world import World, playing_key

MOST_GAMES = 32  # held at once; the one that was not played for longest gives way
BESIDE = ("ease-greedy", "bootstrap-thompson", "oracle-growth")  # whose slates stand beside one's own
WATCHED_DAYS = 240
_SOON, _LOOKED_AT = 2, 50  # days until the first visit, and users looked at to find one who comes so soon
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


class Table:
    """The games that are going on.  A page that was reloaded finds its game again; games do not disturb each other."""

    def __init__(self, world: World, titles: dict[int, str] | None = None) -> None:
        """Hold games in `world`, whose items may have `titles` by row."""
        self.stable = Stable(world)
        self.titles = titles or {}
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

    def card(self, item: int) -> JsonObject:
        """Return an item as the page shows it."""
        topic = int(self.stable.world.items.topic[item])
        return {"item": item, "topic": topic, "title": self.titles.get(item, f"Item {item}")}

    def _find(self, name: str) -> tuple[Game, threading.Lock]:
        with self._lock:
            if name not in self._games:
                raise SettingsError("this game is over: the server was started again or has too many; begin a new one")
            self._games.move_to_end(name)
            return self._games[name]


class BeTheRecommender:
    """A simulated user comes back or does not; the person chooses the slates, others would choose others."""

    def __init__(self, table: Table, wish: JsonObject) -> None:
        world = table.stable.world
        self._table = table
        self._luck = whole(wish, "seed", 0, 2**31 - 1, secrets.randbelow(2**31))
        self._user = _some_user(world, self._luck)
        self._life = OneLife(world, self._user, self._luck)
        self._beside = {name: table.stable.lend(name, self._user) for name in BESIDE}
        self._shown = np.zeros(world.items.n_topics, dtype=np.int64)
        self._clicked = np.zeros(world.items.n_topics, dtype=np.int64)
        self._last = list[JsonObject]()
        self._others: dict[str, JsonObject] | None = None

    def look(self) -> JsonObject:
        """Return the day, what was seen of the user, the suggestions, and at the end everybody's curves."""
        life = self._life
        if life.over:
            self._others = self._others or self._lives_of_others()
        return {
            "kind": "recommender",
            "seed": self._luck,
            "day": life.day,
            "days": DAYS,
            "over": life.over,
            "gone": life.gone,
            "visits": life.visits,
            "clicks": life.clicks,
            "slots": self._table.stable.world.settings.slate_size,
            "shown": self._shown.tolist(),
            "clicked": self._clicked.tolist(),
            "last": self._last,
            "beside": {} if life.over else self._suggestions(),
            "hidden": life.hidden(),
            "curve": life.curve,
            "others": self._others,
        }

    def move(self, move: JsonObject) -> JsonObject:
        """Show the slate `items`, or one item of each of `topics`, whichever is given."""
        if self._life.over:
            raise SettingsError("the game is over; begin a new one")
        world, visit = self._table.stable.world, self._life.visit()
        items = _slate(move, world, self._shown, self._life.day)
        clicked = self._life.show(items)
        np.add.at(self._shown, world.items.topic[items], 1)
        np.add.at(self._clicked, world.items.topic[items], clicked)
        self._last = [
            self._table.card(int(item)) | {"clicked": bool(yes)} for item, yes in zip(items, clicked, strict=True)
        ]
        for player in self._beside.values():
            if not hasattr(player, "enter"):
                player.observe(visit, chosen_by_nobody(items[None], world.n_items), Feedback(clicked[None]))
        return self.look()

    def _suggestions(self) -> JsonObject:
        """Return what each of the others would show now, having seen what was shown here."""
        key = playing_key(self._luck)
        slates = {name: suggested(self._life, player, key).items[0] for name, player in self._beside.items()}
        return {name: [self._table.card(int(item)) for item in items] for name, items in slates.items()}

    def _lives_of_others(self) -> dict[str, JsonObject]:
        """Return how the same user's life went under the others, with the same luck."""
        found = dict[str, JsonObject]()
        for name in BESIDE:
            life = OneLife(self._table.stable.world, self._user, self._luck)
            player = self._table.stable.lend(name, self._user)
            if hasattr(player, "enter"):
                life.enter(player)
            play_through(life, player, playing_key(self._luck))
            found[name] = {"curve": life.curve, "visits": life.visits, "clicks": life.clicks}
        return found


class BeTheUser:
    """An agent shows slates; the person clicks or passes, and sees what the agent thinks of them."""

    def __init__(self, table: Table, wish: JsonObject) -> None:
        self._table, world = table, table.stable.world
        self._name = str(wish.get("agent", "vae-thompson"))
        if self._name.startswith("oracle"):
            raise SettingsError("an oracle knows simulated users, not you; choose an agent")
        self._key = playing_key(whole(wish, "seed", 0, 2**31 - 1, secrets.randbelow(2**31)))
        self._user = world.n_users  # nobody that the agent has met
        self._agent = table.stable.lend(self._name, self._user)
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
                self._table.card(int(item)) | {"propensity": float(chance)}
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
        self._visit = visit_of(self._table.stable.world, self._user, self._day, 0)
        self._slates = self._agent.act(self._visit, self._key)

    def _doubts(self) -> tuple[Floats, Floats]:
        return beliefs_by_topic(self._agent, visit_of(self._table.stable.world, self._user, self._day, 0))


class Watch:
    """Two agents side by side in the same world with the same luck, day by day."""

    def __init__(self, table: Table, wish: JsonObject) -> None:
        names = wish.get("agents", ["ease-greedy", "bootstrap-thompson"])
        if not isinstance(names, list) or len(names) != 2 or not all(isinstance(name, str) for name in names):
            raise SettingsError("agents: give two names")
        self._table = table
        self._sides = [_Side(table.stable.world, str(name)) for name in names]
        self._every = whole(wish, "update_every", 1, 60, 5)

    def look(self) -> JsonObject:
        """Return the curves so far."""
        return {
            "kind": "watch",
            "days": WATCHED_DAYS,
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


def whole(wish: JsonObject, name: str, least: int, most: int, default: int) -> int:
    """Return the whole number `name` of a wish, or the default where it is not there.

    Raises:
        SettingsError: it is no whole number from `least` to `most`.
    """
    value = wish.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise SettingsError(f"{name} is {value!r}; allowed is {least} to {most}")
    return value


def _some_user(world: World, luck: int) -> int:
    """Return a user whom a game is about: of the middle third by activity, who comes soon and would stay a while.

    The low-activity third would come two or three times in all; the most active come whatever is shown.
    """
    here = np.flatnonzero((world.groups == 1) & (to_numpy(world.people.first_day) == 0))
    here = here if len(here) else np.arange(world.n_users)
    order = np.roll(here, -int(randomness.derive(luck, "user") % len(here)))
    return next((int(user) for user in order[:_LOOKED_AT] if _stays(OneLife(world, int(user), luck))), int(order[0]))


def _stays(life: OneLife) -> bool:
    """Return whether a user who is shown any slates comes within `_SOON` days and is not gone in half of the days."""
    if life.day > _SOON or life.over:
        return False
    n_slots = life.world.settings.slate_size
    available = np.flatnonzero(life.world.items.available(0))
    while not life.over and life.day < DAYS // 2:
        life.show(np.roll(available, -n_slots * (life.day + life.slate))[:n_slots])
    return not life.gone


def _slate(move: JsonObject, world: World, shown: Ints, day: int) -> Ints:
    """Return the slate (L,) that a move asks for."""
    n_slots = world.settings.slate_size
    given = move.get("items", move.get("topics"))
    most = world.n_items if "items" in move else world.items.n_topics
    if (
        not isinstance(given, list)
        or len(given) != n_slots
        or not all(type(number) is int and 0 <= number < most for number in given)
    ):
        raise SettingsError(f"give {n_slots} items, or {n_slots} topics, by their numbers from 0 to {most - 1}")
    if "items" in move:
        if len(set(given)) < n_slots or not world.items.available(day)[given].all():
            raise SettingsError("each item once, and only items that can be shown today")
        return np.array(given, dtype=np.int64)
    return _items_of(given, world, shown, day)


def _items_of(topics: list[int], world: World, shown: Ints, day: int) -> Ints:
    """Return an item for each topic, in turn as often as it was shown, none twice; any other where a topic runs out."""
    available = np.flatnonzero(world.items.available(day))
    chosen = list[int]()
    for topic in topics:
        mine = [int(item) for item in available[world.items.topic[available] == topic] if int(item) not in chosen]
        rest = mine or [int(item) for item in available if int(item) not in chosen]
        chosen.append(rest[int(shown[topic]) % len(rest)])
    return np.array(chosen, dtype=np.int64)


def _scaled(values: Floats) -> list[float]:
    """Return values moved and scaled to [0, 1]."""
    low, high = float(values.min()), float(values.max())
    return [round(float(value - low) / (high - low or 1.0), 4) for value in values]


def _shares(spread: Floats, mean: Floats) -> list[float]:
    """Return spreads in the units of `_scaled` means."""
    width = float(mean.max() - mean.min()) or 1.0
    return [round(float(value) / width, 4) for value in spread]
