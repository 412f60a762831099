"""Higher-order Markov random fields: EASE with pairs of items beside single ones, dense and sparse.

Steck & Liang (2021), "Negative interactions for improved collaborative filtering: Don't go deeper, go higher":

minimise  ||X - XB - ZC||^2 + lam ||B||^2 + lam_pairs ||C||^2,  z_ur = 1 where user u clicked both items of pair r,
such that  B_jj = 0,  and C_rj = 0 where item j is one of the pair r: nobody is told what is to be predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import scipy.sparse

from serendip.agents.models.full_rank import correlated, neighbourhood_regressions
from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.models.item_item import Matrix
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.pairs import PairItem, Pairs
from serendip.agents.models.search import LogRange, ModelCard, OneOf
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class HigherOrderSettings:
    """How a dense field with pairs is learned.

    Attributes:
        lam: the L2 penalty of the items' weights, > 0.
        lam_pairs: the L2 penalty of the pairs' weights, > 0.
        n_pairs: how many pairs: those that most users clicked both of.
        step: ADMM's penalty, as a multiple of `lam_pairs`, > 0; it decides how fast, not where it ends.
        iterations: most iterations of ADMM.
        tolerance: change and violation of the weights at which it ends.
    """

    lam: Annotated[float, Range(above=0)] = 300.0
    lam_pairs: Annotated[float, Range(above=0)] = 1000.0
    n_pairs: Annotated[int, Range(least=0)] = 500
    step: Annotated[float, Range(above=0)] = 1.0
    iterations: Annotated[int, Range(least=1, most=100_000)] = 200
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        check_ranges(self, "model 'higher-order-mrf'")


class HigherOrder(PairItem):
    """The field in full: the diagonal by Lagrange multipliers, the mask of C by ADMM."""

    def __init__(self, settings: HigherOrderSettings | None = None) -> None:
        self.settings = settings or HigherOrderSettings()
        super().__init__(self.settings.n_pairs)

    def learn_from(self, inputs: Sparse, pairs: Pairs) -> Matrix:
        """Return B above C, (n_items + m, n_items)."""
        chosen, n_items = self.settings, inputs.shape[1] - len(pairs)
        normal = gram(inputs, np.float32, n_matrices=2)
        step = chosen.step * chosen.lam_pairs
        own = np.arange(len(normal))
        normal[own, own] += np.where(own < n_items, chosen.lam, chosen.lam_pairs + step).astype(np.float32)
        inverse = invert_in_place(normal)
        target = _admm(inverse, pairs, step, chosen.iterations, chosen.tolerance)
        out = np.empty((len(inverse), n_items), dtype=np.float32)
        out[:n_items] = inverse[:n_items, n_items:] @ (step * target)
        out[:n_items] -= inverse[:n_items, :n_items] * _multipliers(inverse, step * target)
        np.fill_diagonal(out, 0.0)
        out[n_items:] = target
        out[n_items + np.arange(len(pairs))[:, None], pairs] = 0.0
        return out


def _multipliers(inverse: Matrix, pull: Matrix) -> Matrix:
    """Return (n_items,) lam plus the multiplier of each B_jj = 0.

    Args:
        inverse: P (n_items + m, n_items + m).
        pull: (m, n_items) that is added to the pairs' side of the normal equations.
    """
    n_items = pull.shape[1]
    onto = np.einsum("jr,rj->j", inverse[:n_items, n_items:], pull)
    return (1.0 + onto) / np.diag(inverse)[:n_items]


def _admm(inverse: Matrix, pairs: Pairs, step: float, iterations: int, tolerance: float) -> Matrix:
    """Return C minus ADMM's scaled multipliers, (m, n_items), which are 0 but where the mask holds C to 0.

    Given D = mask(C) and multipliers U:  C = P_zz step (D - U) - P_zx (lam + gamma), with gamma such that diag(B) = 0;
    then D = mask(C + U) and U += C - D.  Boyd et al. (2011), section 3.1.1.

    Args:
        inverse: P, the inverse of [X Z]'[X Z] + penalties, with `step` added to those of the pairs.
        pairs: (m, 2).
    """
    m, n_items = len(pairs), len(inverse) - len(pairs)
    held = (np.arange(m)[:, None], pairs)
    among, towards = inverse[n_items:, n_items:], inverse[n_items:, :n_items]  # (m, m), (m, n_items)
    target = np.zeros((m, n_items), dtype=inverse.dtype)
    for _ in range(iterations):
        pull = step * target
        weights = among @ pull - towards * _multipliers(inverse, pull)
        before = target
        target = weights.copy()
        target[held] = before[held] - weights[held]
        if np.abs(target - before).max(initial=0.0) < tolerance:
            break
    return target


@dataclass(frozen=True, slots=True)
class SparseHigherOrderSettings:
    """How a sparse field with pairs is learned.

    Attributes:
        lam: the L2 penalty of the items' weights, > 0.
        lam_pairs: the L2 penalty of the pairs' weights, > 0.
        n_pairs: how many pairs: those that most users clicked both of.
        neighbours: how many other items an item may depend on, those of the largest correlation; and how many of the
            pairs that these make.
    """

    lam: Annotated[float, Range(above=0)] = 50.0
    lam_pairs: Annotated[float, Range(above=0)] = 200.0
    n_pairs: Annotated[int, Range(least=0)] = 1000
    neighbours: Annotated[int, Range(least=1)] = 200

    def __post_init__(self) -> None:
        check_ranges(self, "model 'sparse-higher-order-mrf'")


class SparseHigherOrder(PairItem):
    """The same on a sparse pattern: each item regressed on those it is most correlated with, and on their pairs."""

    def __init__(self, settings: SparseHigherOrderSettings | None = None) -> None:
        self.settings = settings or SparseHigherOrderSettings()
        super().__init__(self.settings.n_pairs)

    def learn_from(self, inputs: Sparse, pairs: Pairs) -> Any:
        """Return B above C, (n_items + m, n_items) CSR; no matrix of all pairs of inputs is ever in memory."""
        chosen, n_items = self.settings, inputs.shape[1] - len(pairs)
        near = correlated(csr(inputs[:, :n_items]), chosen.neighbours)
        pattern = csr(scipy.sparse.hstack([near, near_pairs(near, pairs, chosen.neighbours)], format="csr"))
        penalties = np.where(np.arange(inputs.shape[1]) < n_items, chosen.lam, chosen.lam_pairs)
        return neighbourhood_regressions(inputs, pattern, penalties)


def near_pairs(near: Sparse, pairs: Pairs, most: int) -> Sparse:
    """Return (n_items, m) CSR, positive in row j at the first `most` of `pairs` both of whose items are near item j.

    An interaction is considered where both of its parts are (the strong heredity of factorial regression).

    Args:
        near: (n_items, n_items) CSR, positive where an item (column) is near another (row), never at itself.
        pairs: (m, 2), the ones to prefer first.
    """
    columns: Any = scipy.sparse.csc_array(near)
    both = csr(columns[:, pairs[:, 0]].multiply(columns[:, pairs[:, 1]]))
    place = np.arange(both.nnz) - np.repeat(both.indptr[:-1], np.diff(both.indptr))  # of an entry in its row
    both.data[:] = place < most
    both.eliminate_zeros()
    return both


_SPACE = {"lam": LogRange(1.0, 3000.0), "lam_pairs": LogRange(10.0, 30_000.0)}
CARD = ModelCard(
    name="higher-order-mrf",
    summary="EASE with pairs of items: for where two clicks together say more than each.",
    make=HigherOrder,
    settings=HigherOrderSettings(),
    small={"lam": 1.0, "lam_pairs": 10.0, "n_pairs": 8},
    space=_SPACE | {"n_pairs": OneOf((100, 300, 1000))},
)
SPARSE = ModelCard(
    name="sparse-higher-order-mrf",
    summary="EASE with pairs of items on the strongest correlations alone: for many items.",
    make=SparseHigherOrder,
    settings=SparseHigherOrderSettings(),
    small={"lam": 1.0, "lam_pairs": 10.0, "n_pairs": 8, "neighbours": 8},
    space=_SPACE | {"n_pairs": OneOf((300, 1000, 3000)), "neighbours": OneOf((25, 50, 100, 200, 400))},
)
