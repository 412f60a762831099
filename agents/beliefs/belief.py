"""The contract of a belief: what it thinks of every item, and how sure it is.

A belief is asked about a batch of visits and answers with a `Posterior`; a strategy turns that into slates.  Thompson
sampling is then one strategy for every belief there is, and greedy too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.special import ndtri

from serendip.agents.beliefs.draws import fill_normals, fill_rough, fill_states
from serendip.agents.event_log import Shown
from serendip.agents.history import History, as_ones
from serendip.agents.models.model import Arrays, Sparse
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Floats, Ints, Items, Singles, Slates, Visits


class Situation:
    """What a belief is told of B visits: who they are, and what they did."""

    def __init__(self, visits: Visits, history: History, items: Items) -> None:
        self.visits = visits
        self.history = history
        self.items = items

    @cached_property
    def clicks(self) -> Sparse:
        """(B, M) CSR, 1 for each item the user ever clicked."""
        return as_ones(self.history.clicks_of(self.visits.user_ids))

    @cached_property
    def exposures(self) -> Sparse:
        """(B, M) CSR, 1 for each item the user was ever shown."""
        return as_ones(self.n_exposures)

    @cached_property
    def n_exposures(self) -> Sparse:
        """(B, M) CSR, how often the user was shown each item."""
        return self.history.exposures_of(self.visits.user_ids)

    @cached_property
    def events(self) -> tuple[Shown, Ints]:
        """The slots the users were shown, as far as remembered, user after user, and (B + 1,) where each begins."""
        return self.history.events.of(self.history.rows_of(self.visits.user_ids))

    @cached_property
    def days_since_visit(self) -> Floats:
        """(B,) days since the user was last shown anything, infinite for who never was."""
        shown, starts = self.events
        last = np.full(len(self), -np.inf)
        some = starts[1:] > starts[:-1]
        last[some] = shown.day[starts[1:][some] - 1]
        return self.visits.day - last

    @cached_property
    def n_visits(self) -> Ints:
        """(B,) days of the log on which the user was shown anything, this one included once it had a slate."""
        shown, starts = self.events
        owner = np.repeat(np.arange(len(self)), np.diff(starts))
        new = shown.day >= 0
        new[1:] &= (owner[1:] != owner[:-1]) | (shown.day[1:] != shown.day[:-1])
        return np.bincount(owner[new], minlength=len(self))

    def topic_exposures(self, fading_days: float) -> Floats:
        """Return (B, K) slots of each topic the user was shown, one of t days ago counting exp(-t / fading_days)."""
        shown, starts = self.events
        owner = np.repeat(np.arange(len(self)), np.diff(starts))
        place = owner * self.items.n_topics + self.items.topic[shown.items]
        fresh = self._freshness(shown, fading_days)
        total: Floats = np.bincount(place, fresh, len(self) * self.items.n_topics).astype(np.float64)
        return total.reshape(len(self), self.items.n_topics)

    def item_exposures(self, fading_days: float) -> Sparse:
        """Return (B, M) CSR of how often the user was shown each item, likewise."""
        shown, starts = self.events
        owner = np.repeat(np.arange(len(self)), np.diff(starts))
        shape = (len(self), self.items.n_items)
        fresh = self._freshness(shown, fading_days)
        return sparse.coo_array((fresh, (owner, shown.items)), shape=shape).tocsr()

    def _freshness(self, shown: Shown, fading_days: float) -> Floats:
        """Return what each slot counts; those from before the log, which nobody chose to show, count nothing."""
        age = self.visits.day - shown.day.astype(np.float64)
        return np.where(shown.day >= 0, np.exp(-age / fading_days), 0.0)

    def __len__(self) -> int:
        return len(self.visits)


@dataclass(frozen=True, slots=True)
class Luck:
    """Random numbers of B visits: hashes of the key, the user, the day and the visit, whatever else is in the batch.

    Attributes:
        key: names the stream.
        visits: whose luck it is.
    """

    key: int
    visits: Visits

    def of(self, *names: str | int) -> Luck:
        """Return the stream of that name under this one."""
        return Luck(randomness.derive(self.key, *names), self.visits)

    def uniforms(self, n: int) -> Floats:
        """Return (B, n) uniforms in [0, 1)."""
        return randomness.uniform(self.key, *self._words(), np.arange(n))

    def uniforms_at(self, rows: Ints, numbers: Ints) -> Floats:
        """Return (n,) uniforms: what `uniforms` has at `rows` and columns `numbers` (n,), without the others."""
        user_ids, day, visit = (word[rows, 0] for word in self._words())
        return randomness.uniform(self.key, user_ids, day, visit, numbers)

    def normals(self, n: int) -> Floats:
        """Return (B, n) standard normals."""
        out = np.empty((len(self.visits), n))
        fill_normals(self._states(), out)
        return out

    def rough_uniforms(self, n: int) -> Any:
        """Return (B, n) uint16, uniform: four from each hash, an index into a table of quantiles."""
        return self.rough(np.arange(1 << 16, dtype=np.uint16), n)

    def rough_normals(self, n: int) -> Singles:
        """Return (B, n) standard normals from 65,536 quantiles (none beyond 4.3), a tenth of the work of exact ones."""
        return self.rough(_normal_quantiles(), n)

    def rough(self, table: NDArray[Any], n: int) -> NDArray[Any]:
        """Return (B, n) entries of `table` (65536,), each as likely, four from each hash."""
        out = np.empty((len(self.visits), n), dtype=table.dtype)
        fill_rough(self._states(), table, out)
        return out

    def below(self, bound: int) -> Ints:
        """Return (B,) integers in [0, bound)."""
        return randomness.below(bound, self.key, *(word[:, 0] for word in self._words()))

    def _states(self) -> Ints:
        """Return (B,) what `randomness.bits` makes of the key and each visit."""
        out = np.empty(len(self.visits), dtype=np.int64)
        fill_states(self.key, self.visits.user_ids, self.visits.day, self.visits.visit, out)
        return out

    def _words(self) -> tuple[Ints, Ints, Ints]:
        day = np.full((len(self.visits), 1), self.visits.day, dtype=np.int64)
        return self.visits.user_ids[:, None], day, self.visits.visit[:, None].astype(np.int64)


@cache
def _normal_quantiles() -> Singles:
    """Return (65536,) the normal quantiles at the middles of as many equal shares."""
    return ndtri((np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.float32)


class Posterior(Protocol):
    """What a belief thinks of all M items at B visits."""

    @property
    def n_hypotheses(self) -> int | None:
        """Number of hypotheses there are, where they can be counted (1 for a point, the members of an ensemble)."""
        ...

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) expected scores; `luck` is for beliefs that must sample them."""
        ...

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations of the scores; `luck` likewise."""
        ...

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores under hypothesis `index`.

        Of countable hypotheses it is that one; else it is drawn with `luck`, anew for each visit and index.
        """
        ...


