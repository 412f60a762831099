"""What the importance weights of a log look like: their size, and how few carry all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serendip.experiments.offline.slots import Slots
from serendip.simulator.interface import Floats

_SHIFT = 46  # of a float64's bits: keeps the exponent and 6 bits of the fraction, 64 bins an octave


@dataclass
class WeightHistogram:
    """Sums over a log's importance weights, and a histogram of their logarithms; shards add up.

    Attributes:
        n: slots.
        n_zero: slots that the target would not have shown.
        total: sum of the weights.
        squares: sum of their squares.
        largest: the largest weight.
        n_rewarded: slots with a reward and a weight other than 0.
    """

    n: int = 0
    n_zero: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    n_rewarded: int = 0
    _counts: dict[int, int] = field(default_factory=dict[int, int])
    _sums: dict[int, float] = field(default_factory=dict[int, float])
    _rewards: dict[int, float] = field(default_factory=dict[int, float])

    def update(self, slots: Slots) -> None:
        """Take a batch into account."""
        weight = slots.weight
        self.n += len(weight)
        self.n_zero += int(np.count_nonzero(weight == 0.0))
        self.total += float(weight.sum())
        self.squares += float(weight @ weight)
        self.largest = max(self.largest, float(weight.max(initial=0.0)))
        self.n_rewarded += int(np.count_nonzero(slots.reward * weight))
        bins: Any = np.ascontiguousarray(weight, dtype=np.float64).view(np.int64) >> _SHIFT
        first = int(bins.min(initial=0)) if len(bins) else 0
        counts = np.bincount(bins - first)
        some = counts > 0
        sums = (np.bincount(bins - first, weights=values)[some].tolist() for values in (weight, slots.reward))
        self._add((np.flatnonzero(some) + first).tolist(), counts[some].tolist(), *sums)

    def merge(self, other: WeightHistogram) -> None:
        """Add another shard."""
        self.n += other.n
        self.n_zero += other.n_zero
        self.total += other.total
        self.squares += other.squares
        self.largest = max(self.largest, other.largest)
        self.n_rewarded += other.n_rewarded
        bins = list(other._counts)
        sums = ([table[b] for b in bins] for table in (other._sums, other._rewards))
        self._add(bins, [other._counts[b] for b in bins], *sums)

    @property
    def effective_sample_size(self) -> float:
        """(sum w)^2 / sum w^2: how many equal weights would be worth as much.  Kong (1992)."""
        return self.total * self.total / self.squares if self.squares else 0.0

    def share_of_top(self, share: float = 0.01) -> float:
        """Return the share of all weight that the largest `share` of the slots carry, to within a bin (1.6%)."""
        if not self.total:
            return 0.0
        left, carried = share * self.n, 0.0
        for b in sorted(self._counts, reverse=True):
            taken = min(left, self._counts[b])
            carried += self._sums[b] * taken / self._counts[b]
            left -= taken
            if left <= 0:
                break
        return min(carried / self.total, 1.0)

    def bins(self) -> tuple[Floats, Floats]:
        """Return the mean weight of each bin and the number of slots in it, in order."""
        order = sorted(self._counts)
        counts = np.array([self._counts[b] for b in order], dtype=np.float64)
        return np.array([self._sums[b] for b in order]) / counts, counts

    def clipped(self, clip: Floats) -> Floats:
        """Return (C,) mean of min(w, clip) r at each clip, to within a bin (1.6%)."""
        rewards = np.array([self._rewards[b] for b in sorted(self._counts)])
        return np.minimum(self.bins()[0], clip[:, None]) @ rewards / self.n

    def tail_index(self) -> float | None:
        """Return Hill's index of the weights' tail, from the sqrt(n) largest; None where they are too few or all alike.

        k / sum_(i <= k) log(w_i / w_k).  At 2 or less the weights have no variance, and no standard error means much;
        at 1 or less they have no mean.  Hill (1975).
        """
        weights, counts = (values[::-1] for values in self.bins())
        k = np.sqrt(counts[weights > 0.0].sum())
        if k < 10.0:
            return None
        last = int(np.searchsorted(np.cumsum(counts), k))
        taken = np.append(counts[:last], k - counts[:last].sum())
        off = float(taken @ np.log(weights[: last + 1] / weights[last]))
        return float(k / off) if off > 0.0 else None

    def _add(self, bins: list[int], counts: list[int], sums: list[float], rewards: list[float]) -> None:
        for b, count, total, reward in zip(bins, counts, sums, rewards, strict=True):
            self._counts[b] = self._counts.get(b, 0) + count
            self._sums[b] = self._sums.get(b, 0.0) + total
            self._rewards[b] = self._rewards.get(b, 0.0) + reward
