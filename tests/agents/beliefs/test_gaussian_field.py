import numpy as np
import pytest
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.field_roots import Root, Roots
from serendip.agents.beliefs.gaussian_field import Field, FieldPosterior
from serendip.agents.history import History, outcomes
from serendip.agents.models.ease import ease_weights
from serendip.agents.registry import make
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_ITEMS = 7


def counts(n_users, seed):
    """Return dense counts of clicks and of showings; the last item is never shown, the first user saw nothing."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, 4, size=(n_users, N_ITEMS)) * (rng.random((n_users, N_ITEMS)) < 0.6)
    shown[:, -1] = shown[0] = 0
    return rng.binomial(shown, 0.4), shown


def field_and_posterior(temperature=1.0, n_users=60):
    clicks, shown = counts(n_users, 0)
    field = Field.of(sparse.csr_array(clicks), sparse.csr_array(shown), 3.0, 0.8)
    clicks, shown = counts(5, 1)
    return field, posterior_given(field, clicks, shown, temperature), clicks, shown


def posterior_given(field, clicks, shown, temperature):
    """Return what is believed of users by dense counts, each factor worked out at once, in an order of its own."""
    rng = np.random.default_rng(3)
    orders = [rng.permutation(np.flatnonzero(row)) for row in shown]
    roots = [
        Root.of(field.covariance, field.noise, items, row[items], 0) for items, row in zip(orders, shown, strict=True)
    ]
    return FieldPosterior.given(field, sparse.csr_array(clicks), sparse.csr_array(shown), roots, temperature)


def conditioned(field, clicks, shown):
    """Return mean and covariance of one user's tastes: the precisions of prior and outcomes added up, densely."""
    prior = np.linalg.inv(field.covariance.astype(np.float64))
    covariance = np.linalg.inv(prior + np.diag(shown / field.noise))
    return covariance @ (prior @ field.mean + clicks / field.noise), covariance


def luck_of(n):
    return Luck(1, Visits(np.arange(n), 0, np.zeros(n, np.int32), np.ones(N_ITEMS, dtype=bool)))


def test_posterior_is_that_of_dense_conditioning():
    field, posterior, clicks, shown = field_and_posterior()
    mean, spread = posterior.mean(luck_of(5)), posterior.spread(luck_of(5))
    for user in range(5):
        expected, covariance = conditioned(field, clicks[user], shown[user])
        np.testing.assert_allclose(mean[user], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(spread[user] ** 2, covariance.diagonal(), rtol=1e-4)


def test_field_by_loops():
    clicks, shown = counts(60, 0)
    field = Field.of(sparse.csr_array(clicks), sparse.csr_array(shown), 3.0, 0.8)
    seen = shown > 0
    y = np.where(seen, clicks / np.maximum(shown, 1), 0.0)
    average = y.sum() / seen.sum()
    mean = [(y[:, i].sum() + 3.0 * average) / (seen[:, i].sum() + 3.0) for i in range(N_ITEMS)]
    np.testing.assert_allclose(field.mean, mean, rtol=1e-12)
    v = np.mean([(y[u, i] - mean[i]) ** 2 for u, i in np.argwhere(seen)])
    assert field.noise == pytest.approx(0.8 * v)
    for i in range(N_ITEMS):
        for j in range(N_ITEMS):
            both = [(y[u, i] - mean[i]) * (y[u, j] - mean[j]) for u in range(60) if seen[u, i] and seen[u, j]]
            size = np.sqrt((seen[:, i].sum() + 3.0) * (seen[:, j].sum() + 3.0))
            assert field.covariance[i, j] == pytest.approx((sum(both) + 3.0 * v * (i == j)) / size, abs=1e-6)
    np.testing.assert_allclose(field.root @ field.root.T, field.covariance, atol=1e-6)


def test_where_all_is_shown_without_noise_it_is_ease():
    """An item's mean given all others is EASE's prediction from centred clicks."""
    rng = np.random.default_rng(2)
    x = (rng.random((300, N_ITEMS)) < rng.random(N_ITEMS) * 0.6 + 0.1).astype(np.float64)
    lam = 5.0
    field = Field.of(sparse.csr_array(x), sparse.csr_array(np.ones_like(x)), lam, 1e-6)
    residual = x - field.mean
    weights = ease_weights(residual.T @ residual, lam * (residual**2).mean())
    shown = np.ones((1, N_ITEMS))
    shown[0, 3] = 0.0
    clicks = x[:1] * shown
    posterior = posterior_given(field, clicks, shown.astype(np.int64), 1.0)
    expected = field.mean[3] + (clicks - field.mean)[0] @ weights[:, 3]
    assert posterior.mean(luck_of(1))[0, 3] == pytest.approx(expected, abs=1e-4)


def test_draws_have_the_moments_of_the_posterior():
    """20,000 alike: each mean and each entry of the covariance within 6 standard errors (once in ten million)."""
    field, _, clicks, shown = field_and_posterior()
    n, user = 20_000, 2
    posterior = posterior_given(field, *(np.tile(table[user], (n, 1)) for table in (clicks, shown)), 1.0)
    drawn = posterior.draw(0, luck_of(n)).astype(np.float64)
    mean, covariance = conditioned(field, clicks[user], shown[user])
    variance = covariance.diagonal()
    assert (np.abs(drawn.mean(axis=0) - mean) <= 6 * np.sqrt(variance / n) + 1e-5).all()
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / n)
    assert (np.abs((drawn - mean).T @ (drawn - mean) / n - covariance) <= 6 * error + 1e-5).all()


