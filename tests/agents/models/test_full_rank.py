"""EASE's kin and SLIM against what they minimise."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.ease import Ease, EaseSettings
from serendip.agents.models.full_rank import DenoisingSettings, Edlae, LinearDenoiser, SparseField, SparseFieldSettings
from serendip.agents.models.model import Interactions
from serendip.agents.models.slim import elastic_net


def clicks(n_users: int = 80, n_items: int = 8) -> NDArray[np.float32]:
    return (np.random.default_rng(0).random((n_users, n_items)) < 0.4).astype(np.float32)


def expected_loss_gradient(x: NDArray[np.float64], b: NDArray[np.float64], p: float, lam: float) -> NDArray[np.float64]:
    """Gradient of E ||X - (X o D / (1 - p)) B||^2 + lam ||B||^2 over dropout masks D, worked out entry by entry."""
    counts = x.T @ x
    noise = np.diag(p / (1.0 - p) * np.diag(counts))
    return 2.0 * (counts @ b - counts + noise @ b + lam * b)


def test_the_linear_denoiser_is_where_the_gradient_vanishes() -> None:
    model = LinearDenoiser(DenoisingSettings(lam=2.0, dropout=0.4))
    model.fit(Interactions(scipy.sparse.csr_array(clicks())))
    assert np.abs(expected_loss_gradient(clicks().astype(float), model.weights, 0.4, 2.0)).max() < 1e-3


def test_edlae_is_where_the_gradient_off_the_diagonal_vanishes() -> None:
    model = Edlae(DenoisingSettings(lam=2.0, dropout=0.4))
    model.fit(Interactions(scipy.sparse.csr_array(clicks())))
    gradient = expected_loss_gradient(clicks().astype(float), model.weights, 0.4, 2.0)
    np.fill_diagonal(gradient, 0.0)
    assert np.abs(gradient).max() < 1e-3
    assert (np.diag(model.weights) == 0.0).all()


def test_edlae_without_dropout_is_ease() -> None:
    data = Interactions(scipy.sparse.csr_array(clicks()))
    one, other = Edlae(DenoisingSettings(lam=3.0, dropout=0.0)), Ease(EaseSettings(lam=3.0))
    one.fit(data)
    other.fit(data)
    assert np.array_equal(one.weights, other.weights)


def test_the_sparse_field_is_ridge_regression_on_the_neighbours() -> None:
    x = clicks().astype(np.float64)
    model = SparseField(SparseFieldSettings(lam=3.0, neighbours=3))
    model.fit(Interactions(scipy.sparse.csr_array(x)))
    dense = model.weights.toarray()
    correlation = np.corrcoef(x.T)
    np.fill_diagonal(correlation, 0.0)
    for item in range(8):
        near = [i for i in np.argsort(-correlation[item])[:3] if correlation[item, i] > 0]
        a = x[:, near]
        expected = np.zeros(8)
        expected[near] = np.linalg.solve(a.T @ a + 3.0 * np.eye(len(near)), a.T @ x[:, item])
        assert np.allclose(dense[:, item], expected, atol=1e-5)


def test_the_elastic_net_satisfies_its_optimality_conditions() -> None:
    x = clicks().astype(np.float64)
    normal, target = x[:, 1:].T @ x[:, 1:], x[:, 1:].T @ x[:, 0]
    weights = elastic_net(normal, target, 2.0, 1.0, 500)
    slope = target - normal @ weights - 2.0 - weights  # of minus the loss; Karush, Kuhn & Tucker
    assert (weights >= 0.0).all()
    assert np.abs(slope[weights > 0.0]).max() < 1e-2
    assert (slope[weights == 0.0] <= 1e-2).all()
