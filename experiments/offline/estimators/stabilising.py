"""How much slots count whose weights are large for their time, as the weights before them tell."""

from __future__ import annotations

import dataclasses

import numpy as np

from serendip.experiments.offline.slots import Slots
from serendip.simulator.interface import Floats

N_BLOCKS, _BEFORE = 40, 3


class Stabiliser:
    """Gives batches their column `stability`: h = 1 / sqrt(mean w^2) over the last three blocks before each block.

    A block is a fortieth of the log.  What is known before a slot is chosen leaves it unbiased; the first block, before
    which nothing is known, has its own mean square.
    """

    def __init__(self, n_rows: int) -> None:
        self._size = max(-(-n_rows // N_BLOCKS), 1)
        self._done = 0
        self._sums: Floats = np.zeros((2, N_BLOCKS + 1))  # slots and squares of weights, by block

    def with_stability(self, slots: Slots) -> Slots:
        """Return the next slots in the order of time with that column."""
        block = np.minimum((self._done + np.arange(len(slots))) // self._size, N_BLOCKS)
        self._done += len(slots)
        self._sums += np.stack([np.bincount(block, w, N_BLOCKS + 1) for w in (None, slots.weight**2)])
        stability = np.array([self._of(b) for b in range(N_BLOCKS + 1)])
        return dataclasses.replace(slots, further={**slots.further, "stability": stability[block]})

    def _of(self, block: int) -> float:
        """Return h of a block, from sums that are whole for all blocks before it."""
        before = slice(max(block - _BEFORE, 0), block) if block else slice(0, 1)
        n, squares = self._sums[:, before].sum(axis=1)
        return float(np.sqrt(n / squares)) if squares > 0.0 else 1.0
