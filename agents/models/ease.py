"""EASE: the item-item weights that best predict each click from the user's others, in closed form.

Steck (2019), "Embarrassingly shallow autoencoders for sparse data".  The same matrix is that of the conditional means
of a Gaussian Markov random field (Steck 2019, "Markov random fields for collaborative filtering").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from serendip.agents.compiled import compiled
from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.models.model import Arrays, Interactions, Matrix, Sparse, csr, require_items
from serendip.agents.models.search import LogRange, ModelCard
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges


def ease_weights(gram: Matrix, lam: float | Matrix, prior: Matrix | None = None, *, overwrite: bool = False) -> Matrix:
    """Return B (n_items, n_items) with a zero diagonal, the minimiser of ||X - XB||^2 + lam ||B - B0||^2.

    With P = (X'X + lam I)^-1:  B = I - lam P + lam P B0 - P diag(gamma), gamma such that diag(B) = 0.  Without a
    prior (B0 = 0) this is B = I - P diag(1 / diag(P)), Steck (2019), eq. 8.

    Args:
        gram: X'X (n_items, n_items), float32 or float64.
        lam: how strongly B is held to B0, > 0; one number, or one for each row of B (n_items,).
        prior: B0 (n_items, n_items), diagonal zero.
        overwrite: whether `gram` may be overwritten (it must then be in Fortran order to save its memory); without a
            prior the result is then in C order, as a sparse product reads it, in the same memory.

    Raises:
        SerendipError: X'X + lam I is not positive definite.
    """
    inverse = np.asfortranarray(gram) if overwrite else np.array(gram, order="F")
    inverse[np.diag_indices_from(inverse)] += lam
    inverse = invert_in_place(inverse)
    if prior is None:
        inverse = inverse.T if overwrite else inverse  # it is symmetric
        inverse /= -np.diag(inverse).copy()
        np.fill_diagonal(inverse, 0.0)
        return inverse
    diagonal = np.diag(inverse).copy()
    weights = inverse @ (np.reshape(lam, (-1, 1)).astype(prior.dtype) * prior)  # lam P B0
    multipliers = (1.0 + np.diag(weights)) / diagonal  # lam + gamma, in one
    inverse *= multipliers
    weights -= inverse
    np.fill_diagonal(weights, 0.0)
    return weights


@dataclass(frozen=True, slots=True)
class EaseSettings:
    """How an EASE is learned.

    Attributes:
        lam: the L2 penalty, > 0, in clicks.
        precision: number format of the inverse; float32 takes half the memory and time.
    """

    lam: Annotated[float, Range(above=0)] = 300.0
    precision: Literal["float32", "float64"] = "float32"

    def __post_init__(self) -> None:
        check_ranges(self, "model 'ease'")


class Ease:
    """The model whose scores are x'B; a history that is empty scores 0 everywhere."""

    def __init__(self, settings: EaseSettings | None = None) -> None:
        self.settings = settings or EaseSettings()
        self.weights: Matrix = np.zeros((0, 0), dtype=self.settings.precision)

    def fit(self, data: Interactions) -> None:
        """Learn anew from `data`; exposures are not used."""
        counts = gram(data.clicks, self.settings.precision)
        self.weights = ease_weights(counts, self.settings.lam, overwrite=True)

    def scores(self, histories: Sparse) -> Singles:
        """Return histories @ B, (B, n_items)."""
        require_items(histories, len(self.weights))
        rows = csr(histories, self.weights.dtype)
        out = np.empty(rows.shape, dtype=np.float32)
        add_rows(rows.indptr, rows.indices, rows.data, np.ascontiguousarray(self.weights), 0, 1, out)
        return out

    def arrays(self) -> Arrays:
        """Return the weights."""
        return {"weights": self.weights}

    def restore(self, arrays: Arrays) -> None:
        """Take back the weights."""
        self.weights = arrays["weights"]


@compiled
def add_rows(starts: Any, columns: Any, values: Any, matrix: Any, first: int, step: int, out: Any) -> None:
    """Fill rows of `out` with B CSR rows times `matrix` (m, n), four of its rows at a time: twice as fast as SciPy.

    Args:
        starts: (B + 1,) where each row begins.
        columns: of the entries.
        values: of the entries.
        matrix: (m, n) in C order.
        first: row of `out` that the first goes to.
        step: rows from there to that of the next.
        out: (., n), filled.
    """
    n = matrix.shape[1]
    for b in range(starts.shape[0] - 1):
        row = first + b * step
        for i in range(n):
            out[row, i] = 0.0
        j, last = starts[b], starts[b + 1]
        while j + 4 <= last:
            c0, c1, c2, c3 = columns[j], columns[j + 1], columns[j + 2], columns[j + 3]
            v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
            for i in range(n):
                out[row, i] += v0 * matrix[c0, i] + v1 * matrix[c1, i] + v2 * matrix[c2, i] + v3 * matrix[c3, i]
            j += 4
        while j < last:
            c, v = columns[j], values[j]
            for i in range(n):
                out[row, i] += v * matrix[c, i]
            j += 1


CARD = ModelCard(
    name="ease",
    summary="Each click predicted from the user's others, in closed form: the first to try on up to 20,000 items.",
    make=Ease,
    settings=EaseSettings(),
    small={"lam": 1.0},
    space={"lam": LogRange(1.0, 1e6)},
)
