"""Whether what comes after one another in a log is alike: between users who follow each other, and within a user."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from serendip.experiments.offline.slots import Slots
from serendip.simulator.interface import Floats


@dataclass
class SerialSums:
    """Sums over a log of weighted rewards x_i, and over its neighbours (i, i + 1) of two users; shards add up.

    Attributes:
        squares: sums of w^2 r^2, w^2 r and w^2, which say what the variance would be if slots were independent.
    """

    squares: Floats = field(default_factory=lambda: np.zeros(3))
    _pairs: Floats = field(default_factory=lambda: np.zeros(6))  # how many, of x, y, x y, x^2, y^2

    def update(self, slots: Slots) -> None:
        """Take a batch into account; its last slot and the first of the next are no neighbours."""
        x, w = slots.weighted, slots.weight
        self.squares += (float(x @ x), float(x @ w), float(w @ w))
        other = slots.user[1:] != slots.user[:-1]
        a, b = x[:-1][other], x[1:][other]
        self._pairs += (len(a), a.sum(), b.sum(), float(a @ b), float(a @ a), float(b @ b))

    def merge(self, other: SerialSums) -> None:
        """Add another shard."""
        self.squares += other.squares
        self._pairs += other._pairs

    def correlation(self) -> float | None:
        """Return the correlation of weighted rewards of neighbours that are two users.

        None where there are fewer than 3 such neighbours, or nothing varies.
        """
        n, a, b, ab, aa, bb = self._pairs
        if n < 3:
            return None
        spread = (aa - a * a / n) * (bb - b * b / n)
        if spread <= (1e-12 * max(aa, bb)) ** 2:
            return None
        return float((ab - a * b / n) / math.sqrt(spread))

    def independent_variance(self, value: float) -> float:
        """Return sum_i w_i^2 (r_i - value)^2: the variance of a sum of as many independent slots."""
        rr, r, one = self.squares
        return max(float(rr - 2.0 * value * r + value * value * one), 0.0)
