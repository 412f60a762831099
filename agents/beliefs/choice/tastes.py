"""What is believed of each user's tastes, as the slates come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from serendip.agents.beliefs.choice.arrays import SceneArrays, SlateArrays, UserArrays
from serendip.agents.beliefs.choice.filter import add_up, judge_all, take_in
from serendip.agents.beliefs.choice.items import OUTSIDE, Shelf, Told
from serendip.agents.beliefs.choice.population import GRID, Evidence, People, liked_chances, shares
from serendip.agents.beliefs.choice.rows import UserRows
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.simulator.interface import Bools, Floats, Ints, Singles, SmallInts

_LONGEST = 400  # days after which nothing is left of satiation
WEIGHT: Floats = np.exp(GRID)


def fading_by_day(days: float) -> Floats:
    """Return what is left after 0, 1, ... days of what wears off in `days`."""
    return np.exp(-np.arange(_LONGEST + 1) / days)


# What a site takes for granted of how users change, where a slate builder asks: clicks make a topic familiar for about
# 60 days, a fifth of the way each; the rate of visits is one of the last 14 days, and one in eight days at first.
FORGETTING, RECENCY = fading_by_day(60.0), fading_by_day(14.0)
FAMILIAR, FIRST_RATE = 0.2, 0.125


class Reading:
    """A place in a history; another history is read from its beginning.

    Attributes:
        n: events that were read.
    """

    def __init__(self, n: int = 0) -> None:
        self.n = n
        self._of: History | None = None  # None: the next one that comes, from `n` on

    def leaves(self, history: History) -> bool:
        """Return whether another history than `history` was being read."""
        return self._of is not None and history is not self._of

    def begins(self, history: History) -> bool:
        """Return whether `history` is read from its beginning."""
        return self.n == 0 or self.leaves(history)

    def news(self, history: History) -> Shown:
        """Return what was shown since the last time; it is read with that."""
        new = history.events.since(self.n)
        self._of, self.n = history, history.events.n_ever
        return new


@dataclass(slots=True)
class Tastes(UserRows):
    """Of n users, by row of the history: the likelihood of each taste, and what follows from it.

    Attributes:
        likelihood: (n, K, G) float32 of theta on the grid, the largest 1.
        odds: (n, K) Lambda, how much likelier what was seen is if the topic is liked.
        mean_weight: (n, K, 2) E[e^theta] if not liked, if liked.
        share: (n, C) probability of each persona.
        seen: (n, K) slates that had the topic.
        fill: (n, K) satiation on the morning of `last_day`, or later that day.
        last_day: (n,) the last day of a slate.
        chosen: (n, K) whether the user clicked the topic before the log, unasked.
        known: (n, K) familiarity in [0, 1] by the user's own clicks, on `last_day`.
        rate: (n,) visits per day, recent ones counting most, on `last_day`.
    """

    likelihood: Singles
    odds: Floats
    mean_weight: Floats
    share: Floats
    seen: SmallInts
    fill: Floats
    last_day: SmallInts
    chosen: Bools
    known: Floats
    rate: Floats

    @classmethod
    def unknown(cls, people: People, n: int) -> Self:
        """Return what is believed of n users of whom nothing was seen."""
        n_topics = people.liked.shape[1]
        expected = people.on_grid() @ WEIGHT
        return cls(
            likelihood=np.ones((n, n_topics, len(GRID)), dtype=np.float32),
            odds=np.ones((n, n_topics)),
            mean_weight=np.broadcast_to(expected, (n, n_topics, 2)).copy(),
            share=np.broadcast_to(people.weight, (n, len(people.weight))).copy(),
            seen=np.zeros((n, n_topics), dtype=np.int32),
            fill=np.zeros((n, n_topics)),
            last_day=np.zeros(n, dtype=np.int32),
            chosen=np.zeros((n, n_topics), dtype=bool),
            known=np.zeros((n, n_topics)),
            rate=np.full(n, FIRST_RATE),
        )

    def with_users(self, n: int, people: People) -> Self:
        """Return the same with the users up to row n."""
        return self if n <= len(self) else self.followed_by(self.unknown(people, n - len(self)))

    def take_in(self, shown: Shown, scene: SceneArrays) -> Singles:
        """Let slates change what is believed of those who saw them; return (N,) the satiation with each slot."""
        fills = np.zeros(len(shown), dtype=np.float32)
        if len(shown):
            take_in(self._arrays(), scene, slate_arrays(shown), fills)
        return fills

    def tell(self, shown: Shown, fills: Singles, people: People, scene: SceneArrays) -> Told:
        """Return what slates tell of items and positions, given what is believed of the tastes now.

        Args:
            shown: slates with what was clicked of them.
            fills: (N,) satiation with the topic of each slot when it was shown.
            people: what is believed of who the users are.
            scene: what is known of items and choice.
        """
        told = Told.nothing(len(scene.topics), len(scene.examination))
        if len(shown):
            expected = self.expected(people)
            add_up(slate_arrays(shown), scene, expected, fills, told.items, told.positions, told.effect)
        return told

    def expected(self, people: People) -> Floats:
        """Return (n, K) E[e^theta]."""
        chance = self.liked(people)
        return chance * self.mean_weight[:, :, 1] + (1.0 - chance) * self.mean_weight[:, :, 0]

    def judge(self, people: People) -> None:
        """Work out anew what follows from the likelihoods where `people` have changed."""
        judge_all(self._arrays(), WEIGHT.astype(np.float32), people.on_grid().astype(np.float32))
        self.share = shares(people, self.evidence())

    def evidence(self) -> Evidence:
        """Return what is known of the users' likings."""
        return Evidence.of(self.odds, self.seen > 0, self.chosen)

    def liked(self, people: People, rows: Ints | None = None) -> Floats:
        """Return (B, K) probability that the users at `rows`, or all, like each topic."""
        odds, share = (self.odds, self.share) if rows is None else (self.odds[rows], self.share[rows])
        chances = np.empty(odds.shape)
        liked_chances(odds, people.liked, share, chances)
        return chances

    def _arrays(self) -> UserArrays:
        return UserArrays(*(getattr(self, name) for name in UserArrays._fields))


def slate_arrays(shown: Shown) -> SlateArrays:
    """Return the slates of `shown`."""
    columns = shown.rows, shown.day, shown.position, shown.items, shown.clicked
    return SlateArrays(shown.slate_starts(), *columns)


def scene_of(topics: Ints, people: People, shelf: Shelf, fading: Floats) -> SceneArrays:
    """Return what is taken as known while users are learned.

    Args:
        topics: (M,) topic of each item.
        people: what users are like.
        shelf: items, positions and satiation.
        fading: (days,) what is left of satiation after so many days.
    """
    return SceneArrays(
        topics,
        WEIGHT.astype(np.float32),
        people.on_grid().astype(np.float32),
        np.ascontiguousarray(people.liked.T),
        np.exp(shelf.examination),
        shelf.pull,
        float(shelf.effect[0]),
        fading,
        float(np.exp(OUTSIDE)),
        FORGETTING,
        FAMILIAR,
        RECENCY,
    )
