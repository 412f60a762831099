"""The contract of a strategy: how a belief becomes candidate slates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from serendip.agents.beliefs.belief import Factored, Luck, Posterior, Situation, Stacked
from serendip.agents.serving.catalogue import Catalogue
from serendip.agents.serving.ranking import top_slates
from serendip.simulator import randomness
from serendip.simulator.interface import Bools, Floats, Ints, Singles, Visits


@dataclass(frozen=True, slots=True)
class Ranker:
    """Makes slates of scores.

    Attributes:
        situation: B visits to make them for, and what is remembered of their users.
        slate_size: L.
        tie_key: key of the stream that breaks ties.
        catalogue: holds the items' factors, where products with them are ranked there.
    """

    situation: Situation
    slate_size: int
    tie_key: int
    catalogue: Catalogue | None = None

    @property
    def visits(self) -> Visits:
        """The B visits."""
        return self.situation.visits

    @property
    def available(self) -> Bools:
        """(M,) which items can be shown, or (B, M) where that differs by visit."""
        return self.visits.available

    @property
    def by_visit(self) -> bool:
        """Whether what can be shown differs by visit."""
        return self.available.ndim == 2

    def top(self, scores: Singles) -> Ints:
        """Return (B, L) the items with the highest of `scores` (B, M)."""
        return top_slates(scores, self.available, self.slate_size, self.visits.user_ids, self.tie_key)

    def best(self, posterior: Posterior, indices: range, luck: Luck) -> Ints:
        """Return (B, S, L) the best items under each hypothesis of `indices`."""
        if self.catalogue is None or self.by_visit or not isinstance(posterior, Factored):
            if isinstance(posterior, Stacked):
                return self._best_of_stacks(posterior.draws(indices, luck))
            return np.stack([self.top(posterior.draw(index, luck)) for index in indices], axis=1)
        codes = posterior.codes(indices, luck)  # (B, S, d)
        users = np.repeat(self.visits.user_ids, len(indices))
        rows = codes.reshape(len(users), codes.shape[2])
        slates = self.catalogue.top(rows, self.available, self.slate_size, users, self.tie_key)
        return slates.reshape(*codes.shape[:2], self.slate_size)

    def _best_of_stacks(self, stacks: Iterable[Singles]) -> Ints:
        """Return (B, S, L) the best items of scores (n, S, M) that come a few visits at a time."""
        found, done = list[Ints](), 0
        for scores in stacks:
            n, n_hypotheses, n_items = scores.shape
            users = np.repeat(self.visits.user_ids[done : done + n], n_hypotheses)
            rows = scores.reshape(-1, n_items)
            there = self.available
            if self.by_visit:
                there = np.repeat(there[done : done + n], n_hypotheses, axis=0)
            best = top_slates(rows, there, self.slate_size, users, self.tie_key)
            found.append(best.reshape(n, n_hypotheses, self.slate_size))
            done += n
        return np.concatenate(found)


class Strategy(Protocol):
    """Turns a belief into a distribution over slates.

    Attributes:
        steady: whether under the same luck candidate s is of the same mind, and as likely, at each slate of a visit, so
            that one can be kept for all of them.

    A strategy whose candidates are `Ranker.best` of single hypotheses says so by `by_hypothesis = True`.
    """

    steady: ClassVar[bool]

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats | None]:
        """Return (B, S, L) candidate slates and (B, S) their weights, None for equal ones."""
        ...


def tie_key(seed: int) -> int:
    """Return the key of the stream that breaks ties in an agent of that seed."""
    return randomness.derive(seed, "ties")
