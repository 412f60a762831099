"""The items: what they are about, how good they are, when they appear, and from whom they are hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import array_api_compat
import numpy as np

from serendip.simulator.arrays import gather, put_at, to_numpy
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Array, Bools, Ints, Items, Singles, SmallInts, at_items
from serendip.simulator.randomness import generator
from serendip.simulator.ranges import Range, check_ranges

MOST_ITEMS = 100_000_000  # 12 bytes each
MOST_DAYS = 100_000
FOR_GOOD = 2**31 - 1  # a day that never comes


@dataclass(frozen=True, slots=True)
class CatalogueSettings:
    """How many items there are, and how they differ."""

    n_items: Annotated[int, Range(least=1, most=MOST_ITEMS)] = 1000
    """Items in the catalogue."""
    n_topics: Annotated[int, Range(least=1, most=MOST_ITEMS)] = 64
    """Topics that items are about, one each."""
    quality_spread: Annotated[float, Range(least=0, most=100)] = 0.7
    """Standard deviation of quality, in units of utility."""
    quality_shape: Literal["normal", "exponential"] = "normal"
    """How quality is distributed; exponential: the popularity exp(quality) has a power-law tail."""
    topic_skew: Annotated[float, Range(least=0, most=100)] = 0.0
    """Exponent of topics' sizes: the k-th has a share of the items that goes with k^-skew; 0: equal shares."""
    new_share: Annotated[float, Range(least=0, below=1)] = 0.0
    """Share of the items that are not there on the first day."""
    release_days: Annotated[int, Range(least=0, most=MOST_DAYS)] = 0
    """Days over which these appear, evenly."""
    staleness: Annotated[float, Range(least=0, most=100)] = 0.0
    """Utility that an old item has lost."""
    staleness_days: Annotated[float, Range(above=0)] = 30.0
    """Days after its release in which an item loses most of that."""
    blend: Annotated[float, Range(least=0, most=1)] = 0.0
    """Share of an item that is about a second, hidden topic, at most; 0: items are about their topic alone."""
    curvature: Annotated[float, Range(least=0, most=10)] = 0.0
    """Utility lost by an item one unit of a hidden level away from what a user wants; 0: there is no such level."""

    def __post_init__(self) -> None:
        check_ranges(self, "catalogue")
        if self.n_topics > self.n_items:
            raise SettingsError(f"catalogue: n_topics is {self.n_topics}; allowed is 1 to n_items = {self.n_items}")
        if self.new_share > 0.0 and self.release_days == 0:
            raise SettingsError(f"catalogue: release_days is {self.release_days}; allowed is 1 or more with new items")

    @property
    def n_first(self) -> int:
        """Number of items that are there on the first day."""
        return max(1, self.n_items - int(self.new_share * self.n_items))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items of one world.

    Attributes:
        topic: (M,) int32 topic of each item.
        quality: (M,) float32 what an item is worth to everybody, in units of utility.
        released: (M,) int32 first day on which an item can be shown.
        factors: (M, d) float32 item factors, or None: then a user has a taste for each topic, and the factors of an
            item are the unit vector of its topic.
        n_topics: number of topics K.
    """

    topic: Array
    quality: Array
    released: Array
    factors: Array | None
    n_topics: int

    def items(self) -> Items:
        """Return what a site knows of the catalogue."""
        return Items(np.asarray(self.topic), np.asarray(self.released))

    def placed(self, place: Callable[[Array], Array]) -> Catalogue:
        """Return the catalogue with all arrays where `place` puts them; topics become int64 to index with."""
        factors = None if self.factors is None else place(self.factors)
        topic = place(self.topic.astype(np.int64))
        return Catalogue(topic, place(self.quality), place(self.released), factors, self.n_topics)


def draw_catalogue(settings: CatalogueSettings, seed: int) -> Catalogue:
    """Return a catalogue: topics by size, qualities around 0, release days spread over items at random."""
    rng = generator(seed, "catalogue")
    topic: SmallInts = rng.permutation(_topics(settings))
    if settings.quality_shape == "normal":
        quality = rng.normal(0.0, settings.quality_spread, settings.n_items)
    else:
        quality = settings.quality_spread * (rng.exponential(1.0, settings.n_items) - 1.0)
    released = _release_days(settings, seed)
    return Catalogue(topic, quality.astype(np.float32), released, None, settings.n_topics)


def with_factors(settings: CatalogueSettings, catalogue: Catalogue, taste: Array, seed: int) -> tuple[Catalogue, Array]:
    """Return the items with factors and the users' tastes for them, or both as they are where topics are all.

    theta_u . v_i = (1 - w_i) t_u,k(i) + w_i t_u,h(i) - c ((l_i - a_u)^2 - 2): w_i uniform on [0, `blend`], h(i) a
    hidden topic, c the `curvature`, l_i and a_u standard normal, so that levels cost nothing on average.

    Args:
        settings: of the catalogue.
        catalogue: items about one topic each.
        taste: (n, K) tastes t of the users for topics.
        seed: number that all draws follow from.
    """
    if settings.blend == 0.0 and settings.curvature == 0.0:
        return catalogue, taste
    factors = _blended(settings.blend, catalogue, seed)
    if settings.curvature > 0.0:
        level = generator(seed, "levels").standard_normal(len(factors))
        wanted = generator(seed, "wanted levels").standard_normal(len(taste))
        c, one = settings.curvature, np.ones(len(wanted))
        factors = np.column_stack([factors, level, level**2, np.ones(len(level))])
        taste = np.column_stack([taste, 2.0 * c * wanted, -c * one, c * (2.0 - wanted**2)])
    return replace(catalogue, factors=factors.astype(np.float32)), taste.astype(np.float32)


def _blended(blend: float, catalogue: Catalogue, seed: int) -> Singles:
    """Return (M, K) how much each item is about each topic, most about its own where `blend` is at most a half."""
    rng, topic = generator(seed, "second topics"), np.asarray(catalogue.topic)
    second = rng.integers(catalogue.n_topics, size=len(topic))
    weight = blend * rng.random(len(topic))
    factors = np.zeros((len(topic), catalogue.n_topics), dtype=np.float32)
    rows = np.arange(len(topic))
    factors[rows, topic] += 1.0 - weight
    factors[rows, second] += weight
    return factors


def _topics(settings: CatalogueSettings) -> SmallInts:
    """Return (M,) topics, each at least once, in shares that go with k^-skew."""
    if settings.topic_skew == 0.0:
        return np.arange(settings.n_items, dtype=np.int32) % settings.n_topics
    share = np.arange(1, settings.n_topics + 1.0) ** -settings.topic_skew
    spare = settings.n_items - settings.n_topics
    upper = np.rint(np.cumsum(share) / share.sum() * spare).astype(np.int64)
    return np.repeat(np.arange(settings.n_topics, dtype=np.int32), 1 + np.diff(upper, prepend=0))


def _release_days(settings: CatalogueSettings, seed: int) -> SmallInts:
    """Return (M,) release day: 0 for those there at first, 1 to `release_days` in equal numbers for the others."""
    released = np.zeros(settings.n_items, dtype=np.int32)
    n_new = settings.n_items - settings.n_first
    if n_new == 0:
        return released
    later = generator(seed, "releases").permutation(settings.n_items)[:n_new]
    released[later] = 1 + np.arange(n_new) * settings.release_days // n_new
    return released


def staleness(released: Array, day: Array | int, most: float, days: float) -> Array:
    """Return (B, L) what items `released` (B, L) lost by `day`, one for all or (B,): most (1 - e^-(age / days)).

    Args:
        released: (B, L) first day of each item.
        day: day of the world, from 0; one for all or (B,).
        most: utility that an item loses in the end.
        days: days in which it loses 1 - 1/e of that.
    """
    xp = array_api_compat.array_namespace(released)
    today = day if isinstance(day, int) else day[:, None]
    age = xp.astype(xp.clip(today - released, 0, None), xp.float32)
    return -most * xp.expm1(-age / days)


@dataclass(frozen=True, slots=True)
class HidingRules:
    """What a site does not show a user again.

    Whoever would be left with less than a slate may be shown all of it again.  What happened before the first day does
    not count.
    """

    clicked_days: Annotated[int, Range(least=0, most=MOST_DAYS)] | None = 0
    """Days for which an item that a user clicked is hidden from that user, today included; null: for good; 0: it is
    not."""
    most_showings: Annotated[int, Range(least=0, most=30_000)] = 0
    """Showings of an item to a user after which it is hidden from that user; 0: it never is."""
    shown_days: Annotated[int, Range(least=1, most=MOST_DAYS)] | None = None
    """Days for which it then is, today included, before its showings are counted anew; null: for good."""

    def __post_init__(self) -> None:
        check_ranges(self, "hides")

    @property
    def any(self) -> bool:
        """Whether anything is ever hidden."""
        return self.clicked_days != 0 or self.most_showings > 0

    @property
    def bytes_of_pair(self) -> int:
        """Bytes that are kept of each user and item."""
        return 4 * (self.any + (self.most_showings > 0))

    def start(self, n_users: int, n_items: int) -> dict[str, Array]:
        """Return what is kept before anything was shown, (n_users, n_items) each."""
        names = (["hidden_until"] if self.any else []) + (["showings"] if self.most_showings else [])
        return {name: np.zeros((n_users, n_items), np.int32) for name in names}

    def note(self, state: dict[str, Array], day: Array | int, users: Array, items: Array, clicked: Array) -> None:
        """Keep what follows from a slate.

        Args:
            state: what is kept, by name, changed in place.
            day: one for all or (B,).
            users: (B,) rows of the users, none twice.
            items: (B, L) what was shown, none twice in a slate.
            clicked: (B, L) what was clicked.
        """
        xp = array_api_compat.array_namespace(items)
        until = gather(state["hidden_until"], users, items)
        today = xp.zeros_like(until) + (day if isinstance(day, int) else xp.astype(day, until.dtype)[:, None])
        if self.clicked_days != 0:
            until = xp.where(clicked, _after(xp, today, self.clicked_days), until)
        if self.most_showings:
            showings = gather(state["showings"], users, items) + 1
            often = showings >= self.most_showings
            until = xp.where(often, xp.maximum(until, _after(xp, today, self.shown_days)), until)
            put_at(state["showings"], users, items, xp.where(often, xp.zeros_like(showings), showings))
        put_at(state["hidden_until"], users, items, until)

    def left(self, state: dict[str, Array], users: Array, days: Array, there: Bools, n_slots: int) -> Bools:
        """Return (B, M) what of `there` (B, M) is not hidden from `users`.

        Args:
            state: what is kept, by name.
            users: (B,) rows of the users.
            days: (B, 1) the day of each.
            there: (B, M) what can be shown to somebody.
            n_slots: slots of a slate: who would be left with fewer items is left with all.
        """
        if not self.any:
            return there
        left = there & (to_numpy(state["hidden_until"][users]) <= days)
        short = np.count_nonzero(left, axis=1) < n_slots
        left[short] = there[short]
        return left


def refuse_hidden(available: Bools, users: Ints, items: Ints) -> None:
    """Raise a DataError if any of `items` (B, L) is not `available` (B, M) to who is shown it, of `users` (B,)."""
    rows, slots = np.nonzero(~at_items(available, items))
    if len(rows):
        raise DataError(
            f"item {int(items[rows[0], slots[0]])} is hidden from user {int(users[rows[0]])} (the world's `hides`) or "
            "not released; show items of which world.visits(users, day, visit, state).available is true"
        )


def _after(xp: Any, today: Array, days: int | None) -> Array:
    """Return (B, L) the day on which what is hidden for `days` from `today` (B, L) may be shown again."""
    return xp.full_like(today, FOR_GOOD) if days is None else today + days
