"""The best possible life of one user over a few days, by dynamic programming over everything that can happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.world import World

MOST_NODES = 5_000_000
Choose = Callable[[World, State, int, Ints], Ints]  # (world of the nodes, their state, day, rows) -> (B, 1) items


@dataclass(frozen=True, slots=True)
class _Day:
    """One day of all lives that are still possible, n nodes.

    Attributes:
        comes: (n,) probability of a visit.
        clicks: (n, K) probability of a click on each topic's best item.
        stays: (n, 2 K + 1) probability of still being there in the morning after each outcome.
        picked: (n,) topic that a policy shows, or -1.
    """

    comes: Floats
    clicks: Floats
    stays: Floats
    picked: Ints


def exact_value(world: World, user: int, n_days: int, policy: Choose | None = None) -> float:
    """Return the expected clicks of `user` over `n_days` of one slate of one item a visit, under the best policy.

    V_t = stay { (1 - c) V_t+1(quiet) + c max_k [p_k (1 + V_t+1(k clicked)) + (1 - p_k) V_t+1(k ignored)] }, over the
    tree of all outcomes, with the world's own transitions.  A topic's best item is the one of highest quality: no other
    of the topic gives more clicks, or clicks that are worth more.  With `policy` the value is that of its choices.

    Args:
        world: the world that is lived in.
        user: row of the user.
        n_days: days that are looked ahead.
        policy: what chooses; the best policy when None.

    Raises:
        SettingsError: slates are longer, items have factors, or the tree is too large.
    """
    _check(world, n_days)
    items = _best_items(world)
    nodes = world.cast(world.place(np.array([user])), world.place(np.array([user])))
    state, days = nodes.start(), list[_Day]()
    for day in range(n_days):
        nodes, state, found = _expand(world, nodes, state, user, day, items, policy)
        days.append(found)
    value: Floats = np.zeros(len(to_numpy(state["alive"])))
    for found in reversed(days):
        value = _back(found, value)
    return float(value[0])


def _check(world: World, n_days: int) -> None:
    settings = world.settings
    whole = settings.slate_size == 1 and settings.mean_slates == 1.0 and not settings.hides.any
    if not whole or world.catalogue.factors is not None:
        raise SettingsError(
            f"world {settings.name!r}: exact values need slate_size 1, mean_slates 1, nothing that is hidden by user "
            "and items that are about topics"
        )
    n_nodes = (2 * world.catalogue.n_topics + 1) ** n_days
    if n_nodes > MOST_NODES:
        raise SettingsError(
            f"exact values over {n_days} days and {world.catalogue.n_topics} topics need {n_nodes:,} states; allowed "
            f"is {MOST_NODES:,}: take fewer days or topics"
        )


def _best_items(world: World) -> Ints:
    """Return (K,) the item of highest quality of each topic."""
    topic, quality = np.asarray(world.items.topic), to_numpy(world.catalogue.quality)
    order = np.lexsort((-quality, topic))
    return order[np.flatnonzero(np.diff(topic[order], prepend=-1))]


def _expand(
    world: World, nodes: World, state: State, user: int, day: int, items: Ints, policy: Choose | None
) -> tuple[World, State, _Day]:
    """Return every state that can follow, 2 K + 1 for each node: no visit, then clicked and ignored for each topic."""
    n, n_topics = nodes.n_users, len(items)
    rows = nodes.user_ids
    comes = -np.expm1(-to_numpy(nodes.dynamics.rate(state)).astype(np.float64) * nodes.rhythm(day))
    clicks = np.empty((n, n_topics))
    for k, item in enumerate(items):
        shown = nodes.place(np.full((n, 1), item))
        clicks[:, k] = to_numpy(nodes.choice.probabilities(nodes.utility(state, rows, shown, day)))[:, 0]
    picked = np.full(n, -1)
    if policy is not None:
        picked = np.asarray(world.items.topic)[policy(nodes, state, day, rows)[:, 0]].astype(np.int64)
    n_next = 2 * n_topics + 1
    source = np.repeat(np.arange(n), n_next)
    after = world.cast(world.place(np.full(n * n_next, user)), world.place(np.full(n * n_next, user)))
    following: State = {name: values[world.place(source)] for name, values in state.items()}
    for k, item in enumerate(items):
        for outcome in (0, 1):
            at = world.place(np.arange(n) * n_next + 1 + 2 * k + outcome)
            shown = world.place(np.full((n, 1), item))
            match = after.match(at, shown, day, following)
            topics = world.place(np.full((n, 1), k))
            clicked = world.place(np.full((n, 1), outcome == 1))
            after.dynamics.respond(following, after.people, at, topics, match, clicked)
    hazard = np.broadcast_to(to_numpy(after.dynamics.hazard(following)), n * n_next)
    after.dynamics.night(following, after.people)
    return after, following, _Day(comes, clicks, (1.0 - hazard).reshape(n, n_next), picked)


def _back(day: _Day, value: Floats) -> Floats:
    """Return (n,) the value of each node of a day, given that of every state that follows."""
    n, n_topics = day.clicks.shape
    after = day.stays * value.reshape(n, 2 * n_topics + 1)
    ignored, clicked = after[:, 1::2], after[:, 2::2]  # (n, K)
    shown = day.clicks * (1.0 + clicked) + (1.0 - day.clicks) * ignored
    best = shown.max(axis=1) if day.picked[0] < 0 else shown[np.arange(n), day.picked]
    return (1.0 - day.comes) * after[:, 0] + day.comes * best
