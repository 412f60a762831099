"""Item-item matrices: how often two items were clicked by one user, and the inverse of that."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy.linalg import lapack as _lapack

from serendip.agents.models import memory
from serendip.agents.models.model import Matrix, Sparse, csr
from serendip.simulator.errors import SerendipError

lapack: Any = _lapack
_BLOCK, _MIRRORED = 1024, 64


def gram(clicks: Sparse, dtype: DTypeLike = np.float64, n_matrices: int = 1) -> Matrix:
    """Return X'X (n_items, n_items) dense, in Fortran order, for X = `clicks` (n_users, n_items).

    It is made block by block of items, so that nothing else of its size is ever in memory.

    Args:
        clicks: CSR.
        n_matrices: how many of its size the caller will need in all, for the estimate.

    Raises:
        MemoryNeedError: so many do not fit.
    """
    n_items = clicks.shape[1]
    needed = n_matrices * n_items**2 * np.dtype(dtype).itemsize
    memory.require(
        needed, f"a dense item-item model of {n_items:,} items", "use the model 'sparse-inverse', or one with factors"
    )
    rows = csr(clicks, dtype)
    columns = csr(rows.T, dtype)
    out = np.empty((n_items, n_items), dtype=dtype, order="F")
    for start in range(0, n_items, _BLOCK):
        stop = min(start + _BLOCK, n_items)
        out[:, start:stop] = (columns[start:stop] @ rows).toarray().T
    return out


def invert_in_place(matrix: Matrix) -> Matrix:
    """Return the inverse of a symmetric positive definite `matrix` (n, n), written over it.

    LAPACK's Cholesky factorisation `potrf` and then `potri`, n^3 operations in all; no second matrix.

    Args:
        matrix: float32 or float64, in Fortran order.

    Raises:
        SerendipError: it is not positive definite, to the precision of its type.
    """
    single = matrix.dtype == np.float32
    factorise, invert = (lapack.spotrf, lapack.spotri) if single else (lapack.dpotrf, lapack.dpotri)
    matrix, failed = factorise(matrix, lower=1, clean=0, overwrite_a=1)
    if not failed:
        matrix, failed = invert(matrix, lower=1, overwrite_c=1)
    if failed:
        raise SerendipError(
            f"the item-item matrix is not positive definite (LAPACK stopped at item {failed}); use a larger `lam`, "
            "or precision 'float64'"
        )
    return mirror(matrix)


def mirror(matrix: Matrix) -> Matrix:
    """Copy the lower triangle of `matrix` (n, n) to the upper one, block by block, and return it."""
    n = len(matrix)
    for j in range(0, n, _MIRRORED):
        columns = slice(j, j + _MIRRORED)
        corner = matrix[columns, columns]
        upper = np.triu_indices(len(corner), 1)
        corner[upper] = corner.T[upper]
        for i in range(j + _MIRRORED, n, _MIRRORED):
            rows = slice(i, i + _MIRRORED)
            matrix[columns, rows] = matrix[rows, columns].T
    return matrix
