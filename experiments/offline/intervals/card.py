"""What is to be known of a kind of interval: its card, and what it is asked with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serendip.experiments.offline.intervals.spread import Spread
from serendip.experiments.offline.intervals.sums import Columns, Moments
from serendip.simulator.cards import Card
from serendip.simulator.interface import Floats

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Question:
    """One estimate of which a 95% interval is wanted.

    Attributes:
        values: (1 + R,) the estimate, then that of each bootstrap replicate.
        errors: (1 + R,) their standard errors, clustered by user.
        sample_size: how many equally weighed users the log is worth.
        reward: smallest and largest reward that can occur.
        term: smallest and largest value that a slot's term can have, or None where that is unknown.
        columns: where the estimate's sums are.
        e: the number of the estimate there.
        moments: sums over users.
        users: (U, C) the sums of each user, or None where they are too many.
        spread: what users' shares say of the standard error, or None where they were not kept.
        floor: the standard error if rewards were as likely at large weights as at small ones; 0 without weights.
        tail: shape of the tail of the rewards, or None where they come in few sizes.
    """

    values: Floats
    errors: Floats
    sample_size: float
    reward: Interval
    term: Interval | None
    columns: Columns
    e: int
    moments: Moments
    users: Floats | None
    spread: Spread | None = None
    floor: float = 0.0
    tail: float | None = None

    @property
    def value(self) -> float:
        """The estimate."""
        return float(self.values[0])

    @property
    def error(self) -> float:
        """Its standard error."""
        return float(self.errors[0])

    @property
    def n_users(self) -> int:
        """Users that the sums are over."""
        return self.moments.n_users

    def products(self, pairs: Sequence[tuple[int, int]]) -> list[float] | None:
        """Return the sums over users of the products of two columns each; None where one of them was not kept."""
        where = {pair: p for p, pair in enumerate(self.columns.pairs)}
        if any(pair not in where for pair in pairs):
            return None
        return [float(self.moments.products[0, where[pair]]) for pair in pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalCard(Card):
    """The card of an interval; `make` takes a `Question` and returns the two ends, or None where it cannot be made."""
