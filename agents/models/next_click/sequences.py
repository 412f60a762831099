"""Histories in the order of their clicks, as models of the next click read them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.model import Sparse

Ids = NDArray[np.int64]


def clicks_in_order(histories: Sparse) -> tuple[Ids, Ids]:
    """Return the items (n,) of all rows of `histories` one after the other, and where each row starts, (B + 1,).

    A row's entries are taken as they stand (see `model.in_order`); zeros do not count.
    """
    rows: Any = scipy.sparse.csr_array(histories)
    kept = rows.data != 0
    starts = np.concatenate([[0], np.cumsum(kept)])[rows.indptr]
    return rows.indices[kept].astype(np.int64), starts.astype(np.int64)


def recent(histories: Sparse, length: int) -> Ids:
    """Return (B, length) the last `length` clicks of each row, oldest first, as item + 1, and 0 behind them."""
    items, starts = clicks_in_order(histories)
    counts = np.minimum(np.diff(starts), length)
    place = np.arange(length)
    at = (starts[1:] - counts)[:, None] + place
    out = np.zeros((len(counts), length), dtype=np.int64)
    there = place < counts[:, None]
    out[there] = items[at[there]] + 1
    return out


def pairs(histories: Sparse, distance: int) -> tuple[Ids, Ids]:
    """Return all pairs (earlier item, later item) of one row that stand `distance` clicks apart."""
    items, starts = clicks_in_order(histories)
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    same = owners[:-distance] == owners[distance:]
    return items[:-distance][same], items[distance:][same]
