"""Pairs of items as inputs of their own: which ones, and whose history holds both."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.item_item import ItemItem
from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.simulator.interface import Singles

Pairs = NDArray[np.int64]
_BLOCK = 1024


def frequent_pairs(clicks: Sparse, n_pairs: int) -> Pairs:
    """Return (m, 2) the `n_pairs` pairs of items that most users clicked both of, in falling order; ties by item.

    There are fewer where fewer pairs occur at all.  Steck & Liang (2021), section 4.1.

    Args:
        clicks: (n_users, n_items) CSR.
    """
    ones = csr(clicks > 0)
    items = csr(ones.T)
    best = np.zeros((0, 3), dtype=np.int64)  # users, first item, second item
    for start in range(0, items.shape[0], _BLOCK):
        block: Any = scipy.sparse.coo_array(items[start : start + _BLOCK] @ ones)
        first, second = block.coords
        first = first.astype(np.int64) + start
        upper = first < second
        found = np.stack([np.rint(block.data[upper]).astype(np.int64), first[upper], second[upper]], axis=1)
        best = np.concatenate([best, found])
        best = best[np.lexsort((best[:, 2], best[:, 1], -best[:, 0]))[:n_pairs]]
    return best[:, 1:]


def with_pairs(rows: Sparse, pairs: Pairs) -> Sparse:
    """Return float32 CSR (B, n_items + m): `rows` (B, n_items), then 1 for each of `pairs` (m, 2) that a row holds."""
    rows = csr(rows)
    ones: Any = scipy.sparse.csc_array(rows > 0).astype(np.float32)
    both = ones[:, pairs[:, 0]].multiply(ones[:, pairs[:, 1]])
    return csr(scipy.sparse.hstack([rows, both], format="csr"))


class PairItem(ItemItem):
    """A model whose scores are x'B + z'C, with z the pairs that a history holds; a child says what B and C are."""

    def __init__(self, n_pairs: int) -> None:
        super().__init__()
        self.n_pairs = n_pairs
        self.pairs: Pairs = np.zeros((0, 2), dtype=np.int64)
        self.weights = np.zeros((0, 0), dtype=np.float32)  # (n_items + m, n_items): B above C

    def learn_from(self, inputs: Sparse, pairs: Pairs) -> Any:
        """Return B above C, (n_items + m, n_items), for CSR `inputs` (n_users, n_items + m) of items and `pairs`."""
        raise NotImplementedError

    def fit(self, data: Interactions) -> None:
        """Choose the pairs, and learn anew from `data`; exposures are not used."""
        clicks = csr(data.clicks)
        self.pairs = frequent_pairs(clicks, self.n_pairs)
        self.weights = self.learn_from(with_pairs(clicks, self.pairs), self.pairs)

    def scores(self, histories: Sparse) -> Singles:
        """Return x'B + z'C, (B, n_items)."""
        require_items(histories, self.weights.shape[1])
        product = with_pairs(histories, self.pairs) @ self.weights
        return product if isinstance(product, np.ndarray) else product.toarray()

    def arrays(self) -> Arrays:
        """Return the weights and the pairs."""
        return super().arrays() | {"pairs": self.pairs, "n_items": np.asarray([self.weights.shape[1]])}

    def restore(self, arrays: Arrays) -> None:
        """Take back the weights and the pairs."""
        self.pairs = arrays["pairs"]
        if "weights" in arrays:
            self.weights = arrays["weights"]
            return
        shape = (len(arrays["indptr"]) - 1, int(arrays["n_items"][0]))
        self.weights = scipy.sparse.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
