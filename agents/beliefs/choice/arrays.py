"""The arrays that slates, scenes and users are, as compiled loops take them."""

from __future__ import annotations

from typing import Any, NamedTuple

Array = Any


class SlateArrays(NamedTuple):
    """n slates of N slots.

    Attributes:
        starts: (n + 1,) where each slate begins among the slots.
        rows: (N,) user.
        days: (N,) day; a negative one is before the log.
        positions: (N,) position.
        items: (N,) item.
        clicked: (N,) whether it was clicked.
    """

    starts: Array
    rows: Array
    days: Array
    positions: Array
    items: Array
    clicked: Array


class SceneArrays(NamedTuple):
    """What is taken as known of topics, positions and items while users are learned.

    Attributes:
        topics: (M,) topic of each item.
        weight: (G,) e^theta on the grid.
        prior: (2, G) of theta if a topic is not liked, if it is; rows sum to 1.
        liked: (K, C) pi, probability that a persona's users like a topic.
        examination: (L,) gamma.
        pull: (M,) e^(q + v / 2).
        effect: eta, utility lost per unit of satiation.
        fading: (days,) what is left of satiation after so many days.
        outside: e^x0.
        forgetting: (days,) what is left of familiarity after so many days.
        familiar: share of the missing familiarity that a click adds.
        recency: (days,) what is left of the rate of visits after so many days.
    """

    topics: Array
    weight: Array
    prior: Array
    liked: Array
    examination: Array
    pull: Array
    effect: float
    fading: Array
    outside: float
    forgetting: Array
    familiar: float
    recency: Array


class UserArrays(NamedTuple):
    """What is believed of n users: see `Tastes`, whose arrays these are."""

    likelihood: Array
    odds: Array
    mean_weight: Array
    share: Array
    seen: Array
    fill: Array
    last_day: Array
    chosen: Array
    known: Array
    rate: Array


class Slate(NamedTuple):
    """Room for one slate of at most L slots, used again for each.

    Attributes:
        topic: (L,) topic of each slot.
        base: (L,) its weight without e^theta.
        expected: (L,) E[e^theta] of its topic.
    """

    topic: Array
    base: Array
    expected: Array
