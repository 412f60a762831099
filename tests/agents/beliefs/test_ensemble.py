"""Members of an ensemble: their weights, and the prior that each is pulled towards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

from serendip.agents.beliefs.ensemble import EnsembleSettings, event_weights, fit_member
from serendip.agents.beliefs.priors import fit_ease_towards, random_clicks, random_matrix
from serendip.agents.models.ease import Ease, EaseSettings
from serendip.agents.models.ials import Ials, IalsSettings
from serendip.agents.models.model import Interactions

CLICKS = scipy.sparse.csr_array((np.random.default_rng(0).random((40, 8)) < 0.3).astype(np.float32))
EVENTS = np.arange(4000), np.arange(4000) % 97


@pytest.mark.parametrize(("kind", "largest"), [("poisson", 12.0), ("exponential", 16.0)])
def test_weights_have_mean_and_variance_one(kind: Any, largest: float) -> None:
    """Of 40,000 weights: within 5 standard errors, broken once in a million."""
    weights = np.stack([event_weights(kind, 3, *EVENTS, member) for member in range(10)])
    assert weights.min() >= 0.0
    assert weights.max() < largest
    assert abs(weights.mean() - 1.0) < 5 / np.sqrt(weights.size)
    assert abs(weights.var() - 1.0) < 5 * np.sqrt(8.0 / weights.size)
    assert abs(np.corrcoef(weights)[0, 1:]).max() < 5 / np.sqrt(weights.shape[1])
    if kind == "exponential":
        share = float((weights > 1.0).mean())
        assert abs(share - np.exp(-1)) < 5 * np.sqrt(0.24 / weights.size)


def fitted(settings: EnsembleSettings, key: int) -> Any:
    model = Ease(EaseSettings(lam=5.0))
    fit_member(model, Interactions(CLICKS), settings, key)
    return model.weights


def test_a_member_that_can_take_a_prior_is_pulled_towards_its_own() -> None:
    plain = Ease(EaseSettings(lam=5.0))
    plain.fit(Interactions(CLICKS))
    assert np.array_equal(fitted(EnsembleSettings(prior_scale=0.0), 1), plain.weights)
    towards = Ease(EaseSettings(lam=5.0))
    fit_ease_towards(towards, Interactions(CLICKS), np.float32(0.1) * random_matrix(1, 8))
    assert np.array_equal(fitted(EnsembleSettings(prior_scale=0.1), 1), towards.weights)
    assert not np.allclose(towards.weights, plain.weights)
    assert not np.allclose(fitted(EnsembleSettings(prior_scale=0.1), 2), towards.weights)


def test_other_members_learn_from_made_up_users_too() -> None:
    def items(pseudo_users: int, clicks: Any = CLICKS) -> Any:
        model = Ials(IalsSettings(n_factors=2, epochs=2))
        fit_member(model, Interactions(clicks), EnsembleSettings(pseudo_users=pseudo_users, pseudo_clicks=3), 1)
        return model.items

    plain = Ials(IalsSettings(n_factors=2, epochs=2))
    plain.fit(Interactions(CLICKS))
    assert np.array_equal(items(0), plain.items)
    both = scipy.sparse.vstack([CLICKS, random_clicks(1, 6, 3, 8)], format="csr")
    assert np.array_equal(items(6), items(0, both))
    assert not np.allclose(items(6), plain.items)


def test_made_up_clicks_and_matrices_by_key() -> None:
    made = random_clicks(7, 5, 3, 8).toarray()
    assert made.shape == (5, 8)
    assert (made.sum(axis=1) == 3).all()
    assert set(np.unique(made)) == {0.0, 1.0}
    assert np.array_equal(made, random_clicks(7, 5, 3, 8).toarray())
    assert not np.array_equal(made, random_clicks(8, 5, 3, 8).toarray())
    assert random_clicks(7, 2, 30, 8).toarray().sum() == 16
    matrix = random_matrix(7, 60)
    assert not np.diag(matrix).any()
    assert abs(matrix.std() - np.sqrt(59 / 60)) < 5 / np.sqrt(2 * 3600)
    assert np.array_equal(matrix, random_matrix(7, 60))
