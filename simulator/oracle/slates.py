"""Slates chosen by who sees tastes, satiation and all: for clicks now, or for activity to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.dynamics.learning import breadth, worth
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.interface import Array, Floats, Ints, at_items
from serendip.simulator.world import World

BLOCK = 1 << 15  # pairs of user and item scored at a time: what stays in the cache


class Oracle(Protocol):
    """Chooses slates knowing everything.  Not an agent: it looks into the world."""

    def slates(self, world: World, state: State, day: int, users: Array) -> Ints:
        """Return (B, L) items for `users` (B,), none twice in a slate."""
        ...


def expected_clicks(world: World, state: State, day: int, users: Array, items: Array) -> Floats:
    """Return (B,) expected clicks on slates `items` (B, L), given everything: sum_j P(click j).

    Args:
        world: the world that is lived in.
        state: state of the users that the dynamics keep, by name.
        day: day of the world, from 0; one for all or (B,).
        users: (B,) rows of the users, none twice.
        items: (B, L) rows of the items.
    """
    utility = world.utility(state, users, world.place(items), day)
    return to_numpy(world.choice.probabilities(utility)).sum(axis=1, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Myopic:
    """The slate with the most expected clicks now: the items of highest utility, the best first.

    That is the maximum for each of the choice models: all rise in every utility, and lose by an inversion.
    """

    def slates(self, world: World, state: State, day: int, users: Array) -> Ints:
        """Return (B, L) the items of highest utility.

        Args:
            world: the world that is lived in.
            state: state of the users that the dynamics keep, by name.
            day: day of the world, from 0; one for all or (B,).
            users: (B,) rows of the users, none twice.
        """

        def choose(some: Array, items: Ints) -> Ints:
            return _top(_utility(world, state, day, some, items), world)

        return _by_blocks(world, day, users, choose)


@dataclass(frozen=True, slots=True)
class Growth:
    """Greedy for clicks and for the clicks that they bring about later: one on item i is worth 1 + `patience` (D + S).

    D = A (e^(-R / R0) - e^(-(R + rho (1 - m) g+) / R0)) tau_m c_u: what it adds to the set point of log activity, for
    as long as it is remembered, times c_u, the clicks a day of a user at this rate.
    S = B (g + g0) c: the same of satisfaction, which lasts 1 / zeta slates.
    c is the click rate to expect.  Slots are filled one after the other by exp(x_i) times that worth, the topics in the
    slate already counting as known better and seen once more.  Where activity does not move it is the myopic oracle.
    """

    patience: float = 1.0
    """Weight of later clicks against those of now; 1, as derived, is tuned on nothing.  Satiation makes the myopic
    oracle look around as well, so that little is left to gain: over 240 days of `default` with 400 users, seeds 100 and
    101, visits are 0.5% more than the myopic oracle's, and 1.7% more for the low-activity third (.3: 0.4 and 1.6%; 3:
    0.6 and 2.2%)."""
    click_rate: float = 0.8
    """c: clicks a slate that are expected later."""

    def slates(self, world: World, state: State, day: int, users: Array) -> Ints:
        """Return (B, L) items, filled slot by slot.

        Args:
            world: the world that is lived in.
            state: state of the users that the dynamics keep, by name.
            day: day of the world, from 0; one for all or (B,).
            users: (B,) rows of the users, none twice.
        """
        dynamics = world.dynamics
        if not isinstance(dynamics, Repertoire):
            return Myopic().slates(world, state, day, users)

        def choose(some: Array, items: Ints) -> Ints:
            return self._fill(world, dynamics, state, day, some, items)

        return _by_blocks(world, day, users, choose)

    def _fill(self, world: World, dynamics: Repertoire, state: State, day: int, users: Array, items: Ints) -> Ints:
        """Return (B, L) slates of some users, from `items` (B, C), the same for all."""
        utility = _utility(world, state, day, users, items)  # (B, C)
        topic = np.asarray(world.items.topic)[items[0]]  # (C,)
        gain = to_numpy(worth(world.match(users, world.place(items), day, state)))
        known: Floats = to_numpy(state["repertoire"])[to_numpy(users)].astype(np.float64)  # (B, K)
        wide: Floats = to_numpy(breadth(state))[to_numpy(users)].astype(np.float64)  # (B,)
        factor = {name: to_numpy(f)[to_numpy(users)][:, None] for name, f in world.people.factor_of.items()}
        pleased = dynamics.satisfaction_effect * factor["satisfaction_effect"] * (gain + dynamics.disappointment)
        pleased = pleased * self.click_rate
        rate: Floats = to_numpy(dynamics.rate(state))[to_numpy(users)][:, None]
        lasting = dynamics.repertoire_days * rate * world.settings.mean_slates * self.click_rate
        learning = dynamics.learning * factor["learning"] * np.clip(gain, 0.0, None)
        effect = dynamics.discovery_effect * factor["discovery_effect"] * lasting
        rows, chosen = np.arange(len(utility)), list[Ints]()
        for _ in range(world.settings.slate_size):
            step = learning * (1.0 - known[:, topic])
            here = effect * np.exp(-wide / dynamics.breadth_scale)[:, None]
            growth = here * -np.expm1(-step / dynamics.breadth_scale) + pleased
            score = utility + np.log(np.clip(1.0 + self.patience * growth, 1e-9, None))
            best = score.argmax(axis=1)
            chosen.append(best)
            added = step[rows, best]
            known[rows, topic[best]] += added
            wide += added
            utility -= np.where(topic == topic[best][:, None], dynamics.satiation_effect * dynamics.satiation_step, 0.0)
            utility[rows, best] = -np.inf
        return np.stack(chosen, axis=1)


def _utility(world: World, state: State, day: int, users: Array, items: Ints) -> Floats:
    """Return (B, C) utility of `items`, minus infinity of what is hidden from who is here."""
    utility = to_numpy(world.utility(state, users, world.place(items), day)).astype(np.float64)
    if world.settings.hides.any:
        utility[~at_items(world.available(state, users, day), items)] = -np.inf
    return utility


def _top(utility: Floats, world: World) -> Ints:
    """Return (B, L) the best columns, the best first; of equal ones the first."""
    return np.argsort(-utility, axis=1, kind="stable")[:, : world.settings.slate_size]


def candidates(world: World, day: int) -> Ints:
    """Return (C,) the items, in order, that can stand in anybody's best slate on `day`.

    Where items are about topics, and none is hidden from one user alone, these are the L best of each topic.
    """
    there, settings = np.flatnonzero(world.items.available(day)), world.settings
    if world.catalogue.factors is not None or settings.catalogue.staleness > 0.0 or settings.hides.any:
        return there
    topic, quality = np.asarray(world.items.topic)[there], to_numpy(world.catalogue.quality)[there]
    order = np.lexsort((there, -quality, topic))
    first = np.flatnonzero(np.diff(topic[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return np.sort(there[order[rank < world.settings.slate_size]])


def _by_blocks(world: World, day: int, users: Array, choose: Callable[[Array, Ints], Ints]) -> Ints:
    """Return the items at the columns that `choose(users, candidates)` says, a block of users at a time."""
    items = candidates(world, day)
    step = max(1, BLOCK // len(items))
    found = [np.empty((0, world.settings.slate_size), dtype=np.int64)]
    for start in range(0, users.shape[0], step):
        some = users[start : start + step]
        found.append(items[choose(some, np.tile(items, (some.shape[0], 1)))])
    return np.concatenate(found)
