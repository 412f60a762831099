"""The inverse of a matrix of what was clicked together, kept up to date as some users click more."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sparse

from serendip.agents.models.model import Matrix, Sparse
from serendip.simulator.interface import Floats, Ints


def changed_rows(old: Sparse, old_users: Ints, new: Sparse, new_users: Ints) -> tuple[Sparse, Floats]:
    """Return the rows (r, n_items) whose outer products lead from X'X of `old` to that of `new`, and their signs (r,).

    A user who clicked something else than before brings the row as it is now, +1, and as it was, -1; a new one only
    the former.

    Args:
        old: (n_old, n_items) CSR, items of a row in order.
        old_users: (n_old,) ids in increasing order, all of them among `new_users`.
        new: (n_new, n_items) CSR.
        new_users: (n_new,) ids in increasing order.
    """
    was = np.searchsorted(new_users, old_users)  # rows of `new`
    grown = np.diff(new.indptr)[was] != np.diff(old.indptr)
    level = np.flatnonzero(~grown)  # as many clicks as before are the same clicks, or other ones
    grown[level] = _differs(old, new, level, was[level])
    fresh = np.ones(len(new_users), dtype=bool)
    fresh[was] = grown
    added, removed = new[np.flatnonzero(fresh)], old[np.flatnonzero(grown)]
    rows: Any = sparse.vstack([added, removed], format="csr")
    return rows, np.concatenate([np.ones(added.shape[0]), -np.ones(removed.shape[0])])


def _differs(old: Sparse, new: Sparse, old_rows: Ints, new_rows: Ints) -> Any:
    """Return (n,) whether rows of the same length differ."""
    one, other = old[old_rows], new[new_rows]
    unlike = (one.indices != other.indices) | (one.data != other.data)
    owners = np.repeat(np.arange(len(old_rows)), np.diff(one.indptr))
    return np.bincount(owners, unlike, minlength=len(old_rows)) > 0


def update_inverse(inverse: Matrix, rows: Sparse, signs: Floats) -> Matrix:
    """Return (A + sum_r s_r x_r x_r')^-1 of P = A^-1, written over it.

    P - PU (S + U'PU)^-1 U'P with U = (x_r) and S = diag(s):  2 n^2 r operations and, for the small matrix, 2 n r^2,
    where a new inverse takes n^3.  Woodbury (1950), "Inverting modified matrices".

    Args:
        inverse: P (n, n), symmetric, float64 in Fortran order.
        rows: x (r, n) CSR.
        signs: s (r,) of 1 and -1.
    """
    if not len(signs):
        return inverse
    product: Matrix = np.asarray(rows @ inverse)  # (r, n), U'P
    small = np.diag(signs) + np.asarray(rows @ product.T)  # (r, r)
    solved = scipy.linalg.solve(small, product, assume_a="sym", check_finite=False)
    blas: Any = scipy.linalg.blas
    return blas.dgemm(-1.0, product.T, solved.T, 1.0, inverse, trans_b=1, overwrite_c=1)
