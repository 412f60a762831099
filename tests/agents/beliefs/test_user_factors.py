import numpy as np
import pytest
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.user_factors import UserFactorsPosterior, covariance_roots
from serendip.agents.registry import make
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items, Visits


def test_covariance_is_that_of_a_dense_regression():
    rng = np.random.default_rng(0)
    clicks = (rng.random((4, 9)) < 0.4) * rng.uniform(0.5, 2.0, size=(4, 9))
    factors, penalty, a = rng.normal(size=(9, 3)), np.array([0.3, 1.0, 2.0, 0.1]), 0.2
    roots = covariance_roots(sparse.csr_array(clicks), factors, a * factors.T @ factors, penalty)
    posterior = UserFactorsPosterior(np.zeros((4, 3)), roots, factors.T.astype(np.float32))
    luck = Luck(1, Visits(np.arange(4), 0, np.zeros(4, np.int32), np.ones(9, dtype=bool)))
    spread = posterior.spread(luck)
    for user in range(4):
        dense = factors.T @ np.diag(clicks[user] + a) @ factors + penalty[user] * np.eye(3)
        covariance = factors @ np.linalg.inv(dense) @ factors.T
        np.testing.assert_allclose(spread[user] ** 2, covariance.diagonal(), rtol=1e-5)
        np.testing.assert_allclose(roots[user] @ roots[user].T, np.linalg.inv(dense), rtol=1e-9, atol=1e-12)


def test_draws_have_the_covariance_of_the_scores():
    """20,000 users alike: each entry of the covariance within 6 standard errors (once in ten million)."""
    rng, n = np.random.default_rng(1), 20_000
    root, factors = rng.normal(size=(3, 3)), rng.normal(size=(5, 3)).astype(np.float32)
    posterior = UserFactorsPosterior(np.zeros((n, 3)), np.broadcast_to(root, (n, 3, 3)), factors.T)
    luck = Luck(1, Visits(np.arange(n), 0, np.zeros(n, np.int32), np.ones(5, dtype=bool)))
    drawn = posterior.draw(0, luck).astype(np.float64)
    covariance = factors @ root @ root.T @ factors.T
    variance = covariance.diagonal()
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / n)
    assert (np.abs(drawn.T @ drawn / n - covariance) <= 6 * error + 1e-6).all()


def test_it_is_about_ials():
    items = Items(np.zeros(6, np.int32), np.zeros(6, np.int32))
    with pytest.raises(SettingsError, match="model 'ials'"):
        make("thompson", items, 2, 0, belief="user-factors", model="ease")
