"""How sure a Gaussian field over the items can be of a user, given what that user saw, clicked or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import scipy.linalg
import scipy.sparse as sparse
from numpy.typing import NDArray

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.field_roots import Root, Roots
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History, outcomes
from serendip.agents.models.gram import gram
from serendip.agents.models.model import Arrays, Sparse, in_blocks, level_rows
from serendip.simulator.interface import Floats, Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges

_ROWS = 64  # users drawn at once
_BLAS: Any = scipy.linalg.blas
_LAPACK: Any = scipy.linalg.lapack


@dataclass(frozen=True, slots=True)
class GaussianFieldSettings:
    """Settings of the field.

    Attributes:
        lam: the ridge, > 0, in users: as many are counted beside those who saw an item, with the average click rate
            and spread, each in their own way.
        noise: variance of one showing's outcome around the user's taste, > 0, in units of the average variance of an
            outcome around its item's mean.
        temperature: factor on every standard deviation.
    """

    lam: Annotated[float, Range(above=0)] = 20.0
    noise: Annotated[float, Range(above=0)] = 1.0
    temperature: Annotated[float, Range(least=0)] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'gaussian-field'")


@dataclass(frozen=True, slots=True)
class Field:
    """A user's tastes f ~ N(mean, C) over M items, of which a showing tells one with Gaussian noise.

    Attributes:
        mean: (M,) float64.
        covariance: C (M, M) float32.
        root: lower L (M, M) float32 with L L' = C.
        noise: variance of one showing.
    """

    mean: Floats
    covariance: Singles
    root: Singles
    noise: float

    @classmethod
    def of(cls, clicks: Sparse, exposures: Sparse, lam: float, noise: float) -> Field:
        """Return the field that the outcomes y = clicks / exposures of those pairs say that were shown.

        With n_i users who were shown i, r the average outcome, and R = y - mean where shown and 0 elsewhere:

            mean_i = (sum_u y_ui + lam r) / (n_i + lam),  C = D^-1/2 (R'R + lam v I) D^-1/2,  D = diag(n_i + lam),

        v the average of R^2 where shown.  Where all saw everything that is the inverse of EASE's matrix, centred
        (Steck 2019, "Markov random fields for collaborative filtering"); items that few saw together are taken to have
        less in common, which keeps C positive definite.

        Args:
            clicks: (n_users, M) CSR counts.
            exposures: (n_users, M) CSR counts, above 0 wherever `clicks` is.
            lam: the ridge.
            noise: of one showing, in units of v.
        """
        y = outcomes(clicks, exposures)
        n_shown = np.bincount(y.indices, minlength=y.shape[1])
        average = float(y.data.sum()) / max(y.nnz, 1)
        mean = (np.bincount(y.indices, y.data, minlength=y.shape[1]) + lam * average) / (n_shown + lam)
        residual = sparse.csr_array((y.data - mean[y.indices], y.indices, y.indptr), shape=y.shape)
        v = max(float((residual.data**2).mean()) if residual.nnz else 0.0, 1e-6)  # all alike is not certain
        matrix = gram(residual, np.float64, n_matrices=3)
        matrix[np.diag_indices_from(matrix)] += lam * v
        scale = 1.0 / np.sqrt(n_shown + lam)
        matrix *= scale[:, None] * scale
        root: Any = scipy.linalg.cholesky(matrix, lower=True, check_finite=False)
        return cls(mean, np.ascontiguousarray(matrix, np.float32), np.ascontiguousarray(root, np.float32), noise * v)

    def arrays(self) -> Arrays:
        """Return all of it."""
        return {
            "mean": self.mean,
            "covariance": self.covariance,
            "root": self.root,
            "noise": np.asarray([self.noise]),
        }


class GaussianField:
    """Conditions a Gaussian field over the items on what a user saw; what was not shown is missing, not disliked."""

    def __init__(self, settings: GaussianFieldSettings) -> None:
        self.settings = settings
        nothing = np.zeros((0, 0), dtype=np.float32)
        self._take(Field(np.zeros(0), nothing, nothing, 1.0), None, 0)

    def update(self, history: History, items: Items) -> None:
        """Estimate the field from all that was shown."""
        users = history.user_ids
        clicks, exposures = history.clicks_of(users), history.exposures_of(users)
        field = Field.of(clicks, exposures, self.settings.lam, self.settings.noise)
        self._take(field, history, history.events.n_ever)

    def posterior(self, situation: Situation) -> FieldPosterior:
        """Return what is believed of each user's tastes."""
        clicks = situation.history.clicks_of(situation.visits.user_ids)
        roots = self._roots.of(situation)
        return FieldPosterior.given(self._field, clicks, situation.n_exposures, roots, self.settings.temperature)

    def arrays(self) -> Arrays:
        """Return the field, and how much of the log it was learned from."""
        return self._field.arrays() | {"n_learned": np.asarray([self._roots.n_learned])}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        field = Field(arrays["mean"], arrays["covariance"], arrays["root"], float(arrays["noise"][0]))
        self._take(field, None, int(arrays["n_learned"][0]))

    def _take(self, field: Field, history: History | None, n_learned: int) -> None:
        self._field = field
        self._roots = Roots(field.covariance, field.noise, history, n_learned)


@dataclass(frozen=True, slots=True)
class FieldPosterior:
    """A Gaussian over all tastes of each of B users, given the outcomes y_E of what each was shown.

    With K = C_EE + diag(noise / showings), the mean is mean + C_.E K^-1 (y_E - mean_E) and the covariance
    C - C_.E K^-1 C_E. .  A hypothesis is drawn by Matheron's rule: f of the prior, moved by C_.E K^-1 (y_E - f_E - e)
    with noise e, has just that distribution (Wilson et al. 2020, "Efficiently sampling functions from Gaussian process
    posteriors"), and no M x M matrix is made for any user.

    Attributes:
        field: what is believed of all users.
        shown: (B, M) CSR float64, noise / showings of what each user was shown.
        roots: Cholesky factors of K, one a user, in an order of its own.
        orders: where the items of each factor stand among those of the row of `shown`.
        location: (B, M) means.
        temperature: factor on the standard deviations.
    """

    field: Field
    shown: Sparse
    roots: list[Root]
    orders: list[Ints]
    location: Singles
    temperature: float

    @classmethod
    def given(
        cls, field: Field, clicks: Sparse, exposures: Sparse, roots: list[Root], temperature: float
    ) -> FieldPosterior:
        """Return the posterior given (B, M) CSR counts of clicks and showings.

        Args:
            field: what is believed of all users.
            clicks: (B, M) CSR counts of clicks.
            exposures: (B, M) CSR counts of showings.
            roots: Cholesky factors of K, one a user.
            temperature: factor on the standard deviations.
        """
        y = outcomes(clicks, exposures)
        shown = sparse.csr_array((field.noise / exposures.data, exposures.indices, exposures.indptr), shape=y.shape)
        starts = shown.indptr
        orders = [
            np.searchsorted(shown.indices[starts[row] : starts[row + 1]], root.items) for row, root in enumerate(roots)
        ]
        bare = cls(field, shown, roots, orders, np.zeros((0, 0), dtype=np.float32), temperature)
        location = field.mean.astype(np.float32) + bare.moved_by(y.data - field.mean[y.indices])
        return replace(bare, location=location)

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) means."""
        return self.location

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations, in closed form."""
        covariance = self.field.covariance
        out = np.empty_like(self.location)
        for row, root in enumerate(self.roots):
            half = scipy.linalg.solve_triangular(root.lower, covariance[root.items], lower=True, check_finite=False)
            out[row] = np.sqrt(np.maximum(np.diag(covariance) - np.einsum("ei,ei->i", half, half), 0.0))
        return np.float32(self.temperature) * out

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) tastes of one kind of user, drawn anew for each visit and index, whole."""
        counts = np.diff(self.shown.indptr)
        owners = np.repeat(np.arange(len(counts)), counts)
        turn = np.arange(len(owners)) - np.repeat(self.shown.indptr[:-1], counts)
        normals = luck.of("field", index).rough_normals(len(self.field.mean))

        prior = in_blocks(normals, _ROWS, self._of_prior)
        noise = luck.of("noise", index).normals(int(counts.max(initial=0)))[owners, turn]
        surprise = -prior[owners, self.shown.indices] - np.sqrt(self.shown.data) * noise
        moved = prior + self.moved_by(surprise)
        return np.asarray(self.location + np.float32(self.temperature) * moved, dtype=np.float32)

    def draws(self, indices: range, luck: Luck) -> Iterator[Singles]:
        """Yield (n, S, M) what `draw` gives of each index, up to rounding, of a few visits at a time."""
        n_items, n_draws, starts = len(self.field.mean), len(indices), self.shown.indptr
        counts = np.diff(starts)
        normals = np.stack([luck.of("field", index).rough_normals(n_items) for index in indices], axis=1)
        most = int(counts.max(initial=0))
        noise = np.stack([luck.of("noise", index).normals(most) for index in indices], axis=1)  # (B, S, most)
        step = max(_ROWS // n_draws, 1)
        for start in range(0, max(len(counts), 1), step):
            some = normals[start : start + step]
            scores = in_blocks(some.reshape(-1, n_items), _ROWS, self._of_prior).reshape(some.shape)
            for scored, row in zip(scores, range(start, start + len(some)), strict=True):
                mine = slice(starts[row], starts[row + 1])
                seen = self.shown.indices[mine]
                if len(seen):
                    off = scored[:, seen] + np.sqrt(self.shown.data[mine]) * noise[row, :, : len(seen)]
                    root, order = self.roots[row], self.orders[row]
                    weights = _LAPACK.dpotrs(root.lower, off[:, order].T, lower=1)[0].T.astype(np.float32)  # (S, n)
                    scored -= weights @ self.field.covariance[root.items]
                scored *= np.float32(self.temperature)
                scored += self.location[row]
            yield scores

    def _of_prior(self, normals: NDArray[Any]) -> NDArray[Any]:
        """Return normals @ root', half the work for a triangle, in the order of memory that Fortran reads uncopied."""
        return _BLAS.strmm(1.0, self.field.root.T, normals.astype(np.float32, copy=False).T, trans_a=1).T

    def moved_by(self, surprise: Floats) -> Singles:
        """Return (B, M) C_.E K^-1 surprise_E, for the surprises (entries of `shown`) at what was shown."""
        weights = np.zeros(self.shown.shape, dtype=np.float32)  # dense: a product with C is quicker than with few rows
        for row, (root, order) in enumerate(zip(self.roots, self.orders, strict=True)):
            if len(order):
                mine = surprise[self.shown.indptr[row] : self.shown.indptr[row + 1]]
                weights[row, root.items] = _LAPACK.dpotrs(root.lower, mine[order], lower=1)[0]

        def along(block: NDArray[Any]) -> NDArray[Any]:
            return block @ self.field.covariance

        return in_blocks(weights, level_rows(_ROWS), along)


def made(making: Making) -> GaussianField:
    """Return a belief that has learned nothing yet."""
    return GaussianField(making.settings)


CARD = BeliefCard(
    name="gaussian-field",
    summary="What a user was not shown is missing, not disliked: the doubts of a user's taste, item by item.",
    make=made,
    settings=GaussianFieldSettings(),
)