@runtime_checkable
class Factored(Posterior, Protocol):
    """A posterior whose scores are products of a vector for each visit with factors that all visits share.

    The class of a belief that gives one says so by `factored = True`.
    """

    def factors(self) -> Singles:
        """Return (d, M), the same until the belief learns again."""
        ...

    def codes(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, d) with draw(indices[s], luck) = codes(indices, luck)[:, s] @ factors(), up to rounding."""
        ...


@runtime_checkable
class Stacked(Posterior, Protocol):
    """A posterior to which many hypotheses at once are less work than one after the other."""

    def draws(self, indices: range, luck: Luck) -> Iterator[Singles]:
        """Yield (n, S, M) scores under each hypothesis, what `draw` gives of each, of a few visits at a time."""
        ...


class Belief(Protocol):
    """Learns from the history what items are worth, and how sure it can be."""

    def update(self, history: History, items: Items) -> None:
        """Learn from all that was seen."""
        ...

    def posterior(self, situation: Situation) -> Posterior:
        """Return what is believed at B visits."""
        ...

    def arrays(self) -> Arrays:
        """Return all that was learned, as named arrays."""
        ...

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned, bit for bit."""
        ...


@runtime_checkable
class EventBelief(Belief, Protocol):
    """A belief that learns from single events, each with what was known when it came, not from the history alone."""

    def observe(self, situation: Situation, slates: Slates, feedback: Feedback) -> None:
        """Keep what B visits, as they were just before, brought; cheap, nothing is learned here."""
        ...


@runtime_checkable
class RememberingBelief(Belief, Protocol):
    """A belief that keeps what it made of each user's events, so as not to read them again."""

    def forget(self) -> None:
        """Forget who the users are; what was learned of all together stays."""
        ...


@dataclass(frozen=True, slots=True)
class PointPosterior:
    """One hypothesis: certain, rightly or not.

    Attributes:
        scores: (B, M).
    """

    scores: Singles

    @property
    def n_hypotheses(self) -> int:
        """One."""
        return 1

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) the scores."""
        return self.scores

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) zeros."""
        return np.zeros_like(self.scores)

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) the scores, whatever the luck."""
        return self.scores


def sampled_moments(posterior: Posterior, luck: Luck, n_draws: int) -> tuple[Singles, Singles]:
    """Return (B, M) mean and standard deviation of the scores over all hypotheses, or `n_draws` of a continuum."""
    total = squares = np.float32(0.0)
    n = posterior.n_hypotheses or n_draws
    first: Singles = posterior.draw(0, luck)  # deviations from it, so that squares lose no digits
    for index in range(1, n):
        deviation = posterior.draw(index, luck) - first
        total, squares = total + deviation, squares + deviation * deviation
    mean = total / np.float32(n)
    variance = squares / np.float32(n) - mean * mean
    return first + mean, np.sqrt(np.maximum(variance, np.float32(0.0))) + np.zeros_like(first)
