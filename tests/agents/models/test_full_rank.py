"""EASE's kin and SLIM against what they minimise."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models import slim
from serendip.agents.models.ease import Ease, EaseSettings
from serendip.agents.models.full_rank import DenoisingSettings, Edlae, LinearDenoiser, SparseField, SparseFieldSettings
from serendip.agents.models.model import Interactions
from serendip.agents.models.slim import elastic_nets


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


def test_elastic_nets_satisfy_their_optimality_conditions() -> None:
    x = clicks().astype(np.float64)
    normals = np.stack([np.delete(x, item, axis=1).T @ np.delete(x, item, axis=1) for item in range(3)], axis=1)
    targets = np.stack([np.delete(x, item, axis=1).T @ x[:, item] for item in range(3)])
    weights = elastic_nets(normals, targets, 2.0, 1.0, 500)
    for item in range(3):
        slope = targets[item] - normals[:, item] @ weights[item] - 2.0 - weights[item]  # Karush, Kuhn & Tucker
        assert (weights[item] >= 0.0).all()
        assert np.abs(slope[weights[item] > 0.0]).max() < 1e-2
        assert (slope[weights[item] == 0.0] <= 1e-2).all()


def test_slim_is_the_elastic_net_of_each_item_on_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """One coordinate at a time, written out; items are few at once, and have neighbours of different number."""
    monkeypatch.setattr(slim, "_AT_ONCE", 3 * 16)
    x = clicks().astype(np.float64)
    x[:, 7] = 0.0
    x[0, [6, 7]] = 1.0  # item 7 has few neighbours
    settings = slim.SlimSettings(l1=0.5, l2=2.0, neighbours=4, sweeps=400)
    model = slim.Slim(settings)
    model.fit(Interactions(scipy.sparse.csr_array(x)))
    norms = np.linalg.norm(x, axis=0)
    cosine = x.T @ x / (np.outer(norms, norms) + 1.0)
    np.fill_diagonal(cosine, 0.0)
    for item in range(8):
        near = [i for i in np.argsort(-cosine[item])[:4] if cosine[item, i] > 0.0]
        w = np.zeros(8)
        for _ in range(400):
            for i in near:
                others = w.copy()
                others[i] = 0.0
                rest = x[:, i] @ (x[:, item] - x @ others)
                w[i] = max(0.0, rest - 0.5) / (x[:, i] @ x[:, i] + 2.0)
        assert np.abs(model.weights.toarray()[:, item] - w).max() < 1e-3
