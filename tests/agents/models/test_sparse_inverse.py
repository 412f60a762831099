"""The sparse approximate inverse beside dense references."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models import memory
from serendip.agents.models.ease import ease_weights
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.sparse_inverse import SparseInverse, SparseInverseSettings, strongest_pairs

LAM = 3.0


def clicks(n_users: int = 90, n_items: int = 30) -> NDArray[np.float64]:
    """Weighted clicks of users who like one of three groups of items, some items hardly clicked; no ties."""
    rng = np.random.default_rng(0)
    group = np.arange(n_items) % 3
    liked = rng.integers(3, size=(n_users, 1)) == group
    there = rng.random((n_users, n_items)) < np.where(liked, 0.5, 0.1) * rng.random(n_items)
    return there * rng.uniform(0.5, 1.5, size=there.shape)


def correlations(x: NDArray[np.float64], shrink: float) -> NDArray[np.float64]:
    """Correlations, shrunk, the diagonal 0."""
    covariance = np.cov(x.T, bias=True)
    spread = np.sqrt(np.diag(covariance) + shrink / len(x))
    out = covariance / np.outer(spread, spread)
    np.fill_diagonal(out, 0.0)
    return np.where(x.T @ x > 0.0, out, 0.0)


def strongest(x: NDArray[np.float64], item: int, n: int) -> list[int]:
    found = correlations(x, 0.1 * LAM)[item]
    return [int(i) for i in np.argsort(-found)[:n] if found[i] > 0.0]


def learned(x: NDArray[np.float64], neighbours: int, kept: int) -> NDArray[Any]:
    model = SparseInverse(SparseInverseSettings(LAM, neighbours, kept))
    model.fit(Interactions(scipy.sparse.csr_array(x)))
    return model.weights.toarray()


@pytest.mark.parametrize("neighbours", [1, 4, 29])
def test_a_column_is_that_of_ease_on_an_item_and_its_neighbours(neighbours: int) -> None:
    x = clicks()
    found = learned(x, neighbours, 29)
    for item in range(30):
        near = [item, *strongest(x, item, neighbours)]
        expected = np.zeros(30)
        expected[near] = ease_weights(x[:, near].T @ x[:, near], LAM)[:, 0]
        assert np.abs(found[:, item] - expected).max() <= 3e-3 * np.abs(expected).max()


def test_pairs_are_the_largest_correlations_with_their_entries() -> None:
    x = clicks()
    found = strongest_pairs(csr(x), LAM, 5)
    related, together = correlations(x, LAM), x.T @ x
    for item in range(30):
        shared = np.flatnonzero((together[item] > 0.0) & (np.arange(30) != item))
        near = shared[np.argsort(-related[item, shared])][:5]
        assert found.items[item, : found.counts[item]].tolist() == near.tolist()
        assert found.related[item] == (related[item, near] > 0.0).sum()
        assert np.allclose(found.together[item, : len(near)], together[item, near])
        assert np.isclose(found.spread[item], 0.0 if len(shared) <= 5 else x[:, item].mean() * np.sqrt(90))


def test_what_is_left_out_counts_as_clicked_independently() -> None:
    x = clicks()
    pairs, moments = strongest_pairs(csr(x), 0.1 * LAM, 6), np.zeros((30, 30))
    for item in range(30):
        near = pairs.items[item, : pairs.counts[item]]
        moments[item, near] = moments[near, item] = (x.T @ x)[item, near]
    left_out = moments == 0.0
    moments += np.where(left_out, np.outer(pairs.spread, pairs.spread), 0.0)
    np.fill_diagonal(moments, (x.T @ x).diagonal())
    found = learned(x, 6, 6)
    guessed = 0
    for item in range(30):
        near = [item, *strongest(x, item, 6)]
        guessed += int(left_out[np.ix_(near, near)].sum()) - len(near)
        expected = np.zeros(30)
        expected[near] = ease_weights(moments[np.ix_(near, near)], LAM)[:, 0]
        assert np.abs(found[:, item] - expected).max() <= 3e-3 * np.abs(expected).max()
    assert guessed > 30


def test_the_memory_of_the_pairs_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(memory.MemoryNeedError, match="smaller `kept`"):
        learned(clicks(), 5, 29)
