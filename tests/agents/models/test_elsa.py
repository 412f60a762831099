"""ELSA beside the dense formula of its paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
from numpy.typing import NDArray

from serendip.agents.models.elsa import Elsa, ElsaSettings, normalised_error
from serendip.agents.models.model import Interactions, csr


def clicks(n_users: int = 40, n_items: int = 9) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    x = (rng.random((n_users, n_items)) < 0.4) * rng.integers(1, 3, size=(n_users, n_items)).astype(np.float64)
    x[:, 0] += x.sum(axis=1) == 0.0
    return x


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def dense_loss(vectors: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    """The paper's equations, every matrix written out."""
    a = unit(vectors)
    y = x @ (a @ a.T - np.eye(len(a)))
    return float(((unit(x) - unit(y)) ** 2).sum())


def test_the_loss_and_its_gradient_are_those_of_the_dense_formula() -> None:
    x, step = clicks(), 1e-6
    vectors = np.random.default_rng(1).normal(size=(9, 3))
    free = torch.from_numpy(vectors).requires_grad_()
    loss = normalised_error(torch.nn.functional.normalize(free), csr(x, np.float64))
    assert abs(float(loss.detach()) - dense_loss(vectors, x)) < 1e-9
    (slope,) = torch.autograd.grad(loss, [free])
    for place in np.ndindex(9, 3):
        more, less = vectors.copy(), vectors.copy()
        more[place] += step
        less[place] -= step
        numeric = (dense_loss(more, x) - dense_loss(less, x)) / (2.0 * step)
        assert abs(numeric - float(slope[place])) < 1e-6


def fitted(x: Any, **settings: Any) -> Elsa:
    model = Elsa(ElsaSettings(latent=4, batch=8, learning_rate=0.02, **settings))
    model.fit(Interactions(scipy.sparse.csr_array(x.astype(np.float32))))
    return model


def test_scores_are_the_dense_product_and_an_item_says_nothing_of_itself() -> None:
    x = clicks()
    model = fitted(x, epochs=5)
    a = model.items.astype(np.float64)
    assert np.allclose(np.linalg.norm(a, axis=1), 1.0, atol=1e-6)
    weights = a @ a.T - np.eye(9)
    assert np.allclose(model.scores(scipy.sparse.csr_array(x)), x @ weights, atol=1e-5)
    alone = model.scores(scipy.sparse.csr_array(np.eye(9)))
    assert np.abs(np.diag(alone)).max() < 1e-6


def test_learning_lowers_the_loss() -> None:
    x = clicks()
    losses = [dense_loss(fitted(x, epochs=epochs).items.astype(np.float64), x) for epochs in (0, 5, 40)]
    assert losses[0] > losses[1] > losses[2]


def test_a_judge_sees_the_vectors_as_they_are_and_the_best_are_kept() -> None:
    x, seen = clicks().astype(np.float32), list[NDArray[Any]]()

    def judge(model: Any) -> float:
        seen.append(model.items.copy())
        return -float(len(seen))  # the first look is the best

    model = Elsa(ElsaSettings(latent=4, epochs=15, batch=8, patience=9))
    model.fit(Interactions(scipy.sparse.csr_array(x), judge=judge))
    assert len(seen) == 3
    assert not np.array_equal(seen[0], seen[1])
    assert np.allclose(model.items, seen[0], atol=1e-6)
