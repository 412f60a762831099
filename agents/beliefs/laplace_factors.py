"""How sure a matrix factorisation of clicks can be of a user's vector, where the likelihood is not Gaussian."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import scipy.linalg
from scipy.special import expit, log_softmax

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.user_factors import UserFactorsPosterior, UserFactorsSettings
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History, as_ones, outcomes
from serendip.agents.models.composed import Composed
from serendip.agents.models.model import Arrays, Sparse
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Items

_LIKELIHOODS = ("bernoulli", "poisson", "multinomial")
_LAPACK: Any = scipy.linalg.lapack
_STEPS = 50  # of Newton's method, at most; it takes about eight
_TOLERANCE = 1e-13  # of the loss, relative


class LaplaceFactors:
    """Takes each user's vector as Gaussian about the likeliest one, given the items' factors: Laplace's approximation.

    z ~ N(z*, A^-1), with z* the minimum of loss(z) + l2 / 2 |z|^2 and A its Hessian there; the model's `l2` is so the
    precision of the prior.  The loss is the model's own, over what the user was shown where the model has
    `exposed_only`, else over all items (MacKay 1992, "A practical Bayesian framework for backpropagation networks").
    """

    factored: ClassVar[bool] = True

    def __init__(self, settings: UserFactorsSettings, model: Composed) -> None:
        chosen: Any = getattr(model, "settings", None)
        slots = [getattr(chosen, slot, None) for slot in ("encoder", "posterior", "decoder")]
        if slots != ["table", "point", "inner"] or chosen.likelihood not in _LIKELIHOODS or not chosen.l2 > 0.0:
            raise SettingsError(
                "the belief 'laplace-factors' is about the models 'bernoulli-mf', 'poisson-mf' and 'multinomial-mf' "
                "with l2 above 0; choose one of these"
            )
        self.settings = settings
        self.model = model

    def update(self, history: History, items: Items) -> None:
        """Go on fitting the items' factors to all that was seen."""
        self.model.fit(history.interactions())

    def posterior(self, situation: Situation) -> UserFactorsPosterior:
        """Return what is believed of each user's vector, with a last entry of 1 for the items' biases."""
        chosen, learned = self.model.settings, self.model.arrays()
        factors = np.ascontiguousarray(learned["decoder.w0"].T, dtype=np.float64)
        biases = learned["decoder.b0"].astype(np.float64)
        n, d = len(situation), chosen.latent
        vectors, roots = np.ones((n, d + 1)), np.zeros((n, d + 1, d + 1))
        clicks = self._told(situation)
        everything = np.arange(len(factors))
        for row in range(n):
            told = slice(clicks.indptr[row], clicks.indptr[row + 1])
            known, x = clicks.indices[told], clicks.data[told]
            if not chosen.exposed_only or (chosen.likelihood == "multinomial" and not x.any()):
                known, x = everything, clicks[[row]].toarray()[0]
            mine = Loss(chosen.likelihood, x, factors[known], biases[known], chosen.unclicked, chosen.l2)
            vectors[row, :d], lower = mine.minimum()
            root = scipy.linalg.solve_triangular(lower, np.eye(d), lower=True, trans=1, check_finite=False)
            roots[row, :d, :d] = self.settings.temperature * root
        return UserFactorsPosterior(vectors, roots, np.vstack([factors.T, biases]).astype(np.float32))

    def _told(self, situation: Situation) -> Sparse:
        """Return (B, M) CSR clicks; with an explicit 0 at what was shown and not clicked, where that counts."""
        if not self.model.settings.exposed_only:
            return situation.clicks.astype(np.float64)
        return outcomes(situation.clicks, as_ones(situation.clicks + situation.exposures))

    def arrays(self) -> Arrays:
        """Return what the model learned."""
        return self.model.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.model.restore(arrays)


