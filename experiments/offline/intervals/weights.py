"""What the importance weights of a log look like: their size, and how few carry all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from serendip.experiments.offline.intervals.tails import LEAST, log_bins, pareto_shape
from serendip.experiments.offline.slots import Slots
from serendip.simulator.interface import Floats


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
    _first: int = LEAST
    _sums: Floats = field(default_factory=lambda: np.zeros((3, 0)))  # of each bin from `_first` on: 1, weight, reward

    def update(self, slots: Slots) -> None:
        """Take a batch into account."""
        weight = slots.weight
        self.n += len(weight)
        self.n_zero += int(np.count_nonzero(weight == 0.0))
        self.total += float(weight.sum())
        self.squares += float(weight @ weight)
        self.largest = max(self.largest, float(weight.max(initial=0.0)))
        self.n_rewarded += int(np.count_nonzero(slots.reward * weight))
        if len(weight) == 0:
            return
        bins = log_bins(weight)
        first = int(bins.min())
        bins -= first
        columns = np.bincount(bins), np.bincount(bins, weight), np.bincount(bins, slots.reward)
        self.put(first, np.stack(columns).astype(np.float64))

    def merge(self, other: WeightHistogram) -> None:
        """Add another shard."""
        self.n += other.n
        self.n_zero += other.n_zero
        self.total += other.total
        self.squares += other.squares
        self.largest = max(self.largest, other.largest)
        self.n_rewarded += other.n_rewarded
        self.put(other._first, other._sums)

    @property
    def effective_sample_size(self) -> float:
        """(sum w)^2 / sum w^2: how many equal weights would be worth as much.  Kong (1992)."""
        return self.total * self.total / self.squares if self.squares else 0.0

    def share_of_top(self, share: float = 0.01) -> float:
        """Return the share of all weight that the largest `share` of the slots carry, to within a bin (1.6%)."""
        if not self.total:
            return 0.0
        left, carried = share * self.n, 0.0
        for count, weight in zip(*self._filled()[:2, ::-1], strict=True):
            taken = min(left, float(count))
            carried += float(weight) * taken / float(count)
            left -= taken
            if left <= 0:
                break
        return min(carried / self.total, 1.0)

    def bins(self) -> tuple[Floats, Floats]:
        """Return the mean weight of each bin and the number of slots in it, in order."""
        counts, weights, _ = self._filled()
        return weights / counts, counts

    def clipped(self, clip: Floats) -> Floats:
        """Return (C,) mean of min(w, clip) r at each clip, to within a bin (1.6%)."""
        return np.minimum(self.bins()[0], clip[:, None]) @ self._filled()[2] / self.n

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

    def tail_shape(self) -> float | None:
        """Return the shape of the weights' tail (`tails.pareto_shape`); None where they come in few sizes."""
        weights, counts = self.bins()
        return pareto_shape(weights[weights > 0.0], counts[weights > 0.0])

    def _filled(self) -> Floats:
        """Return (3, bins) the sums of the bins that hold a slot, in order."""
        return self._sums[:, self._sums[0] > 0.0]

    def put(self, first: int, sums: Floats) -> None:
        """Add `sums` (3, bins) of the bins from `first` on."""
        if not self._sums.shape[1]:
            self._first, self._sums = first, sums.copy()
            return
        low, high = min(first, self._first), max(first + sums.shape[1], self._first + self._sums.shape[1])
        if high - low > self._sums.shape[1]:
            wider = np.zeros((3, high - low))
            wider[:, self._first - low : self._first - low + self._sums.shape[1]] = self._sums
            self._first, self._sums = low, wider
        self._sums[:, first - self._first : first - self._first + sums.shape[1]] += sums
