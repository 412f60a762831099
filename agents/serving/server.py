"""Serves one item at a time, tens of thousands of times a second, from an ensemble of linear regressions.

A `Server` makes the very decisions of its agent (the same items, propensities and luck, bit for bit), but takes the
user's features with the request, and leaves out all that a slate of one item from one belief does not need.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from serendip.agents.beliefs.features import UserTable
from serendip.agents.beliefs.linear_ensemble import LinearEnsemble
from serendip.agents.beliefs.weights import products
from serendip.agents.propensity import mixed, random_slates
from serendip.agents.recommender import Recommender
from serendip.agents.serving.ranking import top_slates
from serendip.agents.strategies.strategy import tie_key
from serendip.agents.strategies.thompson import Thompson
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError, ThreadError
from serendip.simulator.interface import Bools, Floats, Ints, Singles, SmallInts, Visits

_MASK = (1 << 64) - 1
_OWN = ("_row", "_by_member", "_turn")  # what each server has for itself
_AT_ONCE = 1 << 17  # scores: what stays in the cache


@dataclass(frozen=True, slots=True)
class Served:
    """What was shown at B visits.

    Attributes:
        items: (B,).
        propensities: (B,) exact probability of each, given the members.
        explored: (B,) whether it is anything at all.
    """

    items: Ints
    propensities: Floats
    explored: Bools


class Server:
    """A frozen copy of an agent that shows one item by Thompson sampling over the members of a linear ensemble.

    It works in memory of its own that is set aside once: give each thread a server, such as a copy.  A second thread
    in the same server is told so.
    """

    def __init__(self, agent: Recommender, available: Bools, key: int) -> None:
        """Copy what the agent has learned.

        Args:
            agent: with the belief `linear-ensemble` of each item about a `UserTable`, the strategy `thompson` that
                draws all members, anew for each slate, slates of one item, all of which may be shown again, and one
                update at least behind it.
            available: (M,) which items can be shown.
            key: of the draws, as in `Agent.act`.

        Raises:
            SettingsError: the agent is another one.
        """
        belief, strategy = agent.belief, agent.strategy
        if not (
            isinstance(belief, LinearEnsemble)
            and isinstance(belief.features, UserTable)
            and belief.settings.of == "item"
            and type(strategy) is Thompson
            and strategy.settings.draws is None
            and agent.slate_size == 1
            and agent.settings.hypothesis == "slate"
            and not agent.remembers_showings
            and agent.version
        ):
            raise SettingsError(
                f"agent {agent.settings.name!r} cannot be served: that takes slates of one item, the strategy thompson "
                "without draws, hypothesis 'slate', everything that may be shown again, and a linear-ensemble of each "
                "item about a table of users, updated at least once"
            )
        self._pool = np.flatnonzero(available)
        weights = belief.weights[:, self._pool]  # (S, M, d)
        self._n_members, self._n_items, n_features = weights.shape
        self._weights = np.ascontiguousarray(weights.reshape(-1, n_features).T)  # (d, S * M)
        self._epsilon = agent.settings.epsilon
        self._random = self._epsilon / self._n_items
        self._ties, self._key = tie_key(agent.seed), key
        self._candidate, self._explore = (randomness.derive(key, name) for name in ("candidate", "explore"))
        self._start = tuple(stream & _MASK for stream in (self._candidate, self._explore))
        step = max(_AT_ONCE // self._weights.shape[1], 1)
        self._scores = np.empty((step, self._weights.shape[1]), dtype=np.float32)
        self._equal = np.empty((step * self._n_members, self._n_items), dtype=np.bool_)
        self._row = self._scores[:1]
        self._offsets = self._n_items * np.arange(self._n_members)
        self._by_member = self._row.reshape(self._n_members, self._n_items)
        self._turn = Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but who is in it; a copy, or one that was pickled, serves nobody."""
        return {name: value for name, value in vars(self).items() if name not in _OWN}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state of another server, and memory of its own."""
        vars(self).update(state)
        self._row = self._scores[:1]
        self._by_member = self._row.reshape(self._n_members, self._n_items)
        self._turn = Lock()

    def choose(self, x: Singles, user_ids: Ints, day: int, visit: SmallInts) -> Served:
        """Return what is shown at B visits of users with features `x` (B, d), and how probable that was.

        Args:
            x: (B, d) features of the users.
            user_ids: (B,) ids of the users.
            day: day of the visits.
            visit: (B,) number of each visit within the day.

        Raises:
            ThreadError: another thread is in this server.
        """
        self._enter()
        try:
            return self._choose(x, user_ids, day, visit)
        finally:
            self._turn.release()

    def _choose(self, x: Singles, user_ids: Ints, day: int, visit: SmallInts) -> Served:
        n, n_members = len(user_ids), self._n_members
        best = np.empty((n, n_members), dtype=np.int64)
        step = len(self._scores)
        for start in range(0, n, step):
            part = slice(start, min(start + step, n))
            here = self._scores[: part.stop - start]
            best[part] = self._best(products(x[part], self._weights, here), user_ids[part])
        u = randomness.uniform(self._candidate, user_ids, day, visit)
        arms = best[np.arange(n), (u * n_members).astype(np.int64)]
        explored = randomness.uniform(self._explore, user_ids, day, visit) < self._epsilon
        items = self._pool[arms]
        if explored.any():
            items[explored] = self._anything(user_ids[explored], day, visit[explored])
            arms = np.searchsorted(self._pool, items)
        share = np.count_nonzero(best == arms[:, None], axis=1) / n_members
        return Served(items, np.minimum(mixed(share, self._epsilon, self._random), 1.0), explored)

    def choose_one(self, x: Singles, user_id: int, day: int, visit: int) -> tuple[int, float, bool]:
        """Return the item shown at one visit, its probability, and whether it is anything at all.

        What `choose` returns for a batch of one, at a tenth of its cost.

        Args:
            x: (1, d) features of the user, single precision.
            user_id: who.
            day: the day.
            visit: number of the visit within the day.

        Raises:
            ThreadError: another thread is in this server.
        """
        self._enter()
        try:
            return self._choose_one(x, user_id, day, visit)
        finally:
            self._turn.release()

    def _enter(self) -> None:
        """Take the server's turn."""
        if not self._turn.acquire(blocking=False):
            raise ThreadError("another thread is in this server; give each thread a server of its own, such as a copy")

    def _choose_one(self, x: Singles, user_id: int, day: int, visit: int) -> tuple[int, float, bool]:
        scores = self._by_member
        products(x, self._weights, self._row)
        best = scores.argmax(axis=1)
        highest = self._row.take(best + self._offsets)
        if np.count_nonzero(scores == highest[:, None]) != self._n_members:
            best = self._untied(scores, user_id)
        arms = best.tolist()
        candidate, explore = self._start
        for word in (user_id, day, visit):
            candidate, explore = randomness.absorb(candidate, word), randomness.absorb(explore, word)
        explored = randomness.fraction(explore) < self._epsilon
        if explored:
            one = np.asarray([user_id]), day, np.asarray([visit], dtype=np.int32)
            item = int(self._anything(*one)[0])
            arm = int(np.searchsorted(self._pool, item))
        else:
            arm = arms[int(randomness.fraction(candidate) * self._n_members)]
            item = int(self._pool[arm])
        share = arms.count(arm) / self._n_members
        return item, min(mixed(share, self._epsilon, self._random), 1.0), explored

    def _best(self, scores: Singles, user_ids: Ints) -> Ints:
        """Return (B, S) the best item of each member, by `scores` (B, S * M)."""
        n, n_members = len(scores), self._n_members
        rows = scores.reshape(n * n_members, self._n_items)
        best = rows.argmax(axis=1)
        equal = np.equal(rows, rows[np.arange(len(rows)), best][:, None], out=self._equal[: len(rows)])
        best = best.reshape(n, n_members)
        if np.count_nonzero(equal) != len(rows):
            for b in np.flatnonzero(np.count_nonzero(equal.reshape(n, -1), axis=1) != n_members):
                best[b] = self._untied(scores[b].reshape(n_members, self._n_items), int(user_ids[b]))
        return best

    def _untied(self, scores: Singles, user_id: int) -> Ints:
        """Return (S,) the best item of each member by `scores` (S, M), ties broken as the agent does."""
        everything = np.zeros((self._n_members, int(self._pool[-1]) + 1), dtype=np.float32)
        everything[:, self._pool] = scores
        available = np.zeros(everything.shape[1], dtype=bool)
        available[self._pool] = True
        items = top_slates(everything, available, 1, np.full(self._n_members, user_id), self._ties)
        return np.searchsorted(self._pool, items[:, 0])

    def _anything(self, user_ids: Ints, day: int, visit: SmallInts) -> Ints:
        """Return (B,) random items, those that the agent would show."""
        available = np.zeros(int(self._pool[-1]) + 1, dtype=bool)
        available[self._pool] = True
        return random_slates(Visits(user_ids, day, visit, available), available, 1, self._key)[:, 0]
