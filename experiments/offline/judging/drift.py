"""How far what was shown in the first half of a log differs from the second: whether its policy went on learning."""

from __future__ import annotations

import numpy as np

from serendip.simulator.interface import Floats, Ints


class Drift:
    """Counts of each item in each half of a log, in the order of its rows."""

    def __init__(self, n_items: int, n_rows: int) -> None:
        self._n_rows, self._done = n_rows, 0
        self._counts: Floats = np.zeros((2, n_items))

    def update(self, items: Ints) -> None:
        """Take the next rows into account."""
        first = min(max(self._n_rows // 2 - self._done, 0), len(items))
        for half, rows in enumerate((items[:first], items[first:])):
            self._counts[half] += np.bincount(rows, minlength=self._counts.shape[1])
        self._done += len(items)

    def finish(self) -> float | None:
        """Return the association of item and half, in [0, 1]; 0 where they differ by no more than chance.

        Cramer's V less what chance makes of it: sqrt(max(0, chi^2 / n - (k - 1) / (n - 1)) / (1 - 1 / (n - 1))) with k
        items.  None where a half, or all but one item, is empty.  Bergsma (2013), eq. 8.
        """
        counts = self._counts[:, self._counts.sum(axis=0) > 0.0]
        n, k = counts.sum(), counts.shape[1]
        if k < 2 or n < 3 or not counts.sum(axis=1).all():
            return None
        expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0) / n
        phi = float(np.sum((counts - expected) ** 2 / expected) / n)
        corrected = max(0.0, phi - (k - 1.0) / (n - 1.0))
        smaller = min(1.0 - 1.0 / (n - 1.0), k - 1.0 - (k - 1.0) ** 2 / (n - 1.0))
        return float(np.sqrt(min(corrected / smaller, 1.0))) if smaller > 0.0 else None
