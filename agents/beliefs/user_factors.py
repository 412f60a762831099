"""How sure a matrix factorisation can be of a user's vector, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.ials import Ials
from serendip.agents.models.model import Arrays, Sparse, block_rows, in_blocks, level_rows
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Items, Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class UserFactorsSettings:
    """Settings of the posterior.

    Attributes:
        temperature: factor on every standard deviation.
    """

    temperature: Annotated[float, Range(least=0)] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, "belief about users' factors")


class UserFactors:
    """Given the items' factors H, iALS is a linear regression for each user, so that the user's vector is Gaussian.

    The loss of a user is w'Aw - 2 b'w + const with A = a H'H + sum_i c_i h_i h_i' + penalty I and b = sum_i c_i h_i;
    with noise of variance s^2, w ~ N(A^-1 b, s^2 A^-1).  s^2 is the mean squared error over all pairs, weighted.
    """

    factored: ClassVar[bool] = True

    def __init__(self, settings: UserFactorsSettings, model: Ials) -> None:
        if not isinstance(model, Ials):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SettingsError("the belief 'user-factors' is about the model 'ials'; choose that")
        self.settings = settings
        self.model = model
        self.noise = 1.0  # s^2

    def update(self, history: History, items: Items) -> None:
        """Go on fitting the factors to all that was seen, and measure the noise."""
        clicks = history.interactions().clicks
        self.model.fit(history.interactions())
        vectors, exact = self.model.vectors(clicks), self.model.items.astype(np.float64)
        a, total = self.model.settings.unobserved, clicks.sum()
        owners = np.repeat(np.arange(clicks.shape[0]), np.diff(clicks.indptr))
        fitted = (vectors[owners] * exact[clicks.indices]).sum(axis=1)
        everywhere = float(((vectors.T @ vectors) * (exact.T @ exact)).sum())
        error = float((clicks.data * (fitted - 1.0) ** 2).sum()) + a * everywhere
        self.noise = error / max(float(total) + a * clicks.shape[0] * clicks.shape[1], 1.0)

    def posterior(self, situation: Situation) -> UserFactorsPosterior:
        """Return what is believed of each user's vector."""
        vectors = self.model.vectors(situation.clicks)
        chosen = self.model.settings
        scale = self.settings.temperature * np.sqrt(self.noise)
        everyone = chosen.unobserved * self.model.gram
        penalty = self.model.penalties_of(situation.clicks)
        roots = covariance_roots(situation.clicks, self.model.items, everyone, penalty)
        roots *= scale  # in place: they are large
        return UserFactorsPosterior(vectors, roots, self.model.items.T)

    def arrays(self) -> Arrays:
        """Return the items' factors and the noise."""
        return with_prefix("model", self.model.arrays()) | {"noise": np.asarray([self.noise])}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.model.restore(without_prefix("model", arrays))
        self.noise = float(arrays["noise"][0])


def covariance_roots(clicks: Sparse, factors: NDArray[Any], everyone: Floats, penalty: NDArray[Any]) -> Floats:
    """Return R (B, d, d) with R R' = (everyone + sum_i c_i h_i h_i' + penalty I)^-1, one user at a time.

    Args:
        clicks: (B, M) CSR of c.
        factors: H (M, d).
        everyone: (d, d) what all users share.
        penalty: (B,) of each user.
    """
    identity = np.eye(len(everyone))
    roots = np.empty((clicks.shape[0], *everyone.shape))
    for row in range(len(roots)):
        mine = slice(clicks.indptr[row], clicks.indptr[row + 1])
        vectors, weights = factors[clicks.indices[mine]].astype(np.float64), clicks.data[mine]
        precision = everyone + vectors.T @ (vectors * weights[:, None]) + penalty[row] * identity
        lower = scipy.linalg.cholesky(precision, lower=True, check_finite=False)
        roots[row] = scipy.linalg.solve_triangular(lower, identity, lower=True, trans=1, check_finite=False)
    return roots


@dataclass(frozen=True, slots=True)
class UserFactorsPosterior:
    """Gaussian user vectors; the scores of all items go together, through them.

    Attributes:
        vectors: (B, d) means.
        roots: (B, d, d) roots of the covariances.
        items: (d, M) factors.
    """

    vectors: Floats
    roots: Floats
    items: Any

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) scores at the mean."""
        return self._scores(self.vectors)

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations, |R' h_i|, in closed form."""
        out = np.empty((len(self.vectors), self.items.shape[1]), dtype=np.float32)
        for row, root in enumerate(self.roots):
            out[row] = np.linalg.norm(root.astype(np.float32).T @ self.items, axis=0)
        return out

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores at one vector a user, drawn anew for each visit and index."""
        return self._scores(self.codes(range(index, index + 1), luck)[:, 0])

    def factors(self) -> Singles:
        """Return (d, M) the items' factors."""
        return self.items

    def codes(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, d) vectors of the users, drawn anew for each visit and index."""
        noise = np.stack([luck.of("vector", index).normals(self.vectors.shape[1]) for index in indices], axis=2)
        moved = np.matmul(self.roots, noise)  # (B, d, S): a root is read once for all
        return (self.vectors[:, None] + moved.transpose(0, 2, 1)).astype(np.float32)

    def _scores(self, vectors: NDArray[Any]) -> Singles:
        def along(block: NDArray[Any]) -> NDArray[Any]:
            return block @ self.items

        return in_blocks(vectors.astype(np.float32, copy=False), level_rows(block_rows(self.items.shape[1])), along)


def made(making: Making) -> UserFactors:
    """Return a belief that has learned nothing yet."""
    return UserFactors(making.settings, making.new_model())


CARD = BeliefCard(
    name="user-factors",
    summary="How sure a least-squares factorisation can be of a user's vector, in closed form.",
    make=made,
    settings=UserFactorsSettings(),
    needs=("the model 'ials'",),
    model="ials",
)
