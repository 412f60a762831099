"""Fields with pairs of items against regressions item by item."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from serendip.agents.models import pairs as of_pairs
from serendip.agents.models.ease import Ease, EaseSettings
from serendip.agents.models.higher_order import (
    HigherOrder,
    HigherOrderSettings,
    SparseHigherOrder,
    SparseHigherOrderSettings,
)
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.pairs import frequent_pairs, with_pairs

Double = NDArray[np.float64]


def clicks(n_users: int = 80, n_items: int = 7) -> Double:
    return (np.random.default_rng(0).random((n_users, n_items)) < 0.5).astype(np.float64)


def fitted(model: Any, x: Double) -> Any:
    model.fit(Interactions(csr(x)))
    return model


def by_item(x: Double, pairs: NDArray[Any], lam: float, lam_pairs: float, near: Any = None) -> Double:
    """Each item by its own ridge regression on the other items and the pairs that it is no part of."""
    n = x.shape[1]
    inputs = np.concatenate([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], axis=1)
    penalty = np.concatenate([np.full(n, lam), np.full(len(pairs), lam_pairs)])
    out = np.zeros((len(penalty), n))
    for j in range(n):
        allowed = np.concatenate([np.arange(n) != j, (pairs != j).all(axis=1)])
        if near is not None:
            allowed &= near[j]
        a = inputs[:, allowed]
        out[allowed, j] = np.linalg.solve(a.T @ a + np.diag(penalty[allowed]), a.T @ x[:, j])
    return out


def test_pairs_are_those_clicked_together_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_pairs, "_BLOCK", 3)
    x = clicks()
    counted = sorted((-(x[:, a] * x[:, b]).sum(), a, b) for a, b in itertools.combinations(range(7), 2))
    assert frequent_pairs(csr(3.0 * x), 5).tolist() == [[a, b] for _, a, b in counted[:5]]
    assert len(frequent_pairs(csr(x), 1000)) == 21
    assert frequent_pairs(csr(np.eye(3)), 5).shape == (0, 2)


def test_a_pair_is_in_a_history_with_both() -> None:
    x, pairs = clicks(), np.array([[0, 3], [2, 6]])
    expected = np.concatenate([2.0 * x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], axis=1)
    assert np.array_equal(with_pairs(csr(2.0 * x), pairs).toarray(), expected)


@pytest.mark.parametrize("step", [0.3, 1.0, 5.0])
def test_is_the_ridge_regression_of_each_item_on_other_items_and_pairs(step: float) -> None:
    x = clicks()
    model = fitted(HigherOrder(HigherOrderSettings(3.0, 5.0, 6, step, 2000, 1e-7)), x)
    assert np.abs(model.weights - by_item(x, model.pairs, 3.0, 5.0)).max() < 1e-4
    assert (np.diag(model.weights) == 0.0).all()
    assert (model.weights[7 + np.arange(6)[:, None], model.pairs] == 0.0).all()


def test_without_pairs_is_ease() -> None:
    x = clicks()
    model = fitted(HigherOrder(HigherOrderSettings(lam=3.0, n_pairs=0)), x)
    assert np.allclose(model.weights, fitted(Ease(EaseSettings(3.0)), x).weights, atol=1e-6)


def test_the_sparse_field_is_the_ridge_regression_on_what_is_near() -> None:
    x = clicks()
    model = fitted(SparseHigherOrder(SparseHigherOrderSettings(3.0, 5.0, 21, 4)), x)
    correlation = np.corrcoef(x.T)
    np.fill_diagonal(correlation, 0.0)
    near = np.zeros((7, 7 + len(model.pairs)), dtype=bool)
    for j in range(7):
        strongest = np.argsort(-correlation[j])[:4]
        items = set(strongest[correlation[j, strongest] > 0.0])
        both = [r for r, pair in enumerate(model.pairs) if items.issuperset(pair)]
        near[j, [*items, *(7 + r for r in both[:4])]] = True
    assert near[:, 7:].any()
    assert np.abs(model.weights.toarray() - by_item(x, model.pairs, 3.0, 5.0, near)).max() < 1e-5


@pytest.mark.parametrize(
    "model",
    [
        HigherOrder(HigherOrderSettings(lam=1.0, lam_pairs=1.0, n_pairs=3)),
        SparseHigherOrder(SparseHigherOrderSettings(lam=1.0, lam_pairs=1.0, n_pairs=3, neighbours=5)),
    ],
)
def test_an_exclusive_or_takes_a_pair(model: Any) -> None:
    """Item 2 is clicked by those who clicked one of 0 and 1, never by those who clicked both: no sum says that."""
    x = np.array([[1, 0, 1]] * 40 + [[0, 1, 1]] * 40 + [[1, 1, 0]] * 20 + [[0, 0, 0]] * 50, dtype=np.float64)
    histories = csr(np.array([[1, 0, 0], [1, 1, 0]]))
    one, both = fitted(model, x).scores(histories)[:, 2]
    assert one > 0.8
    assert abs(both) < 0.2
    one, both = fitted(Ease(EaseSettings(1.0)), x).scores(histories)[:, 2]
    assert both > one  # the wrong way round
