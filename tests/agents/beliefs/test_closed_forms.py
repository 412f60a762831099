from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.special import betaln, digamma, polygamma

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.click_rates import ClickRates, ClickRatesSettings, beta_posterior, likeliest_strength
from serendip.agents.beliefs.ease_posterior import ease_predictive
from serendip.agents.models.ease import ease_weights
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items, Visits


def test_ease_predictive_agrees_with_a_regression_for_each_item():
    rng = np.random.default_rng(0)
    clicks = (rng.random((200, 8)) < 0.3).astype(np.float64)
    lam = 5.0
    inverse = np.linalg.inv(clicks.T @ clicks + lam * np.eye(8))
    x = (rng.random((6, 8)) < 0.4).astype(np.float64)
    mean, variance = ease_predictive(sparse.csr_array(x), inverse, lam, 200)
    np.testing.assert_allclose(mean, x @ ease_weights(clicks.T @ clicks, lam), atol=1e-6)
    for i in range(8):
        others = np.delete(np.arange(8), i)
        covariance = np.linalg.inv(clicks[:, others].T @ clicks[:, others] + lam * np.eye(7))
        weights = covariance @ clicks[:, others].T @ clicks[:, i]
        residual = ((clicks[:, i] - clicks[:, others] @ weights) ** 2).sum() + lam * weights @ weights
        expected = np.einsum("bi,ij,bj->b", x[:, others], covariance, x[:, others]) * residual / 200
        np.testing.assert_allclose(variance[:, i], expected, rtol=1e-5, atol=1e-8)


def test_beta_posterior_by_hand():
    a, b = beta_posterior(np.array([3.0]), np.array([10.0]), np.array([0.25]), 4.0)
    np.testing.assert_array_equal([a, b], [[4.0], [10.0]])


def test_likeliest_strength_is_how_alike_rates_are():
    """2,000 rates of Beta(6, 24), strength 30, 100 showings each: within 4 standard errors of log s, once in 16,000.

    The standard error is the spread of 40 such estimates of other draws.
    """
    prior, shown = np.full(2000, 0.2), np.full(2000, 100.0)

    def found(seed):
        rng = np.random.default_rng(seed)
        return np.log(likeliest_strength(rng.binomial(100, rng.beta(6.0, 24.0, size=2000)).astype(float), shown, prior))

    others = np.array([found(seed) for seed in range(1, 41)])
    assert abs(found(0) - np.log(30.0)) < 4.0 * others.std(ddof=1)
    assert others.std(ddof=1) < 0.1


def test_rates_that_are_all_alike_or_never_seen():
    prior = np.full(50, 0.3)
    assert likeliest_strength(np.full(50, 30.0), np.full(50, 100.0), prior) > 1000.0
    assert likeliest_strength(np.zeros(50), np.zeros(50), prior) == 10.0
    with pytest.raises(SettingsError, match="strength is 0"):
        ClickRatesSettings(strength=0.0)
    assert ClickRates(ClickRatesSettings()).settings.strength is None


def test_rough_normals_are_normal_and_depend_on_the_visit_alone():
    """Mean and variance of 2,000,000 normals: within 5 standard errors, broken once in 1.7 million."""
    visits = Visits(np.arange(2000), 3, np.zeros(2000, np.int32), np.ones(1, dtype=bool))
    noise = Luck(5, visits).rough_normals(1000).astype(np.float64)
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert abs(noise.var() - 1.0) < 5 * np.sqrt(2 / noise.size) + 1e-4
    np.testing.assert_array_equal(Luck(5, visits.rows([7])).rough_normals(1000)[0], noise[7].astype(np.float32))


def rates(of, strength):
    """Mean and deviation of the log odds after 23 showings of four items in two topics."""
    belief = ClickRates(ClickRatesSettings(of, strength))
    counts = [SimpleNamespace(item_totals=np.array(n)) for n in ([3, 1, 0, 2], [10, 5, 4, 8])]
    history: Any = SimpleNamespace(clicks=counts[0], exposures=counts[1])
    belief.update(history, Items(np.array([0, 0, 1, 1], np.int32), np.zeros(4, np.int32)))
    arrays = belief.arrays()
    return arrays["mean"], arrays["deviation"]


def test_click_rates_by_hand():
    """Topics are centred on (6 + 1) / (27 + 2), items on their topic's posterior mean; both worth 4 showings."""
    overall, topic = 7 / 29, np.array([0, 0, 1, 1])
    a, b = 4 * overall + np.array([4, 2]), 4 * (1 - overall) + np.array([11, 10])
    mean, deviation = rates("topic", 4.0)
    np.testing.assert_allclose(mean, (digamma(a) - digamma(b))[topic], rtol=1e-6)
    np.testing.assert_allclose(deviation, np.sqrt(polygamma(1, a) + polygamma(1, b))[topic], rtol=1e-6)
    prior = (a / (a + b))[topic]
    a, b = 4 * prior + np.array([3, 1, 0, 2]), 4 * (1 - prior) + np.array([7, 4, 4, 6])
    mean, deviation = rates("item", 4.0)
    np.testing.assert_allclose(mean, digamma(a) - digamma(b), rtol=1e-6)
    np.testing.assert_allclose(deviation, np.sqrt(polygamma(1, a) + polygamma(1, b)), rtol=1e-6)


def test_click_rates_learn_how_strong_their_prior_is():
    prior = np.full(4, 7 / 29)
    shown, clicks = np.array([10.0, 5.0, 4.0, 8.0]), np.array([3.0, 1.0, 0.0, 2.0])
    strength = likeliest_strength(clicks, shown, prior)
    grid = np.exp(np.linspace(0.0, np.log(10_000.0), 400))
    likelihood = [
        (betaln(s * prior + clicks, s * (1 - prior) + shown - clicks) - betaln(s * prior, s * (1 - prior))).sum()
        for s in grid
    ]
    assert abs(np.log(strength) - np.log(grid[int(np.argmax(likelihood))])) < 0.05
    assert rates("item", None)[0].shape == (4,)
    assert not np.allclose(rates("item", None)[0], rates("item", 2.0)[0])


def test_rough_numbers_are_four_parts_of_each_hash():
    visits = Visits(np.array([3, -8, 2**60]), 4, np.array([0, 1, 7]), np.ones(2, dtype=bool))
    words = randomness.bits(5, visits.user_ids[:, None], 4, visits.visit[:, None], np.arange(3))
    table = np.arange(1 << 16) * 3
    want = table[words.astype("<i8").view("<u2")[:, :10]]
    np.testing.assert_array_equal(Luck(5, visits).rough(table, 10), want)


def test_the_states_of_visits_are_hashes_of_their_words() -> None:
    rng = np.random.default_rng(3)
    users, numbers = rng.integers(-(2**63), 2**63 - 1, 50), rng.integers(0, 9, 50).astype(np.int32)
    for key, day in ((-(2**63), 0), (2**63 - 1, 7), (12345, -3)):
        luck = Luck(key, Visits(users, day, numbers, np.ones(2, dtype=bool)))
        np.testing.assert_array_equal(luck._states(), randomness.bits(key, users, np.full(50, day), numbers))
