"""What is taken from a history before it is encoded, so that a model learns to tell what it does not see."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.sparse
import torch
from numpy.typing import NDArray

from serendip.agents.models import layers
from serendip.agents.models.model import Sparse, csr

Corruption = Literal["none", "dropout", "ipw-dropout", "emphasis", "popularity", "recency", "last-k"]
Counts = NDArray[np.float32]


def corrupted(
    rows: Sparse, how: Corruption, p: float, counts: Counts, generator: torch.Generator, ages: Sparse | None = None
) -> Sparse:
    """Return `rows` (B, n_items) with some clicks set to 0.

    dropout and emphasis: each with probability p, the others divided by 1 - p.  ipw-dropout: an item is kept with
    probability k_i = (1 - p) (n_min / n_i)^(1/2) and divided by k_i, so that what everybody clicks teaches less.
    popularity: kept with probability 1 - p n_i / n_max, as it is: what is left leans towards the rare.  recency: with a
    later clicks in its row, kept with probability (1 - p)^a, as it is: what is left leans towards the new.  none and
    last-k: all is kept (see `shortened`).

    Args:
        rows: float32 CSR, by item.
        how: kind of corruption.
        p: probability that a click is dropped.
        counts: (n_items,) clicks of each item.
        generator: of what is dropped.
        ages: what `ages_of` gave for these rows, for recency.
    """
    if how in ("none", "last-k") or p == 0.0:
        return rows
    if how in ("dropout", "emphasis"):
        return layers.dropped(rows, p, generator)
    divisor: Any = np.float32(1.0)
    if how == "ipw-dropout":
        rarest = max(float(counts[counts > 0].min()) if (counts > 0).any() else 1.0, 1e-12)
        keep = divisor = (1.0 - p) * np.sqrt(rarest / np.maximum(counts[rows.indices], rarest))
    elif how == "popularity":
        keep = 1.0 - p * counts[rows.indices] / max(float(counts.max(initial=0.0)), 1e-12)
    else:
        assert ages is not None, "recency needs ages"
        keep = (1.0 - p) ** ages.data
    kept = torch.rand(len(rows.data), generator=generator).numpy() < keep
    data = np.where(kept, rows.data / divisor, 0.0).astype(np.float32)
    return scipy.sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def targets(clicks: Sparse, corrupt: Sparse, how: Corruption) -> Sparse:
    """Return what is to be predicted: the dropped clicks alone under emphasis, else all `clicks`."""
    if how != "emphasis":
        return clicks
    data = np.where(corrupt.data == 0.0, clicks.data, np.float32(0.0))
    return scipy.sparse.csr_array((data, clicks.indices, clicks.indptr), shape=clicks.shape)


def ages_of(histories: Sparse) -> Sparse:
    """Return, for each click of `csr(histories)`, how many entries of its row come later, (B, n_items) CSR.

    Of an item clicked twice the later click counts.  The pattern is that of `csr(histories)`, entry by entry.

    Args:
        histories: CSR, the entries of a row in time order (see `model.in_order`).
    """
    rows: Any = scipy.sparse.csr_array(histories)
    lengths = np.diff(rows.indptr)
    owners = np.repeat(np.arange(rows.shape[0]), lengths)
    ages = np.repeat(rows.indptr[1:], lengths) - 1 - np.arange(rows.nnz)
    order = np.lexsort((ages, rows.indices, owners))
    owners, items, ages = owners[order], rows.indices[order], ages[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (owners[1:] != owners[:-1]) | (items[1:] != items[:-1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owners[first], minlength=rows.shape[0]))])
    return scipy.sparse.csr_array((ages[first].astype(np.float32), items[first], indptr), shape=rows.shape)


def shortened(histories: Sparse, k: int) -> Sparse:
    """Return float32 CSR with the last `k` clicks of each row of `histories` alone (entries in time order)."""
    clicks, ages = csr(histories), ages_of(histories)
    clicks.data = np.where(ages.data < k, clicks.data, np.float32(0.0))
    clicks.eliminate_zeros()
    return clicks
