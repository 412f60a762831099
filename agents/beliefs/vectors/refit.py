"""All that is remembered of each user read anew: the mode of the vector, its covariance, and what it tells of items."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.choice.arrays import SlateArrays
from serendip.agents.beliefs.choice.filter import wake
from serendip.agents.beliefs.vectors.arrays import Array, Room, Sums, VectorArrays, VectorScene, room_for
from serendip.agents.beliefs.vectors.filter import expand, tell
from serendip.agents.beliefs.vectors.memory import LIKED, LIKED_VARIANCE, count_clicks, remember
from serendip.agents.compiled import compiled

_FARTHEST = 4.0  # utility that a factor moves in a step of Newton's method: from afar a whole step can lead anywhere
_MOST_STEPS = 50


@compiled
def walk(users: VectorArrays, scene: VectorScene, slates: SlateArrays, start: int, end: int, fills: Array) -> None:
    """Live through the slates `start` to `end` of one user once more: satiation, familiarity and visits.

    Args:
        users: the user's row is as if nothing had been seen; changed.
        scene: what is known of items and choice.
        slates: user after user.
        start: the user's first slate.
        end: one past the last.
        fills: (N,) satiation with the item of each slot; filled.
    """
    for s in range(start, end):
        first = slates.starts[s]
        user, day = slates.rows[first], slates.days[first]
        if day < 0:
            for j in range(first, slates.starts[s + 1]):
                if slates.clicked[j]:
                    users.chosen[user, scene.about.index[slates.items[j], 0]] = True
            continue
        if day > users.last_day[user]:
            wake(users, scene, user, day)
        for j in range(first, slates.starts[s + 1]):
            item, full = slates.items[j], 0.0
            for i in range(scene.about.n_factors[item]):
                full += scene.about.unit[item, i] * users.fill[user, scene.about.index[item, i]]
            fills[j] = full
        remember(users, scene, slates, s)


@compiled
def see_again(theta: Array, scene: VectorScene, slates: SlateArrays, s: int, fills: Array, room: Room) -> int:
    """Fill `room` with slate `s` for a user whose vector is known; return its length.

    Args:
        theta: (d,) the vector.
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
        fills: (N,) satiation with the item of each slot.
        room: filled.
    """
    first = slates.starts[s]
    length = slates.starts[s + 1] - first
    for slot in range(length):
        item = slates.items[first + slot]
        room.full[slot] = fills[first + slot]
        looks = scene.examination[slates.positions[first + slot]]
        room.base[slot] = scene.pull[item] * looks * np.exp(-scene.effect * room.full[slot])
        total = 0.0
        for j in range(scene.about.n_factors[item]):
            total += scene.about.share[item, j] * theta[scene.about.index[item, j]]
        room.at[slot] = total
    return length


@compiled
def add_site(
    scene: VectorScene, slates: SlateArrays, s: int, length: int, room: Room, precision: Array, pull: Array
) -> None:
    """Add what slate `s` tells of the vector: V' W V to `precision` (d, d) and V' (g + W eta) to `pull` (d,).

    Args:
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
        length: its slots.
        room: the slate, its likelihood expanded.
        precision: added to.
        pull: added to.
    """
    first = slates.starts[s]
    for slot in range(length):
        item = slates.items[first + slot]
        right = room.slope[slot]
        for m in range(length):
            right += room.curve[slot, m] * room.at[m]
        for j in range(scene.about.n_factors[item]):
            row, v = scene.about.index[item, j], scene.about.share[item, j]
            pull[row] += v * right
            for m in range(length):
                other = slates.items[first + m]
                for i in range(scene.about.n_factors[other]):
                    precision[row, scene.about.index[other, i]] += v * scene.about.share[other, i] * room.curve[slot, m]


@compiled
def add_sites(
    users: VectorArrays,
    scene: VectorScene,
    slates: SlateArrays,
    start: int,
    end: int,
    fills: Array,
    theta: Array,
    room: Room,
    precision: Array,
    pull: Array,
) -> None:
    """Add to `precision` (d, d) and `pull` (d,) what one user's slates tell, expanded at `theta` (d,).

    Args:
        users: with what the user clicked before the log.
        scene: what is known of items and choice.
        slates: user after user.
        start: the user's first slate.
        end: one past the last.
        fills: (N,) satiation with the item of each slot.
        theta: where the likelihood is expanded.
        room: for a slate.
        precision: added to.
        pull: added to.
    """
    user = slates.rows[slates.starts[start]]
    for k in range(theta.shape[0]):
        if users.chosen[user, k]:
            precision[k, k] += 1.0 / LIKED_VARIANCE
            pull[k] += LIKED / LIKED_VARIANCE
    for s in range(start, end):
        if slates.days[slates.starts[s]] < 0:
            continue
        length = see_again(theta, scene, slates, s, fills, room)
        shows = max(count_clicks(slates, s), 1)
        expand(room, slates, slates.starts[s], length, shows, scene.outside)
        add_site(scene, slates, s, length, room, precision, pull)


@compiled
def settle(users: VectorArrays, user: int, told: Array, own: Array, pull: Array, wide: Array, theta: Array) -> None:
    """Fill what is believed of a user under each persona, and who he is, and `theta` (d,) with the mean of all.

    m_c = P (S^-1 mu_c + h); log r_c = log w_c - mu_c S^-1 mu_c / 2 + (S^-1 mu_c + h) m_c / 2 + const.

    Args:
        users: filled.
        user: row of the user.
        told: (C, d) S^-1 mu_c.
        own: (C,) log w_c - mu_c S^-1 mu_c / 2.
        pull: (d,) h.
        wide: (d, d) P.
        theta: filled.
    """
    d, n_personas = theta.shape[0], own.shape[0]
    means = (told + pull) @ wide  # (C, d)
    logs = np.zeros(n_personas)
    for c in range(n_personas):
        logs[c] = own[c]
        for k in range(d):
            logs[c] += 0.5 * (told[c, k] + pull[k]) * means[c, k]
            users.mean[user, c, k] = means[c, k]
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    theta[:] = 0.0
    for c in range(n_personas):
        users.share[user, c] = weights[c]
        for k in range(d):
            theta[k] += weights[c] * means[c, k]
    for i in range(d):
        for k in range(d):
            users.covariance[user, i, k] = wide[i, k]


@compiled
def shortened(before: Array, after: Array) -> bool:
    """Return whether the step from `before` to `after` (d,) was too long; `after` is then moved back to the longest."""
    short = False
    for k in range(before.shape[0]):
        step = after[k] - before[k]
        if abs(step) > _FARTHEST:
            after[k] = before[k] + (_FARTHEST if step > 0.0 else -_FARTHEST)
            short = True
    return short


@compiled
def refit(
    users: VectorArrays,
    scene: VectorScene,
    slates: SlateArrays,
    told: Array,
    own: Array,
    sharp: Array,
    theta: Array,
    steps: int,
    sums: Sums,
) -> None:
    """Find every user's mode anew, by Newton's method over all slates, and what all of it tells of items.

    A step that is too long is shortened, and does not count.

    Args:
        users: as if nothing had been seen; filled.
        scene: as it is taken to be.
        slates: what was shown, user after user.
        told: (n, C, d) S^-1 mu_c of each user, or (1, C, d) of all.
        own: (n, C) log w_c - mu_c S^-1 mu_c / 2, or (1, C).
        sharp: (d, d) S^-1.
        theta: (n, d) where the likelihood is expanded first; becomes the means.
        steps: of Newton's method.
        sums: added to.
    """
    n_slates, d = slates.starts.shape[0] - 1, theta.shape[1]
    most = 1
    for s in range(n_slates):
        most = max(most, slates.starts[s + 1] - slates.starts[s])
    room = room_for(most, told.shape[1], d)
    fills = np.zeros(slates.rows.shape[0], dtype=np.float32)
    wide = np.zeros((d, d))
    start = 0
    while start < n_slates:
        user, end = slates.rows[slates.starts[start]], start + 1
        while end < n_slates and slates.rows[slates.starts[end]] == user:
            end += 1
        walk(users, scene, slates, start, end, fills)
        mine = min(user, told.shape[0] - 1)
        whole = 0
        for _ in range(_MOST_STEPS):
            precision, pull, before = sharp.copy(), np.zeros(d), theta[user].copy()
            add_sites(users, scene, slates, start, end, fills, before, room, precision, pull)
            wide = np.linalg.inv(precision)
            settle(users, user, told[mine], own[mine], pull, wide, theta[user])
            whole += not shortened(before, theta[user])
            if whole >= steps:
                break
        for s in range(start, end):
            if slates.days[slates.starts[s]] >= 0:
                length = see_again(theta[user], scene, slates, s, fills, room)
                tell_loadings(scene, slates, s, length, theta[user], wide, room, sums)
                tell(slates, s, max(count_clicks(slates, s), 1), scene.outside, room, sums)
        start = end


@compiled
def tell_loadings(
    scene: VectorScene,
    slates: SlateArrays,
    s: int,
    length: int,
    theta: Array,
    wide: Array,
    room: Room,
    sums: Sums,
) -> None:
    """Add up what slate `s` tells of what its items are about, and fill `room.vector` with expected weights.

    To move an item by a step t from what it is about towards factor k changes its utility by t (theta_k - v theta).

    Args:
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
        length: its slots.
        theta: (d,) mean of the user's vector.
        wide: (d, d) its covariance.
        room: the slate as its user sees it; `vector` is filled.
        sums: gradients and curvatures in t, at 0, are added.
    """
    first = slates.starts[s]
    d = theta.shape[0]
    reach = np.zeros(d)
    total, shows = scene.outside, max(count_clicks(slates, s), 1)
    for slot in range(length):
        item, spread = slates.items[first + slot], 0.0
        for j in range(scene.about.n_factors[item]):
            for i in range(scene.about.n_factors[item]):
                both = scene.about.share[item, j] * scene.about.share[item, i]
                spread += both * wide[scene.about.index[item, j], scene.about.index[item, i]]
        room.first[slot] = spread
        room.vector[slot] = room.base[slot] * np.exp(room.at[slot] + 0.5 * spread)
        total += room.vector[slot]
    for slot in range(length):
        item, p = slates.items[first + slot], room.vector[slot] / total
        surprise, spread = slates.clicked[first + slot] - shows * p, shows * p * (1.0 - p)
        for k in range(d):
            reach[k] = 0.0
        for j in range(scene.about.n_factors[item]):
            row, v = scene.about.index[item, j], scene.about.share[item, j]
            for k in range(d):
                reach[k] += v * wide[row, k]
        for k in range(d):
            step = theta[k] - room.at[slot]
            sums.toward[item, k] += surprise * step
            sums.bend[item, k] += spread * (step * step + wide[k, k] - 2.0 * reach[k] + room.first[slot])
