"""What slates tell of each user's vector, one after the other: Laplace filtering with a bank of personas."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.choice.arrays import SlateArrays
from serendip.agents.beliefs.choice.filter import wake
from serendip.agents.beliefs.vectors.arrays import Array, Room, Sums, VectorArrays, VectorScene, room_for, solve
from serendip.agents.beliefs.vectors.memory import count_clicks, like_unasked, remember
from serendip.agents.compiled import compiled

_STEPS = 3  # of Newton's method, for one slate


@compiled
def look(users: VectorArrays, scene: VectorScene, slates: SlateArrays, s: int, room: Room) -> int:
    """Fill `room` with slate `s` as its user sees it: weights without tastes, and tastes for each slot; return L.

    Args:
        users: what is believed of all users.
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
        room: filled.
    """
    first, user = slates.starts[s], slates.rows[slates.starts[s]]
    length = slates.starts[s + 1] - first
    n_factors = users.fill.shape[1]
    for slot in range(length):
        item = slates.items[first + slot]
        full = 0.0
        for j in range(scene.about.n_factors[item]):
            full += scene.about.unit[item, j] * users.fill[user, scene.about.index[item, j]]
        room.full[slot] = full
        room.base[slot] = (
            scene.pull[item] * scene.examination[slates.positions[first + slot]] * np.exp(-scene.effect * full)
        )
        for k in range(n_factors):
            room.reach[slot, k] = 0.0
        for j in range(scene.about.n_factors[item]):
            factor, v = scene.about.index[item, j], scene.about.share[item, j]
            for k in range(n_factors):
                room.reach[slot, k] += v * users.covariance[user, factor, k]
        for c in range(users.share.shape[1]):
            total = 0.0
            for j in range(scene.about.n_factors[item]):
                total += scene.about.share[item, j] * users.mean[user, c, scene.about.index[item, j]]
            room.centre[c, slot] = total
    for slot in range(length):
        for m in range(length):
            item = slates.items[first + m]
            total = 0.0
            for j in range(scene.about.n_factors[item]):
                total += scene.about.share[item, j] * room.reach[slot, scene.about.index[item, j]]
            room.spread[slot, m] = total
    return length


@compiled
def weigh_personas(
    share: Array, user: int, slates: SlateArrays, first: int, length: int, room: Room, x0: float, shows: int
) -> None:
    """Let a slate change who the user may be, by how likely each persona makes it.

    Args:
        share: (n, C) probability of each persona; changed.
        user: row of the user.
        slates: the slates as shown.
        first: where the slate begins.
        length: its slots.
        room: the slate as its user sees it.
        x0: e^x0, the weight of clicking nothing.
        shows: choices that were made from the slate.
    """
    top = -np.inf
    for c in range(share.shape[1]):
        log, total = 0.0, x0
        for slot in range(length):
            weight = room.base[slot] * np.exp(room.centre[c, slot] + 0.5 * room.spread[slot, slot])
            total += weight
            if slates.clicked[first + slot]:
                log += np.log(weight)
        room.logs[c] = np.log(share[user, c] + 1e-30) + log - shows * np.log(total)
        top = max(top, room.logs[c])
    total = 0.0
    for c in range(share.shape[1]):
        share[user, c] = np.exp(room.logs[c] - top)
        total += share[user, c]
    for c in range(share.shape[1]):
        share[user, c] /= total


@compiled
def expand(room: Room, slates: SlateArrays, first: int, length: int, shows: int, outside: float) -> None:
    """Work out slope and curvature of a slate's log likelihood at the utilities `room.at`: y - n p, n (p - p p').

    Args:
        room: the slate; slope and curve are filled.
        slates: the slates as shown.
        first: where the slate begins.
        length: its slots.
        shows: n, choices that were made from it.
        outside: e^x0.
    """
    total = outside
    for slot in range(length):
        room.vector[slot] = room.base[slot] * np.exp(room.at[slot])
        total += room.vector[slot]
    for slot in range(length):
        room.vector[slot] /= total
    for slot in range(length):
        p = room.vector[slot]
        room.slope[slot] = slates.clicked[first + slot] - shows * p
        for m in range(length):
            room.curve[slot, m] = -shows * p * room.vector[m]
        room.curve[slot, slot] += shows * p


@compiled
def find_mode(room: Room, slates: SlateArrays, first: int, length: int, shows: int, outside: float) -> None:
    """Move `room.at` to the likeliest utilities, given the prior N(first, spread) and the slate, by Newton's method.

    Args:
        room: the slate; `at`, slope and curve are changed.
        slates: the slates as shown.
        first: where the slate begins.
        length: its slots.
        shows: choices that were made from it.
        outside: e^x0.
    """
    for _ in range(_STEPS):
        expand(room, slates, first, length, shows, outside)
        for slot in range(length):
            right = room.first[slot] - room.at[slot]
            for m in range(length):
                right += room.spread[slot, m] * room.slope[m]
                total = 1.0 if slot == m else 0.0
                for j in range(length):
                    total += room.spread[slot, j] * room.curve[j, m]
                room.square[slot, m] = total
            room.side[slot, 0] = right
        solve(room.square, room.side, length, 1)
        for slot in range(length):
            room.at[slot] += min(max(room.side[slot, 0], -2.0), 2.0)
    expand(room, slates, first, length, shows, outside)


@compiled
def move(users: VectorArrays, user: int, length: int, room: Room) -> None:
    """Let what a slate told change mean and covariance.

    m_c += A B (g + W (at - eta_c)), P -= A B W A', with B = (1 + W S)^-1; A is `room.reach`, S `room.spread`, W and g
    the curvature and the slope at `room.at`.

    Args:
        users: what is believed of all users, changed in place.
        user: row of the user.
        length: slots of the slate.
        room: the slate.
    """
    n_factors = users.covariance.shape[1]
    for slot in range(length):
        for m in range(length):
            total = 1.0 if slot == m else 0.0
            for j in range(length):
                total += room.curve[slot, j] * room.spread[j, m]
            room.square[slot, m] = total
            room.side[slot, m] = 1.0 if slot == m else 0.0
    solve(room.square, room.side, length, length)
    for c in range(users.mean.shape[1]):
        for slot in range(length):
            total = room.slope[slot]
            for m in range(length):
                total += room.curve[slot, m] * (room.at[m] - room.centre[c, m])
            room.vector[slot] = total
        for slot in range(length):
            total = 0.0
            for m in range(length):
                total += room.side[slot, m] * room.vector[m]
            step = np.float32(total)
            for k in range(n_factors):
                users.mean[user, c, k] += step * room.reach[slot, k]
    for slot in range(length):
        for m in range(length):
            total = 0.0
            for j in range(length):
                total += room.side[slot, j] * room.curve[j, m]
            room.square[slot, m] = total
    for slot in range(length):
        for m in range(length):
            room.spread[slot, m] = 0.5 * (room.square[slot, m] + room.square[m, slot])
    for i in range(n_factors):
        for slot in range(length):
            total = 0.0
            for m in range(length):
                total += room.spread[slot, m] * room.reach[m, i]
            step = np.float32(total)
            for k in range(n_factors):
                users.covariance[user, i, k] -= step * room.reach[slot, k]


@compiled
def tell(slates: SlateArrays, s: int, shows: int, outside: float, room: Room, sums: Sums) -> None:
    """Add up what slate `s` tells of items, positions and satiation, tastes at their means; `room.vector` are weights.

    Args:
        slates: the slates as shown.
        s: number of the slate.
        shows: choices that were made from it.
        outside: e^x0.
        room: the slate, its expected weights in `vector`.
        sums: added to.
    """
    first, length = slates.starts[s], slates.starts[s + 1] - slates.starts[s]
    total, mean, square = outside, 0.0, 0.0
    for slot in range(length):
        total += room.vector[slot]
    for slot in range(length):
        j, p = first + slot, room.vector[slot] / total
        surprise, spread = slates.clicked[j] - shows * p, shows * p * (1.0 - p)
        sums.items[slates.items[j], 0] += surprise
        sums.items[slates.items[j], 1] += spread
        sums.positions[slates.positions[j], 0] += surprise
        sums.positions[slates.positions[j], 1] += spread
        sums.effect[0] -= surprise * room.full[slot]
        mean += p * room.full[slot]
        square += p * room.full[slot] * room.full[slot]
    sums.effect[1] += shows * (square - mean * mean)


@compiled
def expect(share: Array, user: int, length: int, room: Room) -> None:
    """Fill `room.vector` with the expected weights of the slots, and `first` and `at` with their mean utilities.

    Args:
        share: (n, C) probability of each persona.
        user: row of the user.
        length: slots of the slate.
        room: the slate; filled.
    """
    for slot in range(length):
        mean = weight = 0.0
        for c in range(share.shape[1]):
            mean += share[user, c] * room.centre[c, slot]
            weight += share[user, c] * np.exp(room.centre[c, slot])
        room.first[slot] = room.at[slot] = mean
        room.vector[slot] = room.base[slot] * weight * np.exp(0.5 * room.spread[slot, slot])


@compiled
def take_in(users: VectorArrays, scene: VectorScene, slates: SlateArrays, sums: Sums) -> None:
    """Let slates, in the order they came, change what is believed of those who saw them.

    Args:
        users: changed.
        scene: as it is taken to be.
        slates: what was shown.
        sums: what slates told of items and positions, at what was believed before each, is added.
    """
    most = 1
    for s in range(slates.starts.shape[0] - 1):
        most = max(most, slates.starts[s + 1] - slates.starts[s])
    room = room_for(most, users.share.shape[1], users.fill.shape[1])
    for s in range(slates.starts.shape[0] - 1):
        first = slates.starts[s]
        user, day = slates.rows[first], slates.days[first]
        if day < 0:
            for j in range(first, slates.starts[s + 1]):
                if slates.clicked[j]:
                    like_unasked(users, scene, user, slates.items[j], room)
            continue
        if day > users.last_day[user]:
            wake(users, scene, user, day)
        length = look(users, scene, slates, s, room)
        expect(users.share, user, length, room)
        shows = max(count_clicks(slates, s), 1)
        tell(slates, s, shows, scene.outside, room, sums)
        weigh_personas(users.share, user, slates, first, length, room, scene.outside, shows)
        expect(users.share, user, length, room)
        find_mode(room, slates, first, length, shows, scene.outside)
        move(users, user, length, room)
        remember(users, scene, slates, s)
