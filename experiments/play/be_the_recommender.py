"""Be the recommender: a simulated user comes back or does not, and the person chooses the slates."""

from __future__ import annotations

import secrets

import numpy as np

from serendip.experiments.play.game import Hall, JsonObject, whole
from serendip.experiments.play.one_life import DAYS, OneLife, play_through, suggested
from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Feedback, Ints, SmallInts, Visits
from serendip.simulator.organic import chosen_by_nobody
from serendip.simulator.world import World, playing_key

BESIDE = ("ease-greedy", "bootstrap-thompson", "oracle-growth")  # whose slates stand beside one's own
_SOON, _LOOKED_AT = 2, 50  # days until the first visit, and users looked at to find one who comes so soon


class BeTheRecommender:
    """A simulated user comes back or does not; the person chooses the slates, others would choose others."""

    def __init__(self, hall: Hall, wish: JsonObject) -> None:
        world = hall.stable.world
        self._hall = hall
        self._luck = whole(wish, "seed", 0, 2**31 - 1, secrets.randbelow(2**31))
        self._user = _some_user(world, self._luck)
        self._life = OneLife(world, self._user, self._luck)
        self._beside = {name: hall.stable.lend(name, self._user) for name in BESIDE}
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
            "slots": self._hall.stable.world.settings.slate_size,
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
        world, visit = self._hall.stable.world, self._life.visit()
        items = _slate(move, world, self._shown, _of_one(visit))
        clicked = self._life.show(items)
        np.add.at(self._shown, world.items.topic[items], 1)
        np.add.at(self._clicked, world.items.topic[items], clicked)
        self._last = [
            self._hall.card(int(item)) | {"clicked": bool(yes)} for item, yes in zip(items, clicked, strict=True)
        ]
        for player in self._beside.values():
            if not hasattr(player, "enter"):
                player.observe(visit, chosen_by_nobody(items[None], world.n_items), Feedback(clicked[None]))
        return self.look()

    def _suggestions(self) -> JsonObject:
        """Return what each of the others would show now, having seen what was shown here."""
        key = playing_key(self._luck)
        slates = {name: suggested(self._life, player, key).items[0] for name, player in self._beside.items()}
        return {name: [self._hall.card(int(item)) for item in items] for name, items in slates.items()}

    def _lives_of_others(self) -> dict[str, JsonObject]:
        """Return how the same user's life went under the others, with the same luck."""
        found = dict[str, JsonObject]()
        for name in BESIDE:
            life = OneLife(self._hall.stable.world, self._user, self._luck)
            player = self._hall.stable.lend(name, self._user)
            if hasattr(player, "enter"):
                life.enter(player)
            play_through(life, player, playing_key(self._luck))
            found[name] = {"curve": life.curve, "visits": life.visits, "clicks": life.clicks}
        return found


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
    while not life.over and life.day < DAYS // 2:
        available = np.flatnonzero(_of_one(life.visit()))
        life.show(np.roll(available, -n_slots * (life.day + life.slate))[:n_slots])
    return not life.gone


def _of_one(visit: Visits) -> Bools:
    """Return (M,) what can be shown to the only visitor."""
    return visit.available if visit.available.ndim == 1 else visit.available[0]


def _slate(move: JsonObject, world: World, shown: Ints, there: Bools) -> Ints:
    """Return the slate (L,) that a move asks for.

    Args:
        move: what was sent.
        world: the world that is lived in.
        shown: (K,) how often each topic was shown.
        there: (M,) what can be shown now.
    """
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
        if len(set(given)) < n_slots or not there[given].all():
            raise SettingsError("each item once, and only items that can be shown today")
        return np.array(given, dtype=np.int64)
    return _items_of(given, world.items.topic, shown, np.flatnonzero(there))


def _items_of(topics: list[int], topic_of: SmallInts, shown: Ints, available: Ints) -> Ints:
    """Return an item for each topic, in turn as often as it was shown, none twice; any other where a topic runs out.

    Args:
        topics: what is asked for.
        topic_of: (M,) topic of each item.
        shown: (K,) how often each topic was shown.
        available: items, in order, that can be shown now.
    """
    chosen = list[int]()
    for topic in topics:
        mine = [int(item) for item in available[topic_of[available] == topic] if int(item) not in chosen]
        rest = mine or [int(item) for item in available if int(item) not in chosen]
        chosen.append(rest[int(shown[topic]) % len(rest)])
    return np.array(chosen, dtype=np.int64)
