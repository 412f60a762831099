"""How alike two sets of clicks are: weightings of clicks, and measures over what two have in common.

Dacrema, Cremonesi & Jannach (2019), "Are we really making much progress?", and its baselines.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.sparse

from serendip.agents.models.model import Matrix, Sparse

Weighting = Literal["none", "tf-idf", "bm25"]
Measure = Literal["cosine", "asymmetric", "jaccard", "dice", "tversky", "product"]
OF_SETS = ("jaccard", "dice", "tversky")
_TINY = 1e-12


def weighted(rows: Sparse, weighting: Weighting, lengths: Matrix, idf: Matrix) -> Sparse:
    """Return CSR `rows` of counts with each entry x weighted by its document and its term.

    tf-idf: sqrt(x) idf;  BM25: x (k1 + 1) / (x + k1 (1 - b + b length)) idf, k1 = 1.2, b = 0.75 (Robertson & Zaragoza
    2009, section 3.4).

    Args:
        rows: of counts.
        weighting: none, tf-idf or BM25.
        lengths: (n_entries,) length of each entry's document, over the mean of all documents.
        idf: (n_entries,) of each entry's term, see `inverse_frequency`.
    """
    if weighting == "none":
        return rows
    saturated = np.sqrt(rows.data) if weighting == "tf-idf" else okapi(rows.data, lengths)
    data = (saturated * idf).astype(np.float32)
    return scipy.sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def okapi(counts: Matrix, lengths: Matrix) -> Matrix:
    """Return BM25's weight of `counts` in documents of relative `lengths`, before the term's own."""
    return counts * 2.2 / (counts + 1.2 * (0.25 + 0.75 * lengths))


def inverse_frequency(n_documents: int, n_with: Matrix) -> Matrix:
    """Return log(n / (1 + n_j)), how telling it is that one of `n_documents` has a term that `n_with` of them have."""
    return np.log(max(n_documents, 1) / (1.0 + n_with))


def by_entry(rows: Sparse, values: Matrix) -> Matrix:
    """Return (n_entries,) the value of each entry's row, of `values` (n_rows,)."""
    return np.repeat(values, np.diff(rows.indptr))


def sums(rows: Sparse) -> Matrix:
    """Return (n_rows,) the sum of each of the CSR `rows`."""
    return np.asarray(rows.sum(axis=1)).ravel()


def as_sets(rows: Sparse) -> Sparse:
    """Return CSR `rows` with a 1 for each entry."""
    return scipy.sparse.csr_array((np.ones_like(rows.data), rows.indices, rows.indptr), shape=rows.shape)


def squares(rows: Sparse) -> Matrix:
    """Return (n_rows,) the sum of squares of each of the CSR `rows`; of sets, their sizes."""
    return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()


def likeness(common: Matrix, mine: Matrix, theirs: Matrix, measure: Measure, shrink: float, powers: Any) -> Matrix:
    """Return (b, m) how alike each of b rows is to each of m, from c = their inner product, s and t = their squares.

    cosine: c / (sqrt(s t) + shrink);  asymmetric: c / (s^a t^(1 - a) + shrink) (Aiolli 2013);
    jaccard: c / (s + t - c + shrink);  dice: 2 c / (s + t + shrink);
    tversky: c / (c + a (s - c) + b (t - c) + shrink);  product: c.

    Args:
        common: c (b, m).
        mine: s, of those whose neighbours are sought, (b, 1), or (m,) where they are the columns.
        theirs: t, of the others, (m,) or (b, 1).
        measure: which of these.
        shrink: >= 0; holds back pairs with little in common.
        powers: (a, b).
    """
    (a, b), s, t = powers, mine, theirs
    if measure == "product":
        return common
    if measure == "cosine":
        below = np.sqrt(s) * np.sqrt(t)
    elif measure == "asymmetric":
        below = s**a * t ** (1.0 - a)
    elif measure == "jaccard":
        below = s + t - common
    elif measure == "dice":
        below = 0.5 * (s + t + shrink) - shrink
    else:
        below = common + a * (s - common) + b * (t - common)
    return common / (below + shrink + _TINY)