@dataclass(frozen=True)
class Loss:
    """What one user's vector z costs: minus the log-likelihood of the clicks x, up to a constant, + l2 / 2 |z|^2.

    With f = H z + b:  bernoulli: sum_i w_i log(1 + e^f_i) - [x_i > 0] f_i, w_i = 1 if x_i > 0, else `unclicked`;
    poisson: sum_i e^f_i - x_i f_i;  multinomial: -sum_i x_i log softmax(f)_i.

    Attributes:
        likelihood: one of these.
        clicks: x (m,).
        factors: H (m, d).
        biases: b (m,).
        unclicked: weight of what was not clicked (bernoulli).
        l2: the penalty, > 0.
    """

    likelihood: str
    clicks: Floats
    factors: Floats
    biases: Floats
    unclicked: float
    l2: float

    def minimum(self) -> tuple[Floats, Floats]:
        """Return z* (d,) by Newton's method, halving steps that go up, and the lower Cholesky factor of A there."""
        z = np.zeros(self.factors.shape[1])
        value, lower = self.value(z), np.eye(len(z))
        for _ in range(_STEPS):
            gradient, hessian = self.derivatives(z)
            lower, step, failed = _LAPACK.dposv(hessian, gradient, lower=1)  # bare: so small that wrappers cost more
            if failed:
                raise np.linalg.LinAlgError("the curvature at a user's vector is not finite")
            slack = _TOLERANCE * (1.0 + abs(value))
            if gradient @ step <= slack:
                break
            while (after := self.value(z - step)) > value + slack:
                step = step / 2.0
            z, value = z - step, after
        return z, np.tril(lower)

    def value(self, z: Floats) -> float:
        """Return the loss at `z`."""
        f, penalty = self.factors @ z + self.biases, 0.5 * self.l2 * float(z @ z)
        if self.likelihood == "bernoulli":
            return float(self._weights @ np.logaddexp(0.0, f) - self._clicked @ f) + penalty
        if self.likelihood == "poisson":
            return float(np.exp(np.minimum(f, 30.0)).sum() - self.clicks @ f) + penalty  # capped as in the model
        return -float(self.clicks @ log_softmax(f)) + penalty

    def derivatives(self, z: Floats) -> tuple[Floats, Floats]:
        """Return gradient (d,) and Hessian (d, d) of the loss at `z`."""
        f, rows = self.factors @ z + self.biases, self.factors
        if self.likelihood == "bernoulli":
            p = expit(f)
            slope, curvature = self._weights * p - self._clicked, self._weights * p * (1.0 - p)
        elif self.likelihood == "poisson":
            curvature = np.exp(np.minimum(f, 30.0))
            slope = curvature - self.clicks
        else:
            curvature = self.clicks.sum() * np.exp(log_softmax(f))
            slope = curvature - self.clicks
            rows = rows - curvature @ rows / max(float(curvature.sum()), 1e-300)  # diag(p) - pp' by centring
        hessian = rows.T @ (rows * curvature[:, None])
        return self.factors.T @ slope + self.l2 * z, hessian + self._ridge

    @cached_property
    def _clicked(self) -> Floats:
        return (self.clicks > 0.0).astype(np.float64)

    @cached_property
    def _weights(self) -> Floats:
        return np.where(self.clicks > 0.0, 1.0, self.unclicked)

    @cached_property
    def _ridge(self) -> Floats:
        return self.l2 * np.eye(self.factors.shape[1])


def made(making: Making) -> LaplaceFactors:
    """Return a belief that has learned nothing yet."""
    return LaplaceFactors(making.settings, making.new_model())


CARD = BeliefCard(
    name="laplace-factors",
    summary="How sure a factorisation of clicks can be of a user's vector, where clicks are 0 or 1 or counts.",
    make=made,
    settings=UserFactorsSettings(),
    needs=("a factorisation with a Bernoulli, Poisson or multinomial likelihood",),
    model="bernoulli-mf",
)
