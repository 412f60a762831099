"""How sure EASE can be of its weights, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.models.model import Arrays, Matrix, Sparse
from serendip.agents.models.woodbury import changed_rows, update_inverse
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator.interface import Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges

_FEW = 0.25  # rows that changed, in units of the items: from there on a new inverse takes less work


@dataclass(frozen=True, slots=True)
class EasePosteriorSettings:
    """Settings of the posterior.

    Attributes:
        lam: the L2 penalty, > 0, in clicks.
        temperature: factor on every standard deviation.
        refit_every: updates from one inversion of the whole matrix to the next; in between, where few users clicked
            something new, the inverse is led on from what it was.  1: each time anew.
    """

    lam: Annotated[float, Range(above=0)] = 300.0
    temperature: Annotated[float, Range(least=0)] = 1.0
    refit_every: Annotated[int, Range(least=1)] = 10

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'ease-posterior'")


class EasePosterior:
    """Each item's weights are a Bayesian linear regression on all the others, so its score is Gaussian.

    With P = (X'X + lam I)^-1, the conditional of item i has mean weights -P_.i / P_ii, noise variance
    s_i^2 = (1 / P_ii - lam) / n, and the posterior covariance s_i^2 (P - P_.i P_i. / P_ii).
    """

    def __init__(self, settings: EasePosteriorSettings) -> None:
        self.settings = settings
        self._inverse: Matrix = np.zeros((0, 0), dtype=np.float32)
        self._n_users = 0
        self._learned = Learned()

    def update(self, history: History, items: Items) -> None:
        """Invert the matrix of what was clicked together, or lead its inverse on."""
        clicks = history.interactions().clicks
        if self.settings.refit_every == 1:
            self._inverse = np.ascontiguousarray(_inverted(clicks, self.settings.lam).astype(np.float32))
        else:
            self._learned.learn(clicks, history.user_ids, self.settings)
            self._inverse = self._learned.inverse.astype(np.float32, order="C")
        self._n_users = clicks.shape[0]

    def posterior(self, situation: Situation) -> GaussianPosterior:
        """Return the predictive mean and deviation of all items: one product with P."""
        mean, variance = ease_predictive(situation.clicks, self._inverse, self.settings.lam, self._n_users)
        return GaussianPosterior(mean, np.float32(self.settings.temperature) * np.sqrt(variance))

    def arrays(self) -> Arrays:
        """Return P and the number of users, and what the next update goes on from."""
        own = {"inverse": self._inverse, "n_users": np.asarray([self._n_users])}
        return own if self.settings.refit_every == 1 else own | with_prefix("learned", self._learned.arrays())

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._inverse, self._n_users = arrays["inverse"], int(arrays["n_users"][0])
        if self.settings.refit_every > 1:
            self._learned = Learned.of(without_prefix("learned", arrays), len(self._inverse))


class Learned:
    """P = (X'X + lam I)^-1 in double precision, and the clicks X that it is of.

    Attributes:
        inverse: P (n_items, n_items), in Fortran order.
    """

    def __init__(self) -> None:
        self.inverse: Matrix = np.zeros((0, 0), order="F")
        self._clicks: Sparse = sparse.csr_array((0, 0), dtype=np.float32)
        self._user_ids: Ints = np.zeros(0, dtype=np.int64)
        self._age = 0  # updates since the whole matrix was inverted

    def learn(self, clicks: Sparse, user_ids: Ints, settings: EasePosteriorSettings) -> None:
        """Make P that of `clicks` (n_users, n_items) CSR of the users `user_ids`, who are all that were there and more.

        Led on, it is as if it were inverted anew up to rounding, which adds up; hence the schedule.
        """
        self._age += 1
        goes_on = len(self.inverse) == clicks.shape[1] and self._age < settings.refit_every
        if not (goes_on and self._led(clicks, user_ids)):
            self.inverse, self._age = _inverted(clicks, settings.lam), 0
        self._clicks, self._user_ids = clicks, user_ids.copy()

    def _led(self, clicks: Sparse, user_ids: Ints) -> bool:
        """Lead P on to that of `clicks`, and return True, if that takes less work than to invert anew."""
        rows, signs = changed_rows(self._clicks, self._user_ids, clicks, user_ids)
        few = len(signs) <= _FEW * clicks.shape[1]
        if few:
            self.inverse = update_inverse(self.inverse, rows, signs)
        return few

    def arrays(self) -> Arrays:
        """Return all of it."""
        clicks = {name: getattr(self._clicks, name) for name in ("data", "indices", "indptr")}
        return clicks | {"inverse": self.inverse, "user_ids": self._user_ids, "age": np.asarray([self._age])}

    @classmethod
    def of(cls, arrays: Arrays, n_items: int) -> Learned:
        """Return what `arrays` told."""
        own = cls()
        own.inverse = np.asfortranarray(arrays["inverse"])
        own._user_ids, own._age = arrays["user_ids"], int(arrays["age"][0])
        parts = arrays["data"], arrays["indices"], arrays["indptr"]
        own._clicks = sparse.csr_array(parts, shape=(len(own._user_ids), n_items))
        return own


def _inverted(clicks: Sparse, lam: float) -> Matrix:
    """Return (X'X + lam I)^-1 of `clicks` X, in Fortran order."""
    counts = gram(clicks, np.float64, n_matrices=2)  # it and what was there before
    counts[np.diag_indices_from(counts)] += lam
    return invert_in_place(counts)


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


def made(making: Making) -> EasePosterior:
    """Return a belief that has learned nothing yet."""
    return EasePosterior(making.settings)


CARD = BeliefCard(
    name="ease-posterior",
    summary="How sure EASE can be of its weights, in closed form: quick, and no network.",
    make=made,
    settings=EasePosteriorSettings(),
    small={"lam": 1.0},
)
