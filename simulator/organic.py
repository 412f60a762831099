"""What users did before the first day: the site's warm start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.arrays import blocks_of, to_numpy
from serendip.simulator.interface import Bools, Feedback, Floats, Ints, Singles, Slates, Visits
from serendip.simulator.world import World


@dataclass(frozen=True, slots=True)
class Organic:
    """Slates of random items, one of each slate from a topic the user knows, and clicked.

    Attributes:
        visits: who, on which (negative) day.
        items: (B, L) what they saw.
        clicked: (B, L) what they clicked.
    """

    visits: Visits
    items: Ints
    clicked: Bools


def chosen_by_nobody(items: Ints, n_items: int) -> Slates:
    """Return slates (B, L) that no policy chose, as an agent is told of them: with the propensities of chance."""
    return Slates(items, np.full(items.shape, 1.0 / n_items), None, np.ones(len(items), dtype=bool))


def known_before(world: World) -> Iterator[tuple[Visits, Slates, Feedback]]:
    """Yield what the site saw before the first day, day by day, as an agent is told of it."""
    for past in organic_history(world):
        yield past.visits, chosen_by_nobody(past.items, world.n_items), Feedback(past.clicked)


def organic_history(world: World) -> Iterator[Organic]:
    """Yield what users did before the first day, day by day, and of very many users a block at a time.

    Users who know nothing, and those who arrive later, did nothing.
    """
    repertoire = to_numpy(world.people.known)
    users = np.flatnonzero((repertoire.max(axis=1) > 0) & (to_numpy(world.people.first_day) == 0))
    there = np.flatnonzero(world.items.available(0))  # items, in order, that can have been seen
    for day in range(-world.settings.population.organic_clicks, 0):
        for rows in blocks_of(len(users)) or [slice(0, 0)]:
            yield _seen(world, repertoire, users[rows], there, day)


def _seen(world: World, repertoire: Singles, users: Ints, there: Ints, day: int) -> Organic:
    """Return what `users` (B,) did on a day.

    Args:
        world: where they are.
        repertoire: (n, K) what everybody knew.
        users: (B,) who.
        there: items, in order, that can have been seen.
        day: the day, below 0.
    """
    key, lucks = randomness.derive(world.seed, "organic"), to_numpy(world.luck)[users]
    length = world.settings.slate_size
    clicked_item = _known_item(world, repertoire[users], randomness.uniform(key, lucks, day, 0), users, day)
    others = randomness.distinct(len(there) - 1, length - 1, key, lucks, day, 1)  # (B, L - 1)
    slot = randomness.below(length, key, lucks, day, 2)  # (B,) where the clicked item stands
    clicked = np.arange(length) == slot[:, None]
    items = np.empty((len(users), length), dtype=np.int64)
    items[clicked] = clicked_item
    items[~clicked] = (others + (others >= clicked_item[:, None])).ravel()
    visits = Visits(users, day, np.zeros(len(users), np.int32), world.items.available(0))
    return Organic(visits, there[items], clicked)


def _known_item(world: World, known: Singles, point: Floats, users: Ints, day: int) -> Ints:
    """Return (B,) an item of a topic drawn by repertoire `known` (B, K), at the quantile `point` (B,).

    Items are counted among those of the first day; a topic that has none of them then is drawn by nobody, and who
    knows no other clicks any item.
    """
    topic = np.asarray(world.items.topic)[world.items.available(0)]
    n_in = np.bincount(topic, minlength=known.shape[1])  # (K,) items of each topic
    by_topic, first = np.argsort(topic, kind="stable"), np.cumsum(n_in) - n_in
    weight = known.astype(np.float64) * (n_in > 0)  # (B, K)
    upper = np.cumsum(np.where(weight.any(axis=1, keepdims=True), weight, n_in > 0), axis=1)
    drawn = (upper <= (point * upper[:, -1])[:, None]).sum(axis=1)  # (B,)
    drawn = np.minimum(drawn, known.shape[1] - 1)
    luck = to_numpy(world.luck)[users]
    within = randomness.below(n_in[drawn], randomness.derive(world.seed, "organic item"), luck, day)
    return by_topic[first[drawn] + within]
