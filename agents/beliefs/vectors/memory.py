"""What passes in a user besides learning: satiation, familiarity, and clicks from before the log."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.choice.arrays import SlateArrays
from serendip.agents.beliefs.choice.population import FIRST_MEAN, FIRST_SPREAD
from serendip.agents.beliefs.vectors.arrays import Room, VectorArrays, VectorScene
from serendip.agents.compiled import compiled

LIKED, LIKED_VARIANCE = float(FIRST_MEAN[1]), float(FIRST_SPREAD[1] ** 2)  # of the taste for what is clicked unasked


@compiled
def like_unasked(users: VectorArrays, scene: VectorScene, user: int, item: int, room: Room) -> None:
    """Let a click from before the log say that its item is liked: v theta ~ N(LIKED, LIKED_VARIANCE) once a factor.

    Args:
        users: what is believed of all users, changed in place.
        scene: what is known of items and choice.
        user: row of the user.
        item: what was clicked.
        room: for numbers.
    """
    main = scene.about.index[item, 0]
    if users.chosen[user, main]:
        return
    users.chosen[user, main] = True
    n_factors = users.fill.shape[1]
    variance = LIKED_VARIANCE
    for k in range(n_factors):
        room.reach[0, k] = users.covariance[user, main, k]
    variance += room.reach[0, main]
    total = 0.0
    for c in range(users.share.shape[1]):
        gap = LIKED - users.mean[user, c, main]
        users.share[user, c] *= np.exp(-0.5 * gap * gap / variance) + 1e-30
        total += users.share[user, c]
        step = np.float32(gap / variance)
        for k in range(n_factors):
            users.mean[user, c, k] += step * room.reach[0, k]
    for c in range(users.share.shape[1]):
        users.share[user, c] /= total
    for i in range(n_factors):
        step = np.float32(room.reach[0, i] / variance)
        for k in range(n_factors):
            users.covariance[user, i, k] -= step * room.reach[0, k]


@compiled
def remember(users: VectorArrays, scene: VectorScene, slates: SlateArrays, s: int) -> None:
    """Let slate `s` satiate its user, and its clicks make familiar.

    Args:
        users: what is believed of all users, changed in place.
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
    """
    user = slates.rows[slates.starts[s]]
    users.seen[user] += 1
    for j in range(slates.starts[s], slates.starts[s + 1]):
        item = slates.items[j]
        for i in range(scene.about.n_factors[item]):
            k = scene.about.index[item, i]
            users.fill[user, k] += scene.about.unit[item, i]
            if slates.clicked[j]:
                users.known[user, k] += scene.familiar * scene.about.share[item, i] * (1.0 - users.known[user, k])


@compiled
def count_clicks(slates: SlateArrays, s: int) -> int:
    """Return the clicks in slate `s`."""
    n = 0
    for j in range(slates.starts[s], slates.starts[s + 1]):
        n += slates.clicked[j]
    return n
