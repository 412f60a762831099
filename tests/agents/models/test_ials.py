"""iALS against its loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.ials import Ials, IalsSettings, fold_in, penalties
from serendip.agents.models.least_squares import Side, improve
from serendip.agents.models.model import Interactions


def clicks(n_users: int = 40, n_items: int = 15) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return ((rng.random((n_users, n_items)) < 0.3) * rng.integers(1, 4, (n_users, n_items))).astype(np.float32)


def loss(x: NDArray[Any], users: NDArray[Any], items: NDArray[Any], settings: IalsSettings) -> float:
    """The loss of the module's docstring, over dense matrices."""
    prediction = users @ items.T
    fit = (x * (prediction - 1.0) ** 2).sum() + settings.unobserved * (prediction**2).sum()
    of_users = penalties((x > 0).sum(axis=1), settings.lam, settings.nu, settings.unobserved, x.shape[1])
    of_items = penalties((x > 0).sum(axis=0), settings.lam, settings.nu, settings.unobserved, x.shape[0])
    return float(fit + of_users @ (users**2).sum(axis=1) + of_items @ (items**2).sum(axis=1))


def test_folding_in_minimises_the_loss() -> None:
    x, rng = clicks().astype(np.float64), np.random.default_rng(1)
    settings = IalsSettings(n_factors=3, lam=0.1)
    items = rng.normal(size=(15, 3))
    penalty = penalties((x > 0).sum(axis=1), settings.lam, settings.nu, settings.unobserved, 15)
    users = fold_in(scipy.sparse.csr_array(x), items, penalty, settings.unobserved)
    best = loss(x, users, items, settings)
    for _ in range(20):
        assert loss(x, users + 1e-3 * rng.normal(size=users.shape), items, settings) > best


@pytest.mark.parametrize("solver", ["cg", "exact"])
def test_a_half_step_reaches_the_exact_solution(solver: Any) -> None:
    x, rng = clicks(), np.random.default_rng(1)
    items = rng.normal(size=(15, 3)).astype(np.float32)
    penalty = np.full(40, 0.5)
    sparse = scipy.sparse.csr_array(x)
    users = np.zeros((40, 3), dtype=np.float32)
    for _ in range(3):  # three steps of conjugate gradients each, three unknowns
        users = improve(Side(sparse, penalty, 0.1, solver), users, items)
    assert np.allclose(users, fold_in(sparse, items, penalty, 0.1), atol=1e-4)


def test_every_pass_lowers_the_loss() -> None:
    x = clicks()
    previous = np.inf
    for epochs in (1, 2, 4, 8, 16):
        settings = IalsSettings(n_factors=3, lam=0.1, epochs=epochs, solver="exact")
        model = Ials(settings)
        model.fit(Interactions(scipy.sparse.csr_array(x)))
        now = loss(x, model.vectors(scipy.sparse.csr_array(x)), model.items, settings)
        assert now < previous * (1.0 + 1e-6)
        previous = now


def test_a_second_fit_goes_on_from_the_first() -> None:
    data = Interactions(scipy.sparse.csr_array(clicks()))
    whole = Ials(IalsSettings(n_factors=3, epochs=60, solver="exact"))
    parts = Ials(IalsSettings(n_factors=3, epochs=30, warm_epochs=30, solver="exact"))
    whole.fit(data)
    parts.fit(data)
    parts.fit(data)
    assert np.allclose(whole.items, parts.items, atol=1e-4)


def test_rows_without_clicks_are_zero_and_change_nothing() -> None:
    x = clicks()
    x[[0, 17, 39]] = 0.0
    rng = np.random.default_rng(2)
    rows, others = rng.normal(size=(40, 3)).astype(np.float32), rng.normal(size=(15, 3)).astype(np.float32)
    full = improve(Side(scipy.sparse.csr_array(x), np.ones(40), 0.1, "cg"), rows, others)
    assert (full[[0, 17, 39]] == 0.0).all()
    some = np.flatnonzero(x.any(axis=1))
    part = improve(Side(scipy.sparse.csr_array(x[some]), np.ones(len(some)), 0.1, "cg"), rows[some], others)
    assert np.allclose(full[some], part, atol=1e-6)
    assert (improve(Side(scipy.sparse.csr_array((40, 15), dtype=np.float32), np.ones(40), 0.1, "cg"), rows, others)
            == 0.0).all()  # fmt: skip


def test_folding_in_agrees_with_the_vectors_learned() -> None:
    x = scipy.sparse.csr_array(clicks())
    model = Ials(IalsSettings(n_factors=3, lam=0.1, epochs=30))
    model.fit(Interactions(x))
    penalty = penalties(np.diff(x.indptr), 0.1, 1.0, 0.1, 15)
    learned = improve(Side(x, penalty, 0.1, "exact"), np.zeros((40, 3), dtype=np.float32), model.items)
    assert np.allclose(model.vectors(x), learned, atol=1e-4)
