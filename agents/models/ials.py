"""iALS: matrix factorisation of clicks by alternating least squares, users folded in by one solve.

Hu, Koren & Volinsky (2008), with the penalty that grows with frequency of Rendle et al. (2021), "Revisiting the
performance of iALS on item recommendation benchmarks":

L = sum_clicks c_ui (w_u.h_i - 1)^2 + a sum_all (w_u.h_i)^2 + lam sum_u n_u ||w_u||^2 + lam sum_i n_i ||h_i||^2,

n_u = (|clicks of u| + a n_items)^nu, n_i likewise with users.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import scipy.linalg

from serendip.agents.models.least_squares import Side, improve
from serendip.agents.models.model import (
    Arrays,
    Interactions,
    Matrix,
    Sparse,
    block_rows,
    csr,
    in_blocks,
    level_rows,
    require_items,
)
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.simulator import randomness
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class IalsSettings:
    """How a factorisation is learned.

    Attributes:
        n_factors: length of a user's and an item's vector.
        lam: the L2 penalty, > 0.
        unobserved: weight `a` of the unclicked pairs.
        nu: how the penalty grows with frequency: 0 not at all, 1 in proportion.
        epochs: passes over users and items of the first fit.
        warm_epochs: passes of each later fit, which goes on from the items' factors as they are.
        solver: how a pass solves: by a few conjugate-gradient steps, or exactly.
        scale: standard deviation of the items' first factors, times the root of `n_factors`.
        seed: seed of the items' first factors.
    """

    n_factors: Annotated[int, Range(least=1)] = 64
    lam: Annotated[float, Range(above=0)] = 0.01
    unobserved: Annotated[float, Range(least=0)] = 0.1
    nu: float = 1.0
    epochs: Annotated[int, Range(least=1, most=10_000)] = 16
    warm_epochs: Annotated[int, Range(least=0, most=10_000)] = 4
    solver: Literal["cg", "exact"] = "cg"
    scale: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, "model 'ials'")


def penalties(counts: Matrix, lam: float, nu: float, unobserved: float, n_others: int) -> Matrix:
    """Return the L2 penalty of each vector, lam (count + unobserved n_others)^nu.  Rendle et al. (2021), eq. 7.

    Args:
        counts: (n,) clicks of each user (or item).
        lam: the L2 penalty.
        nu: how the penalty grows with frequency.
        unobserved: weight of the unclicked pairs.
        n_others: number of items (or users).
    """
    return lam * (counts + unobserved * n_others) ** nu


def fold_in(histories: Sparse, items: Matrix, penalty: Matrix, unobserved: float, gram: Matrix | None = None) -> Matrix:
    """Return the vectors (B, n_factors) that minimise the loss for `histories` given the items' factors, float64.

    w = (a H'H + sum_i c_i h_i h_i' + penalty I)^-1 sum_i c_i h_i, one user at a time, so that no user's vector depends
    on who else is asked for.

    Args:
        histories: (B, n_items) CSR, weights of clicks.
        items: H (n_items, n_factors).
        penalty: (B,) of each user.
        unobserved: a.
        gram: H'H, where it is known.
    """
    everyone = unobserved * (gram_of(items) if gram is None else gram)
    out = np.zeros((histories.shape[0], items.shape[1]))
    starts = histories.indptr
    for row in range(len(out)):
        mine = slice(starts[row], starts[row + 1])
        vectors, weights = items[histories.indices[mine]].astype(np.float64), histories.data[mine]
        if len(vectors):
            normal = everyone + vectors.T @ (vectors * weights[:, None])
            normal[np.diag_indices_from(normal)] += penalty[row]
            out[row] = scipy.linalg.solve(normal, weights @ vectors, assume_a="pos", check_finite=False)
    return out


def gram_of(items: Matrix) -> Matrix:
    """Return H'H (n_factors, n_factors) float64 of H = `items` (n_items, n_factors)."""
    exact = items.astype(np.float64)
    return exact.T @ exact


class Ials:
    """The factorisation whose scores are w_u.h_i with w_u folded in."""

    def __init__(self, settings: IalsSettings | None = None) -> None:
        self.settings = settings or IalsSettings()
        self.items: Matrix = np.zeros((0, self.settings.n_factors), dtype=np.float32)
        self._gram: tuple[Matrix, Matrix] | None = None  # of which items, and what it is

    def fit(self, data: Interactions) -> None:
        """Learn from `data`, on from the items' factors if there are as many items as before; no use of exposures."""
        chosen = self.settings
        clicks = csr(data.clicks)
        warm = len(self.items) == clicks.shape[1]
        items = self.items if warm else self._first(clicks.shape[1])
        users = np.zeros((clicks.shape[0], chosen.n_factors), dtype=np.float32)
        side_users = Side(clicks, self._penalties(clicks), chosen.unobserved, chosen.solver)
        turned = csr(clicks.T)
        side_items = Side(turned, self._penalties(turned), chosen.unobserved, chosen.solver)
        for _ in range(chosen.warm_epochs if warm else chosen.epochs):
            users = improve(side_users, users, items)
            items = improve(side_items, items, users)
        self.items = items

    def vectors(self, histories: Sparse) -> Matrix:
        """Return the users' vectors (B, n_factors), folded in exactly."""
        require_items(histories, len(self.items))
        histories = csr(histories)
        return fold_in(histories, self.items, self._penalties(histories), self.settings.unobserved, self.gram)

    @property
    def gram(self) -> Matrix:
        """H'H (n_factors, n_factors) of the items' factors."""
        if self._gram is None or self._gram[0] is not self.items:
            self._gram = self.items, gram_of(self.items)
        return self._gram[1]

    def penalties_of(self, histories: Sparse) -> Matrix:
        """Return (B,) the L2 penalty of each user's vector."""
        return self._penalties(csr(histories))

    def scores(self, histories: Sparse) -> Singles:
        """Return w_u.h_i, (B, n_items)."""
        vectors = self.vectors(histories).astype(np.float32)

        def along(block: Matrix) -> Matrix:
            return block @ self.items.T

        return in_blocks(vectors, level_rows(block_rows(len(self.items))), along)

    def arrays(self) -> Arrays:
        """Return the items' factors."""
        return {"items": self.items}

    def restore(self, arrays: Arrays) -> None:
        """Take back the items' factors."""
        self.items = arrays["items"]

    def _first(self, n_items: int) -> Matrix:
        rng = randomness.generator(self.settings.seed, "ials")
        scale = self.settings.scale / np.sqrt(self.settings.n_factors)
        return (scale * rng.standard_normal((n_items, self.settings.n_factors))).astype(np.float32)

    def _penalties(self, clicks: Sparse) -> Matrix:
        chosen = self.settings
        return penalties(np.diff(clicks.indptr), chosen.lam, chosen.nu, chosen.unobserved, clicks.shape[1])


CARD = ModelCard(
    name="ials",
    summary="Factorisation by alternating least squares: quick, small, and good once tuned.",
    make=Ials,
    settings=IalsSettings(),
    small={"n_factors": 4, "lam": 0.01},
    space={
        "n_factors": OneOf((32, 64, 128, 256)),
        "lam": LogRange(1e-4, 0.1),
        "unobserved": LogRange(0.01, 1.0),
        "nu": Between(0.0, 1.0),
        "epochs": LogRange(4, 32, whole=True),
    },
)
