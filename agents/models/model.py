"""The contract of a model: what a score means is its own affair, a higher one is a better item for that user."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.simulator.errors import DataError, SerendipError
from serendip.simulator.interface import Singles

Sparse = Any  # a scipy.sparse.csr_array; scipy's own types are too wide to help
Matrix = NDArray[Any]  # dense, of single or double precision
Arrays = dict[str, NDArray[Any]]
MANY_ITEMS = 1 << 14  # items


@dataclass(frozen=True, slots=True)
class Interactions:
    """What a model learns from.

    Attributes:
        clicks: (n_users, n_items) CSR, how much each user clicked each item (1 each, or a weight or count).  Models
            whose card says `sequential` take the entries of a row as its clicks in time order (see `in_order`).
        exposures: (n_users, n_items) CSR of 1s, what each user was shown, a superset of the clicks; None where it is
            unknown and everything unclicked counts as seen.
        judge: how good a model of these data is on users held out (such as their NDCG@100; higher is better), by which
            models that are learned in epochs know when to stop; None to learn to the last one.
    """

    clicks: Sparse
    exposures: Sparse | None = None
    judge: Callable[[Model], float] | None = None

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.clicks.shape[1])


def csr(matrix: Any, dtype: Any = np.float32) -> Sparse:
    """Return `matrix`, sparse or dense, as a CSR array of `dtype`, duplicates summed and zeros left out."""
    rows: Any = scipy.sparse.csr_array(matrix).astype(dtype)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    return rows


def in_order(users: Any, items: Any, shape: tuple[int, int]) -> Sparse:
    """Return the float32 CSR array of `shape` with a 1 for each event, a row's in the order in which they are given.

    So its rows are sequences: not sorted by item, and an item clicked twice stands twice.  Slices of rows keep the
    order; `csr`, and SciPy where it adds matrices, changes their type or sums duplicates, sort by item and forget it.

    Args:
        users: (n,) rows of the events, in time order within each user.
        items: (n,) columns.
    """
    order = np.argsort(users, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=shape[0]))])
    return scipy.sparse.csr_array((np.ones(len(order), dtype=np.float32), items[order], indptr), shape=shape)


def require_items(histories: Sparse, n_items: int) -> None:
    """Check that `histories` (B, n_items) are of the catalogue that a model learned from.

    Raises:
        SerendipError: the model has learned nothing yet.
        DataError: the histories are of another number of items.
    """
    if n_items == 0:
        raise SerendipError("the model has learned nothing yet; call `fit` or `restore` first")
    if histories.shape[1] != n_items:
        raise DataError(f"the histories have {histories.shape[1]} items, the model has learned {n_items}")


class Model(Protocol):
    """Scores all items for users known only by their histories."""

    def fit(self, data: Interactions) -> None:
        """Learn from `data`; a second call learns anew or goes on from where it was, as the model says."""
        ...

    def scores(self, histories: Sparse) -> Singles:
        """Return (B, n_items) scores for B histories (CSR rows of clicks), by folding them in.

        A row's scores do not depend on the other rows, to the last bit.
        """
        ...

    def arrays(self) -> Arrays:
        """Return all that was learned, as named arrays."""
        ...

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned, bit for bit."""
        ...


def block_rows(n_items: int) -> int:
    """Return how many users are scored at once: more where the items are so many that reading their factors costs."""
    return 64 if n_items <= MANY_ITEMS else 256


@functools.cache
def level_rows(n_rows: int) -> int:
    """Return how many rows NumPy multiplies at once (float32) so that a row's result is the same wherever it stands.

    `n_rows`, where the linear algebra at work keeps to that.  Some kernels (those of OpenBLAS for Haswell and the first
    Zens) sum the first and the last half of each dozen rows in another order, all but blocks of eight.
    """
    rng = np.random.default_rng(0)
    for n in (n_rows, 8, 4):
        products = [
            np.tile(rng.standard_normal((1, d), dtype=np.float32), (n, 1))
            @ rng.standard_normal((d, m), dtype=np.float32)
            for d, m in ((60, 64), (200, 1024))
        ]
        if all((product == product[:1]).all() for product in products):
            return n
    return 1


def in_blocks(rows: NDArray[Any], n_block: int, compute: Any) -> NDArray[Any]:
    """Apply `compute` to `rows` (B, d) in blocks of exactly `n_block` rows, the last padded with zeros.

    A dense matrix product is not the same to the last bit for batches of different size; with blocks of one shape, a
    row's result does not depend on how many others came with it (for products of NumPy, with `level_rows`, nor on its
    place among them).
    """
    parts = list[NDArray[Any]]()
    for start in range(0, max(len(rows), 1), n_block):
        block = rows[start : start + n_block]
        padded = np.zeros((n_block, *rows.shape[1:]), dtype=rows.dtype)
        padded[: len(block)] = block
        parts.append(compute(padded)[: len(block)])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
