"""How sure EASE can be of its weights, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.history import History
from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.models.model import Arrays, Sparse
from serendip.simulator.interface import Items, SettingsError, Singles

Matrix = NDArray[Any]


@dataclass(frozen=True, slots=True)
class EasePosteriorSettings:
    """Settings of the posterior.

    Attributes:
        lam: the L2 penalty, > 0, in clicks.
        temperature: factor on every standard deviation.
    """

    lam: float = 300.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.lam > 0.0 or not self.temperature >= 0.0:
            raise SettingsError(
                f"lam is {self.lam} and temperature {self.temperature}; allowed is above 0, and 0 or more"
            )


class EasePosterior:
    """Each item's weights are a Bayesian linear regression on all the others, so its score is Gaussian.

    With P = (X'X + lam I)^-1, the conditional of item i has mean weights -P_.i / P_ii, noise variance
    s_i^2 = (1 / P_ii - lam) / n, and the posterior covariance s_i^2 (P - P_.i P_i. / P_ii).
    """

    def __init__(self, settings: EasePosteriorSettings) -> None:
        self.settings = settings
        self._inverse: Matrix = np.zeros((0, 0), dtype=np.float32)
        self._n_users = 0

    def update(self, history: History, items: Items) -> None:
        """Invert the matrix of what was clicked together."""
        clicks = history.interactions().clicks
        counts = gram(clicks, np.float64)
        counts[np.diag_indices_from(counts)] += self.settings.lam
        self._inverse = np.ascontiguousarray(invert_in_place(counts).astype(np.float32))
        self._n_users = clicks.shape[0]

    def posterior(self, situation: Situation) -> GaussianPosterior:
        """Return the predictive mean and deviation of all items: one product with P."""
        mean, variance = ease_predictive(situation.clicks, self._inverse, self.settings.lam, self._n_users)
        return GaussianPosterior(mean, np.float32(self.settings.temperature) * np.sqrt(variance))

    def arrays(self) -> Arrays:
        """Return P and the number of users."""
        return {"inverse": self._inverse, "n_users": np.asarray([self._n_users])}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._inverse, self._n_users = arrays["inverse"], int(arrays["n_users"][0])


def ease_predictive(clicks: Sparse, inverse: Matrix, lam: float, n_users: int) -> tuple[Singles, Singles]:
    """Return (B, M) mean and variance of the scores x'B: x_i - y_i / P_ii and s_i^2 (x'Px - y_i^2 / P_ii), y = Px.

    Args:
        clicks: x (B, M) CSR.
        inverse: P (M, M).
        lam: the penalty.
        n_users: n, rows of X.
    """
    diagonal = np.diag(inverse)
    product: Any = clicks @ inverse  # (B, M)
    owners = np.repeat(np.arange(clicks.shape[0]), np.diff(clicks.indptr))
    own = np.zeros_like(product)
    own[owners, clicks.indices] = clicks.data
    mean = own - product / diagonal
    total = np.bincount(owners, clicks.data * product[owners, clicks.indices], minlength=clicks.shape[0])  # x'Px
    noise = np.maximum(1.0 / diagonal - lam, 0.0) / max(n_users, 1)
    variance = noise * np.maximum(total[:, None].astype(np.float32) - product**2 / diagonal, 0.0)
    return mean.astype(np.float32), variance.astype(np.float32)