def test_temperature_scales_deviations():
    _, cold, _, _ = field_and_posterior(temperature=0.0)
    _, warm, _, _ = field_and_posterior()
    _, hot, _, _ = field_and_posterior(temperature=2.0)
    luck = luck_of(5)
    np.testing.assert_array_equal(cold.draw(3, luck), cold.mean(luck))
    np.testing.assert_allclose(
        hot.draw(3, luck) - hot.mean(luck), 2 * (warm.draw(3, luck) - warm.mean(luck)), atol=1e-6
    )
    np.testing.assert_allclose(hot.spread(luck), 2 * warm.spread(luck), rtol=1e-6)


def test_what_was_shown_in_vain_counts_against_and_what_was_not_shown_does_not():
    field, posterior, _, _ = field_and_posterior()
    np.testing.assert_allclose(posterior.mean(luck_of(5))[0], field.mean, rtol=1e-6)  # saw nothing
    shown = np.zeros((1, N_ITEMS))
    shown[0, 2] = 1.0
    after = posterior_given(field, np.zeros((1, N_ITEMS)), shown.astype(np.int64), 1.0)
    assert after.mean(luck_of(1))[0, 2] < field.mean[2]
    assert after.mean(luck_of(1))[0, -1] == pytest.approx(field.mean[-1])  # never shown to anyone: no relation
    assert after.spread(luck_of(1))[0, 2] < posterior.spread(luck_of(5))[0, 2]


def test_outcomes_by_hand():
    y = outcomes(sparse.csr_array([[0, 1, 0], [2, 0, 0]]), sparse.csr_array([[2, 4, 0], [2, 0, 1]]))
    np.testing.assert_array_equal(y.toarray(), [[0.0, 0.25, 0.0], [1.0, 0.0, 0.0]])
    assert y.nnz == 4


def test_nothing_shown_yet():
    none = sparse.csr_array((0, N_ITEMS))
    field = Field.of(none, none, 20.0, 1.0)
    np.testing.assert_array_equal(field.mean, np.zeros(N_ITEMS))
    assert (np.diag(field.covariance) > 0.0).all()


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [("lam", 0.0, "more than 0"), ("noise", 0.0, "more than 0"), ("temperature", -1.0, "0 or more")],
)
def test_bad_settings(setting, value, allowed):
    items = Items(np.zeros(6, np.int32), np.zeros(6, np.int32))
    with pytest.raises(SettingsError, match=f"{setting} is {value}; allowed is {allowed}"):
        make("thompson", items, 2, 0, belief="gaussian-field", **{setting: value})


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_hypotheses_side_by_side_are_those_one_by_one(temperature):
    _, posterior, _, _ = field_and_posterior(temperature)
    luck = luck_of(5)
    together = np.concatenate(list(posterior.draws(range(2, 40), luck)))
    for s, index in enumerate(range(2, 40)):
        np.testing.assert_allclose(together[:, s], posterior.draw(index, luck), rtol=1e-4, atol=1e-5)


def led_on(ask, n_slates=12, n_learned_after=5):
    """Return the factors of three users after some slates; those of `ask(slate)` are asked for on the way."""
    rng = np.random.default_rng(8)
    covariance = field_and_posterior()[0].covariance
    history, items = History(N_ITEMS), Items(np.zeros(N_ITEMS, np.int32), np.zeros(N_ITEMS, np.int32))
    roots = Roots(covariance, 0.7, history, 0)
    for slate in range(n_slates):
        visits = Visits(np.arange(3), slate, np.zeros(3, np.int32), np.ones(N_ITEMS, dtype=bool))
        if slate == n_learned_after:
            roots = Roots(covariance, 0.7, history, history.events.n_ever)
        if rows := ask(slate):
            roots.of(Situation(visits.rows(rows), history, items))
        shown = np.stack([rng.permutation(N_ITEMS)[:2] for _ in range(3)])
        nothing = np.zeros(shown.shape, dtype=bool)
        history.append(visits, Slates(shown, np.ones(shown.shape), None, nothing[:, 0]), Feedback(nothing))
    return covariance, history, roots.of(Situation(visits, history, items))


def test_factors_led_on_are_those_worked_out_at_once():
    covariance, history, roots = led_on(lambda slate: [0, 1, 2])
    for user, root in enumerate(roots):
        counts = history.exposures_of(np.array([user])).toarray()[0]
        np.testing.assert_array_equal(root.showings, counts[root.items])
        k = covariance[np.ix_(root.items, root.items)] + np.diag(0.7 / root.showings)
        np.testing.assert_allclose(root.lower, np.linalg.cholesky(k), atol=1e-6)
        assert len(root.items) == np.count_nonzero(counts)


@pytest.mark.parametrize(
    "ask", [lambda slate: [], lambda slate: [slate % 3], lambda slate: [2, 0] if slate % 2 else []]
)
def test_when_and_with_whom_a_factor_is_asked_for_changes_no_bit(ask, monkeypatch):
    for one, other in zip(led_on(lambda slate: [0, 1, 2])[2], led_on(ask)[2], strict=True):
        np.testing.assert_array_equal(one.items, other.items)
        np.testing.assert_array_equal(one.lower, other.lower)
    monkeypatch.setattr("serendip.agents.beliefs.field_roots._BYTES", 300)  # room for one user's, or none
    for one, other in zip(led_on(lambda slate: [0, 1, 2])[2], led_on(ask)[2], strict=True):
        np.testing.assert_array_equal(one.lower, other.lower)
