"""How many rounds users have: distributions that can be drawn from and summed over exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from serendip.simulator.interface import Floats, Ints


class Rounds(Protocol):
    """A distribution of the number of rounds of a user."""

    def draw(self, rng: np.random.Generator, n_users: int) -> Ints:
        """Return (n_users,) numbers of rounds, 1 or more."""
        ...

    def by_row(self) -> tuple[Floats, Floats]:
        """Return numbers of rounds, and the share of all rows that are of users with that many."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same number of rounds for all.

    Attributes:
        n: how many.
    """

    n: int

    def draw(self, rng: np.random.Generator, n_users: int) -> Ints:
        """Return (n_users,) times the number."""
        return np.full(n_users, self.n, dtype=np.int64)

    def by_row(self) -> tuple[Floats, Floats]:
        """Return the number, of all rows."""
        return np.array([float(self.n)]), np.ones(1)


@dataclass(frozen=True, slots=True)
class OneToFew:
    """One round and Poisson many more.

    Attributes:
        more: how many more, on average.
    """

    more: float

    def draw(self, rng: np.random.Generator, n_users: int) -> Ints:
        """Return (n_users,) numbers of rounds."""
        return 1 + rng.poisson(self.more, n_users)

    def by_row(self) -> tuple[Floats, Floats]:
        """Return numbers up to where next to no user is left."""
        n = np.arange(1, 40 + int(8 * self.more))
        log_chance = (n - 1) * np.log(self.more) - np.cumsum(np.concatenate([[0.0], np.log(np.arange(1, len(n)))]))
        share = n * np.exp(log_chance - log_chance.max())
        return n.astype(np.float64), share / share.sum()


@dataclass(frozen=True, slots=True)
class Pareto:
    """Whole numbers below a Pareto variable from 1 on, cut off: few users have most of the rounds.

    Attributes:
        index: index of the tail; below 2 the number has no variance except for the cut.
        most: where it is cut.
    """

    index: float = 1.2
    most: int = 5000

    def draw(self, rng: np.random.Generator, n_users: int) -> Ints:
        """Return (n_users,) numbers of rounds."""
        return np.minimum(rng.random(n_users) ** (-1.0 / self.index), self.most).astype(np.int64)

    def by_row(self) -> tuple[Floats, Floats]:
        """Return all numbers."""
        n = np.arange(1, self.most + 1, dtype=np.float64)
        beyond = np.append(n**-self.index, 0.0)  # P(rounds >= n)
        share = n * -np.diff(beyond)
        return n, share / share.sum()


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Whole numbers above a log-normal variable, cut off.

    Attributes:
        middle: the median.
        spread: standard deviation of the logarithm.
        most: where it is cut.
    """

    middle: float = 2.0
    spread: float = 1.3
    most: int = 2000

    def draw(self, rng: np.random.Generator, n_users: int) -> Ints:
        """Return (n_users,) numbers of rounds."""
        many = np.ceil(self.middle * np.exp(self.spread * rng.normal(size=n_users)))
        return np.minimum(many, self.most).astype(np.int64)

    def by_row(self) -> tuple[Floats, Floats]:
        """Return all numbers."""
        from scipy.special import ndtr

        n = np.arange(1, self.most + 1, dtype=np.float64)
        below = np.append(0.0, ndtr(np.log(n / self.middle) / self.spread))
        below[-1] = 1.0
        share = n * np.diff(below)
        return n, share / share.sum()
