"""EASE against its definition."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models import memory
from serendip.agents.models.ease import Ease, EaseSettings, ease_weights
from serendip.agents.models.gram import gram
from serendip.agents.models.model import Interactions
from serendip.simulator.errors import SerendipError


def clicks(seed: int = 0, n_users: int = 60, n_items: int = 9) -> NDArray[np.float64]:
    return (np.random.default_rng(seed).random((n_users, n_items)) < 0.3).astype(np.float64)


def ridge_by_column(x: NDArray[Any], lam: float, prior: NDArray[Any]) -> NDArray[np.float64]:
    """Each column by its own ridge regression on the other columns, towards the prior's column."""
    n = x.shape[1]
    out = np.zeros((n, n))
    for j in range(n):
        others = np.arange(n) != j
        a, towards = x[:, others], prior[others, j]
        out[others, j] = np.linalg.solve(a.T @ a + lam * np.eye(n - 1), a.T @ x[:, j] + lam * towards)
    return out


def test_is_the_ridge_regression_of_each_column_on_the_others() -> None:
    x = clicks()
    assert np.allclose(ease_weights(x.T @ x, 3.0), ridge_by_column(x, 3.0, np.zeros((9, 9))), atol=1e-10)


def test_with_a_prior_is_the_ridge_regression_towards_it() -> None:
    x = clicks()
    prior = np.random.default_rng(1).normal(size=(9, 9))
    np.fill_diagonal(prior, 0.0)
    assert np.allclose(ease_weights(x.T @ x, 3.0, prior), ridge_by_column(x, 3.0, prior), atol=1e-10)


def test_without_data_is_the_prior() -> None:
    prior = np.random.default_rng(1).normal(size=(9, 9))
    np.fill_diagonal(prior, 0.0)
    assert np.allclose(ease_weights(np.zeros((9, 9)), 2.0, prior), prior, atol=1e-12)


def test_a_prior_of_zero_is_no_prior() -> None:
    x = clicks()
    assert np.allclose(ease_weights(x.T @ x, 3.0, np.zeros((9, 9))), ease_weights(x.T @ x, 3.0), atol=1e-12)


def test_is_the_conditional_mean_of_the_gaussian_markov_field() -> None:
    """E[x_j | the others] of N(0, S) is -sum_i Q_ij / Q_jj x_i with Q = S^-1, S the penalised second moment."""
    x = clicks()
    precision = np.linalg.inv((x.T @ x + 3.0 * np.eye(9)) / len(x))
    field = -precision / np.diag(precision)
    np.fill_diagonal(field, 0.0)
    assert np.allclose(ease_weights(x.T @ x, 3.0), field, atol=1e-10)


def test_gram_is_blockwise_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serendip.agents.models.gram._BLOCK", 4)
    x = clicks(n_items=11)
    assert np.allclose(gram(scipy.sparse.csr_array(x)), x.T @ x)
    assert np.allclose(ease_weights(x.T @ x, 3.0), ridge_by_column(x, 3.0, np.zeros((11, 11))), atol=1e-10)


def test_single_precision_is_close_to_double() -> None:
    data = Interactions(scipy.sparse.csr_array(clicks().astype(np.float32)))
    single, double = Ease(EaseSettings(3.0, "float32")), Ease(EaseSettings(3.0, "float64"))
    single.fit(data)
    double.fit(data)
    assert single.weights.dtype == np.float32
    assert np.allclose(single.weights, double.weights, atol=1e-5)


def test_too_large_a_catalogue_is_named_before_it_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 10**9)
    many = scipy.sparse.csr_array((2, 100_000), dtype=np.float32)
    with pytest.raises(SerendipError, match=r"100,000 items needs 40\.0 GB, 1\.0 GB are free; use the model"):
        Ease().fit(Interactions(many))


def test_less_than_two_item_item_matrices_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serendip.agents.models.gram._BLOCK", 128)  # as small beside so few items as 1,024 beside many
    n_items = 1500
    data = Interactions(scipy.sparse.csr_array(clicks(n_users=50, n_items=n_items).astype(np.float32)))
    model = Ease()
    tracemalloc.start()
    try:
        model.fit(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 4 * n_items**2
    assert model.weights.flags.c_contiguous


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(SerendipError, match="lam"):
        ease_weights(-np.eye(3), 0.5)


def test_a_penalty_of_zero_is_refused() -> None:
    with pytest.raises(SerendipError, match="lam"):
        EaseSettings(lam=0.0)
