"""How fast satiation wears off, by what makes the clicks likeliest."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.choice.arrays import Array, SceneArrays, SlateArrays
from serendip.agents.beliefs.choice.filter import add_up, slot_weight
from serendip.agents.beliefs.choice.tastes import fading_by_day
from serendip.agents.compiled import compiled
from serendip.simulator.interface import Floats

DAYS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0)
_STEPS = 4


def likeliest_fading(slates: SlateArrays, scene: SceneArrays, expected: Floats) -> tuple[float, float]:
    """Return the days of `DAYS` in which satiation wears off that make the slates likeliest, and its effect eta then.

    For each number of days eta is the most likely one, found by Newton steps from what is believed; all else is taken
    as it is believed to be.

    Args:
        slates: all that was shown, each user's slates in order.
        scene: what is known of items and choice.
        expected: (n_users, K) E[e^theta].
    """
    found = list[tuple[float, float, float]]()
    for days in DAYS:
        fills = np.zeros(len(slates.rows), dtype=np.float32)
        state = np.zeros(expected.shape), np.zeros(len(expected), dtype=np.int64)
        wear(slates, scene.topics, fading_by_day(days), *state, fills)
        at = scene
        for _ in range(_STEPS):
            told = np.zeros(2)
            nothing = np.zeros((len(scene.topics), 2)), np.zeros((len(scene.examination), 2))
            add_up(slates, at, expected, fills, *nothing, told)
            at = at._replace(effect=max(at.effect + float(told[0] / max(told[1], 1e-9)), 0.0))
        found.append((log_likelihood(slates, at, expected, fills), days, at.effect))
    _, days, effect = max(found)
    return days, effect


@compiled
def wear(slates: SlateArrays, topics: Array, fading: Array, fill: Array, last_day: Array, fills: Array) -> None:
    """Fill `fills` (N,) with satiation with the topic of each slot when it was shown.

    Args:
        slates: what was shown.
        topics: (M,) topic of each item.
        fading: (days,) what is left of satiation after so many days.
        fill: (n, K) zeros, written over.
        last_day: (n,) zeros, written over.
        fills: filled.
    """
    for s in range(slates.starts.shape[0] - 1):
        first, end = slates.starts[s], slates.starts[s + 1]
        user, day = slates.rows[first], slates.days[first]
        if day < 0:
            continue
        if day > last_day[user]:
            left = fading[min(day - last_day[user], fading.shape[0] - 1)]
            for k in range(fill.shape[1]):
                fill[user, k] *= left
            last_day[user] = day
        for j in range(first, end):
            fills[j] = fill[user, topics[slates.items[j]]]
        for j in range(first, end):
            fill[user, topics[slates.items[j]]] += 1.0


@compiled
def log_likelihood(slates: SlateArrays, scene: SceneArrays, expected: Array, fills: Array) -> float:
    """Return the log likelihood of what was clicked in slates, tastes at their means.

    Args:
        slates: what was shown.
        scene: as it is taken to be.
        expected: (n_users, K) E[e^theta].
        fills: (N,) satiation with the topic of each slot.
    """
    found = 0.0
    for s in range(slates.starts.shape[0] - 1):
        first, end = slates.starts[s], slates.starts[s + 1]
        if slates.days[first] < 0:
            continue
        total, shows = scene.outside, 0
        for j in range(first, end):
            weight = slot_weight(slates, scene, expected, fills, j)
            total += weight
            if slates.clicked[j]:
                found += np.log(weight)
                shows += 1
        found -= max(shows, 1) * np.log(total)
    return found
