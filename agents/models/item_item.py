"""What all item-item models share: scores are histories times a matrix of weights, dense or sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.model import Arrays, Interactions, Matrix, Sparse, csr, require_items
from serendip.simulator.interface import Singles

_BLOCK = 1024


class ItemItem:
    """A model whose scores are x'W; a child says in `learn` what W is.  An empty history scores 0 everywhere."""

    def __init__(self) -> None:
        self.weights: Any = np.zeros((0, 0), dtype=np.float32)  # (n_items, n_items): NumPy, or CSR

    def learn(self, clicks: Sparse) -> Any:
        """Return W (n_items, n_items) for float32 CSR `clicks`."""
        raise NotImplementedError

    def fit(self, data: Interactions) -> None:
        """Learn anew from `data`; exposures are not used."""
        self.weights = self.learn(csr(data.clicks))

    def scores(self, histories: Sparse) -> Singles:
        """Return histories @ W, (B, n_items)."""
        require_items(histories, self.weights.shape[0])
        product = csr(histories, self.weights.dtype) @ self.weights
        dense = product if isinstance(product, np.ndarray) else product.toarray()
        return dense.astype(np.float32, copy=False)

    def arrays(self) -> Arrays:
        """Return the weights."""
        if isinstance(self.weights, np.ndarray):
            return {"weights": self.weights}
        return {"data": self.weights.data, "indices": self.weights.indices, "indptr": self.weights.indptr}

    def restore(self, arrays: Arrays) -> None:
        """Take back the weights."""
        if "weights" in arrays:
            self.weights = arrays["weights"]
            return
        n_items = len(arrays["indptr"]) - 1
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        self.weights = scipy.sparse.csr_array(parts, shape=(n_items, n_items))


def strongest(block: Matrix, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Matrix]:
    """Return rows, columns and values of the `n` largest positive entries of each row of `block`; ties by column."""
    n = min(n, block.shape[1])
    columns = np.sort(np.argpartition(-block, n - 1, axis=1)[:, :n], axis=1)
    values = np.take_along_axis(block, columns, axis=1)
    rows = np.repeat(np.arange(len(block)), n).reshape(len(block), n)
    kept = values > 0.0
    return rows[kept], columns[kept], values[kept]


def similarities(left: Sparse, right: Sparse, n_kept: int, scale: Any = None, *, own: bool = False) -> Sparse:
    """Return the CSR matrix of the `n_kept` largest entries of each row of left @ right.

    Made block by block of rows, so that the full matrix is never in memory.

    Args:
        left: (n, d) CSR.
        right: (d, m) CSR.
        n_kept: how many are kept of each row.
        scale: takes a dense block of the product (b, m) and its first row's number, and returns it rescaled.
        own: whether the diagonal may be among them.
    """
    n, m = left.shape[0], right.shape[1]
    parts = list[tuple[Any, Any, Any]]()
    size = max(1, min(_BLOCK, (1 << 26) // max(m, 1)))
    for start in range(0, n, size):
        block = (left[start : start + size] @ right).toarray()
        if scale is not None:
            block = scale(block, start)
        if not own:
            diagonal = np.arange(len(block))
            block[diagonal, start + diagonal] = 0.0
        rows, columns, values = strongest(block, n_kept)
        parts.append((rows + start, columns, values))
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return scipy.sparse.csr_array((values.astype(np.float32), (rows, columns)), shape=(n, m))


def strongest_of_columns(matrix: Sparse, n_kept: int) -> Sparse:
    """Return CSR `matrix` (n, n), zero on its diagonal, with the `n_kept` largest positive entries of each column."""
    identity = csr(scipy.sparse.eye_array(matrix.shape[0]))
    return csr(similarities(csr(matrix.T), identity, n_kept).T)


def scaled_rows(rows: Sparse, factors: Matrix) -> Sparse:
    """Return CSR `rows` with row i times factors[i]."""
    return csr(scipy.sparse.diags_array(factors.astype(np.float32)) @ rows)


def inverse(values: Matrix, power: float = 1.0) -> Matrix:
    """Return 1 / values^power, 0 where a value is 0."""
    positive = np.maximum(values, np.finfo(np.float32).tiny).astype(np.float64)
    return np.where(values > 0, positive**-power, 0.0)
