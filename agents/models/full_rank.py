"""Kin of EASE in closed form: with dropout and emphasis, without the zero diagonal, and sparse.

Steck (2020), "Autoencoders that don't overfit towards the identity"; Steck (2019), "Markov random fields for
collaborative filtering".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import scipy.linalg
import scipy.sparse

from serendip.agents.models.ease import ease_weights
from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.models.item_item import ItemItem, Matrix, inverse, similarities
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class DenoisingSettings:
    """How a denoising full-rank model is learned.

    Attributes:
        lam: the L2 penalty, > 0.
        dropout: probability that a click of the input is dropped, in [0, 1).
    """

    lam: Annotated[float, Range(above=0)] = 100.0
    dropout: Annotated[float, Range(least=0, below=1)] = 0.3

    def __post_init__(self) -> None:
        check_ranges(self, "denoising model of full rank")


def dropout_penalty(counts: Matrix, dropout: float, lam: float) -> Matrix:
    """Return the L2 penalty of each row of B that equals dropout in expectation: p / (1 - p) (X'X)_ii + lam.

    Steck (2020), eq. 5.

    Args:
        counts: diagonal of X'X, (n_items,).
    """
    return dropout / (1.0 - dropout) * counts + lam


class Edlae(ItemItem):
    """Dropout with full emphasis on what was dropped: EASE with a penalty that grows with an item's clicks."""

    def __init__(self, settings: DenoisingSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or DenoisingSettings()

    def learn(self, clicks: Sparse) -> Matrix:
        """Return the minimiser with a zero diagonal, Steck (2020), eq. 10."""
        counts = gram(clicks, np.float32)
        penalty = dropout_penalty(np.diag(counts).copy(), self.settings.dropout, self.settings.lam)
        return ease_weights(counts, penalty.astype(np.float32), overwrite=True)


class LinearDenoiser(ItemItem):
    """Dropout without emphasis and with a free diagonal: B = (X'X + L)^-1 X'X = I - P L."""

    def __init__(self, settings: DenoisingSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or DenoisingSettings()

    def learn(self, clicks: Sparse) -> Matrix:
        """Return the minimiser of the expected squared error under dropout."""
        counts = gram(clicks, np.float32)
        own = np.diag_indices_from(counts)
        penalty = dropout_penalty(counts[own], self.settings.dropout, self.settings.lam).astype(np.float32)
        counts[own] += penalty
        weights = invert_in_place(counts).T  # symmetric; by rows, as a sparse product reads it
        weights *= -penalty
        weights[own] += 1.0
        return weights


@dataclass(frozen=True, slots=True)
class SparseFieldSettings:
    """How a sparse Markov random field is learned.

    Attributes:
        lam: the L2 penalty, > 0.
        neighbours: how many other items an item may depend on: those of the largest correlation.
        threshold: the smallest correlation that counts, in [0, 1).
    """

    lam: Annotated[float, Range(above=0)] = 50.0
    neighbours: Annotated[int, Range(least=1)] = 200
    threshold: Annotated[float, Range(least=0, below=1)] = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, "model 'sparse-mrf'")


class SparseField(ItemItem):
    """EASE on a sparse pattern: each item's weights from the inverse of its own neighbourhood's block."""

    def __init__(self, settings: SparseFieldSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SparseFieldSettings()

    def learn(self, clicks: Sparse) -> Sparse:
        """Return sparse weights; no matrix of all pairs of items is ever in memory.

        For item j with neighbours N: B_Nj = (X_N'X_N + lam I)^-1 X_N'x_j, which is the j-th column of the block's
        inverse over minus its diagonal entry.
        """
        pattern = correlated(clicks, self.settings.neighbours, self.settings.threshold)
        return neighbourhood_regressions(clicks, pattern, np.full(clicks.shape[1], self.settings.lam))


def correlated(clicks: Sparse, neighbours: int, threshold: float = 0.0) -> Sparse:
    """Return (n_items, n_items) CSR, in row j the largest positive correlations of other items with item j.

    Args:
        clicks: (n_users, n_items) CSR.
        neighbours: kept of each row.
        threshold: the smallest correlation that counts.
    """
    n_users, n_items = clicks.shape
    if not clicks.nnz:
        return csr(scipy.sparse.csr_array((n_items, n_items)))
    mean = np.asarray(clicks.sum(axis=0)).ravel() / n_users
    spread = np.sqrt(np.maximum(np.asarray(clicks.multiply(clicks).mean(axis=0)).ravel() - mean**2, 0.0))
    over = inverse(spread)

    def correlation(block: Matrix, start: int) -> Matrix:
        rows = slice(start, start + len(block))
        out = (block / n_users - mean[rows, None] * mean) * over[rows, None] * over
        return np.where((block > 0.0) & (out >= threshold), np.maximum(out, 0.0), 0.0)

    return similarities(csr(clicks.T), clicks, neighbours, correlation)


def neighbourhood_regressions(inputs: Sparse, pattern: Sparse, penalties: Matrix) -> Sparse:
    """Return (n_inputs, n_items) CSR, in column j the ridge weights of item j on the inputs in row j of `pattern`.

    Args:
        inputs: (n_users, n_inputs) CSR, the items first.
        pattern: (n_items, n_inputs) CSR.
        penalties: (n_inputs,) L2 penalty of each input's weight.
    """
    columns: Any = scipy.sparse.csc_array(inputs)
    data = np.zeros_like(pattern.data)
    for item in range(pattern.shape[0]):
        span = slice(pattern.indptr[item], pattern.indptr[item + 1])
        near = pattern.indices[span]
        if len(near):
            data[span] = _regression(columns, near, item, penalties[near])
    return csr(scipy.sparse.csr_array((data, pattern.indices, pattern.indptr), shape=pattern.shape).T)


def _regression(columns: Any, near: Any, item: int, penalties: Matrix) -> Matrix:
    """Return the ridge weights of `item` on the inputs `near`, from CSC `columns`."""
    block = columns[:, near]
    normal = (block.T @ block).toarray().astype(np.float64)
    normal[np.diag_indices_from(normal)] += penalties
    target = (block.T @ columns[:, [item]]).toarray().ravel()
    return scipy.linalg.solve(normal, target, assume_a="pos", check_finite=False, overwrite_a=True)


_SPACE = {"lam": LogRange(1.0, 3000.0), "dropout": Between(0.0, 0.8)}
EDLAE = ModelCard(
    name="edlae",
    summary="EASE that learns to predict what was dropped, in closed form: a little better where clicks are many.",
    make=Edlae,
    settings=DenoisingSettings(),
    small={"lam": 1.0},
    space=_SPACE,
)
LINEAR = ModelCard(
    name="linear-denoiser",
    summary="A linear denoising autoencoder of full rank, in closed form: what EDLAE is without emphasis.",
    make=LinearDenoiser,
    settings=DenoisingSettings(),
    small={"lam": 1.0},
    space=_SPACE,
)
SPARSE = ModelCard(
    name="sparse-mrf",
    summary="EASE on the strongest correlations alone: for more items than a dense matrix can hold.",
    make=SparseField,
    settings=SparseFieldSettings(),
    small={"lam": 1.0, "neighbours": 5},
    space={"lam": LogRange(1.0, 3000.0), "neighbours": OneOf((25, 50, 100, 200, 400))},
)
