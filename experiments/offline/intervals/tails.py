"""How heavy a tail is: the shape of a generalised Pareto distribution, from counts of values by their size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serendip.simulator.interface import Floats

SHIFT = 46  # of a float64's bits: keeps the exponent and 6 bits of the fraction, 64 bins an octave
LEAST = (1023 - 40) << 6  # bin of 2^-40: smaller values share it
_DISTINCT = 5  # sizes beyond the threshold that a shape is fitted to, at least
_FEW = 100  # values that a tail can be told from
_PRIOR = 10.0  # values that a shape of 1/2 is worth


def log_bins(values: Floats) -> Any:
    """Return (n,) the bin of each value, at least 0, by its logarithm."""
    bins: Any = np.ascontiguousarray(values, dtype=np.float64).view(np.int64) >> SHIFT
    return np.maximum(bins, LEAST, out=bins)


@dataclass
class Sizes:
    """How many values there are of each size, to within 1.6%; shards add up."""

    counts: dict[int, int] = field(default_factory=dict[int, int])

    def update(self, values: Floats) -> None:
        """Count the absolute values; zeros are left out."""
        bins = log_bins(np.abs(values[values != 0.0]))
        if not len(bins):
            return
        first = int(bins.min())
        counts = np.bincount(bins - first)
        for one in np.flatnonzero(counts).tolist():
            self.counts[first + one] = self.counts.get(first + one, 0) + int(counts[one])

    def merge(self, other: Sizes) -> None:
        """Add another shard."""
        for one, count in other.counts.items():
            self.counts[one] = self.counts.get(one, 0) + count

    def shape(self) -> float | None:
        """Return the shape of the tail; None where it cannot be known."""
        bins = np.array(sorted(self.counts), dtype=np.int64)
        middle = (bins << SHIFT) + (1 << (SHIFT - 1))
        counts = np.array([self.counts[one] for one in bins.tolist()], dtype=np.float64)
        return pareto_shape(middle.view(np.float64), counts)


def hill_shape(values: Floats, power: float = 0.6) -> float | None:
    """Return the mean of log(x_i / x_k) over the k = n^.6 largest of n values, the inverse of Hill's index.

    1 / 2 and more have no variance.  Of whole numbers, which users' slots are, it is told apart better than a fitted
    distribution.  None of fewer than 100 values.  Hill (1975).
    """
    n = len(values)
    if n < _FEW:
        return None
    k = int(n**power)
    largest = np.partition(values, n - k - 1)[n - k - 1 :]
    return float(np.log(largest[1:] / largest.min()).sum() / k) if largest.min() > 0.0 else None


def pareto_shape(values: Floats, counts: Floats) -> float | None:
    """Return k of the generalised Pareto distribution of the largest min(n / 5, 3 sqrt(n)) values.

    Below 1/2 the values have a variance, above 1 no mean.  None where fewer than five sizes are beyond the threshold:
    what comes in a few sizes has no tail.  Vehtari et al. (2024), "Pareto smoothed importance sampling", section 3;
    Zhang & Stephens (2009).

    Args:
        values: (B,) sizes in order, above 0.
        counts: (B,) how many there are of each.
    """
    n = float(counts.sum())
    beyond = np.flatnonzero(np.cumsum(counts[::-1])[::-1] <= min(0.2 * n, 3.0 * np.sqrt(n)))
    if len(beyond) < _DISTINCT or beyond[0] == 0:
        return None
    x, c = values[beyond] - values[beyond[0] - 1], counts[beyond]
    m = float(c.sum())
    quartile = x[np.searchsorted(np.cumsum(c), m / 4.0)]
    n_grid = 30 + int(np.sqrt(m))
    grid = (1.0 - np.sqrt(n_grid / (np.arange(1, n_grid + 1) - 0.5))) / (3.0 * quartile) + 1.0 / x[-1]
    grid = grid[np.abs(grid) * x[-1] > 1e-9]
    shape = np.log1p(-grid[:, None] * x) @ c / m
    likelihood = m * (np.log(-grid / shape) - shape - 1.0)
    weight = np.exp(likelihood - likelihood.max())
    slope = float(weight @ grid / weight.sum())
    found = float(np.log1p(-slope * x) @ c / m)
    return (found * m + 0.5 * _PRIOR) / (m + _PRIOR)
