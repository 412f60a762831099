"""Tastes that drift towards what is consumed."""

from __future__ import annotations

import array_api_compat

from serendip.simulator.interface import Array


def affinity(taste: Array, users: Array, factors: Array, items: Array) -> Array:
    """Return (B, L) theta_u . v_i for `users` (B,) and `items` (B, L), from `taste` (n, d) and `factors` (M, d).

    Args:
        taste: (n, d) tastes of the users.
        users: (B,) rows of the users, none twice.
        factors: (M, d) factors of the items.
        items: (B, L) rows of the items.
    """
    xp = array_api_compat.array_namespace(items)
    own = taste[users, :]  # (B, d)
    slots = [xp.sum(own * factors[items[:, slot], :], axis=1) for slot in range(items.shape[1])]
    return xp.stack(slots, axis=1)


def drift_tastes(
    taste: Array,
    users: Array,
    topics: Array,
    items: Array,
    factors: Array | None,
    clicked: Array,
    step: float,
    ceiling: float,
) -> None:
    """Move `taste` (n, d), in place, so that theta_u . v_i of each clicked item comes `step` of the way to `ceiling`.

    theta_u += step max(ceiling - theta_u . v_i, 0) v_i / |v_i|^2, the shortest such move (Kaczmarz 1937); where items
    have no factors v_i is the unit vector of the topic.

    Args:
        taste: (n, d) tastes of the users, changed in place.
        users: (B,) rows of the users, none twice.
        topics: (B, L) topic of each item shown.
        items: (B, L) rows of the items.
        factors: (M, d) factors of the items; None where a taste is one number a topic.
        clicked: (B, L) whether each item was clicked.
        step: share of the way to `ceiling`, in [0, 1].
        ceiling: theta_u . v_i beyond which nothing moves.
    """
    xp = array_api_compat.array_namespace(taste)
    flat = xp.reshape(taste, (-1,))
    for slot in range(clicked.shape[1]):
        rows = xp.nonzero(clicked[:, slot])[0]
        if rows.shape[0] == 0:
            continue
        who = users[rows]
        if factors is None:
            at = who * taste.shape[1] + topics[rows, slot]
            flat[at] += step * xp.clip(ceiling - flat[at], 0.0, None)
            continue
        shown = factors[items[rows, slot], :]  # (B, d)
        gap = xp.clip(ceiling - xp.sum(taste[who, :] * shown, axis=1), 0.0, None)
        length = xp.sum(shown * shown, axis=1)
        move = xp.where(length > 0.0, step * gap / xp.where(length > 0.0, length, 1.0), 0.0)
        taste[who, :] += move[:, None] * shown
