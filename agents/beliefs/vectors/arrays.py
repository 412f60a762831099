"""The arrays that items, users and room are to compiled loops, where tastes are vectors over factors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from serendip.agents.compiled import compiled

Array = Any


class ItemArrays(NamedTuple):
    """What M items are about.

    Attributes:
        index: (M, J) factors that each item is about, the main one first.
        share: (M, J) float32 v, how much it is about each; rows sum to 1.
        unit: (M, J) float32, the same over its length, for how alike two items are.
        n_factors: (M,) factors of each item that are used.
    """

    index: Array
    share: Array
    unit: Array
    n_factors: Array


class VectorScene(NamedTuple):
    """What is taken as known of items, positions and users' change while users are learned.

    Attributes:
        about: what items are about.
        examination: (L,) gamma.
        pull: (M,) e^(q + v / 2), v the variance of the quality.
        effect: eta, utility lost per unit of satiation.
        fading: (days,) what is left of satiation after so many days.
        outside: e^x0.
        forgetting: (days,) what is left of familiarity after so many days.
        familiar: share of the missing familiarity that a click adds.
        recency: (days,) what is left of the rate of visits after so many days.
    """

    about: ItemArrays
    examination: Array
    pull: Array
    effect: float
    fading: Array
    outside: float
    forgetting: Array
    familiar: float
    recency: Array


class VectorArrays(NamedTuple):
    """What is believed of n users: see `Vectors`, whose arrays these are."""

    mean: Array
    covariance: Array
    share: Array
    chosen: Array
    seen: Array
    fill: Array
    last_day: Array
    known: Array
    rate: Array


class Sums(NamedTuple):
    """Sums over slates: gradients of the log likelihood, and curvatures.

    Attributes:
        items: (M, 2) of y - p and of p (1 - p).
        positions: (L, 2) likewise.
        effect: (2,) in eta.
        toward: (M, d) gradients in how much an item is about each factor; of no rows where that is not asked.
        bend: (M, d) curvatures likewise.
    """

    items: Array
    positions: Array
    effect: Array
    toward: Array
    bend: Array


class Room(NamedTuple):
    """Room for one slate of at most L slots, used again for each.

    Attributes:
        base: (L,) weight of each slot without e^theta.
        full: (L,) satiation with its item.
        reach: (L, d) float32, covariance of theta with the slot's utility.
        spread: (L, L) covariance of the slots' utilities.
        centre: (C, L) mean utility of each slot for each persona.
        at: (L,) utilities where the likelihood is expanded.
        first: (L,) their mean before the slate.
        slope: (L,) gradient of the log likelihood there.
        curve: (L, L) its curvature.
        square: (L, L) room for a matrix.
        side: (L, L) room for right-hand sides.
        vector: (L,) room for a vector.
        logs: (C,) room for logarithms.
    """

    base: Array
    full: Array
    reach: Array
    spread: Array
    centre: Array
    at: Array
    first: Array
    slope: Array
    curve: Array
    square: Array
    side: Array
    vector: Array
    logs: Array


@compiled
def room_for(length: int, n_personas: int, n_factors: int) -> Room:
    """Return room for slates of at most `length` slots."""
    return Room(
        np.zeros(length),
        np.zeros(length),
        np.zeros((length, n_factors), dtype=np.float32),
        np.zeros((length, length)),
        np.zeros((n_personas, length)),
        np.zeros(length),
        np.zeros(length),
        np.zeros(length),
        np.zeros((length, length)),
        np.zeros((length, length)),
        np.zeros((length, length)),
        np.zeros(length),
        np.zeros(n_personas),
    )


@compiled
def solve(matrix: Array, side: Array, n: int, n_sides: int) -> None:
    """Let `side` become matrix^-1 side, by elimination with pivots; both are changed in place.

    Args:
        matrix: (L, L), of which the first n rows and columns count.
        side: (L, L), of which the first n rows and `n_sides` columns count.
        n: size of the system.
        n_sides: right-hand sides.
    """
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        if best != k:
            for j in range(n):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
            for j in range(n_sides):
                side[k, j], side[best, j] = side[best, j], side[k, j]
        scale = 1.0 / matrix[k, k]
        for j in range(k, n):
            matrix[k, j] *= scale
        for j in range(n_sides):
            side[k, j] *= scale
        for i in range(n):
            if i == k or matrix[i, k] == 0.0:
                continue
            factor = matrix[i, k]
            for j in range(k, n):
                matrix[i, j] -= factor * matrix[k, j]
            for j in range(n_sides):
                side[i, j] -= factor * side[k, j]
