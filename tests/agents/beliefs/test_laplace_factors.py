import numpy as np
import pytest
import scipy.optimize
from scipy.special import expit, softmax
from scipy.stats import bernoulli, multinomial, poisson

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.laplace_factors import LaplaceFactors, Loss
from serendip.agents.beliefs.user_factors import UserFactorsSettings
from serendip.agents.history import History
from serendip.agents.models import build
from serendip.agents.registry import make
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items, Visits

LIKELIHOODS = ("bernoulli", "poisson", "multinomial")
N_USERS, N_ITEMS, UNCLICKED, L2 = 30, 12, 0.3, 0.7


def user(likelihood, seed=0):
    rng = np.random.default_rng(seed)
    clicks = (rng.random(9) < 0.4).astype(np.float64)
    return Loss(likelihood, clicks, rng.normal(size=(9, 3)), rng.normal(size=9), UNCLICKED, L2)


def slow_loss(loss, z):
    """Return what `loss.value` does up to a constant, by SciPy's distributions, item by item."""
    f, penalty = loss.factors @ z + loss.biases, L2 * z @ z / 2
    if loss.likelihood == "multinomial":
        return penalty - multinomial.logpmf(loss.clicks, int(loss.clicks.sum()), softmax(f))
    if loss.likelihood == "poisson":
        return penalty - sum(poisson.logpmf(x, np.exp(one)) for x, one in zip(loss.clicks, f, strict=True))
    weights = [1.0 if x else UNCLICKED for x in loss.clicks]
    terms = [bernoulli.logpmf(x, expit(one)) for x, one in zip(loss.clicks, f, strict=True)]
    return penalty - np.dot(weights, terms)


def numerical_hessian(loss, z, h=1e-3):
    """Return the Hessian by central differences of `slow_loss`, whose error is of the order of h^2."""
    out = np.empty((len(z), len(z)))
    for i, a in enumerate(h * np.eye(len(z))):
        for j, b in enumerate(h * np.eye(len(z))):
            ends = slow_loss(loss, z + a + b) - slow_loss(loss, z + a - b) - slow_loss(loss, z - a + b)
            out[i, j] = (ends + slow_loss(loss, z - a - b)) / (4 * h * h)
    return out


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_minimum_and_hessian_are_those_of_a_slow_loss(likelihood):
    loss = user(likelihood)
    z, lower = loss.minimum()
    slow = scipy.optimize.minimize(lambda point: slow_loss(loss, point), np.zeros(3), options={"gtol": 1e-7})
    np.testing.assert_allclose(z, slow.x, atol=1e-5)
    np.testing.assert_allclose(lower @ lower.T, numerical_hessian(loss, z), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(loss.derivatives(z)[0], 0.0, atol=1e-5)
    other = np.asarray([1.0, -2.0, 0.5])
    assert loss.value(other) - loss.value(z) == pytest.approx(slow_loss(loss, other) - slow_loss(loss, z), rel=1e-9)
    np.testing.assert_allclose(loss.derivatives(other)[1], numerical_hessian(loss, other), rtol=1e-4, atol=1e-4)


def test_a_newton_step_that_goes_up_is_halved():
    """A click on an item of bias -10: from 0 the whole step is 99.5 long, and costs more than staying."""
    loss = Loss("bernoulli", np.ones(1), np.ones((1, 1)), np.full(1, -10.0), 1.0, 0.01)
    gradient, hessian = loss.derivatives(np.zeros(1))
    assert loss.value(-gradient / hessian[0]) > loss.value(np.zeros(1))
    exact = scipy.optimize.brentq(lambda z: expit(z - 10.0) - 1.0 + 0.01 * z, 0.0, 100.0)
    np.testing.assert_allclose(loss.minimum()[0], exact, rtol=1e-5)


def taught(likelihood, **settings):
    """Return a belief about a small factorisation, and the history that taught it; user 0 saw nothing."""
    model = build(f"{likelihood}-mf", {"latent": 3, "epochs": 5, "l2": L2} | settings)
    belief, history = LaplaceFactors(UserFactorsSettings(), model), History(N_ITEMS)
    rng = np.random.default_rng(4)
    users, items = np.nonzero(rng.random((N_USERS, N_ITEMS)) < 0.5)
    kept = users > 0
    history.append_slots(users[kept], items[kept], rng.random(kept.sum()) < 0.4)
    items = Items(np.zeros(N_ITEMS, np.int32), np.zeros(N_ITEMS, np.int32))
    belief.update(history, items)
    visits = Visits(np.arange(N_USERS), 9, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, dtype=bool))
    return belief, Situation(visits, history, items)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_no_vector_is_likelier_under_the_models_own_loss(likelihood):
    import torch

    belief, situation = taught(likelihood)
    z = torch.from_numpy(belief.posterior(situation).vectors[:, :3].astype(np.float32))
    near = torch.from_numpy(belief.model.codes(situation.clicks))

    def loss(at):
        return belief.model.misfit(at, situation.clicks) + L2 / 2 * (at * at).sum(dim=1)

    best = loss(z)
    assert (best <= loss(near) + 1e-4).all()
    for direction in torch.eye(3):
        assert (best <= loss(z + 0.1 * direction)).all()
        assert (best <= loss(z - 0.1 * direction)).all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_moments_of_the_scores(likelihood):
    belief, situation = taught(likelihood, exposed_only=True)
    posterior, luck = belief.posterior(situation), Luck(1, situation.visits)
    factors, biases = (belief.model.arrays()[name].astype(np.float64) for name in ("decoder.w0", "decoder.b0"))
    for row in (0, 3):
        x, shown = situation.clicks.toarray()[row], situation.exposures.toarray()[row] > 0
        if not x.any() and likelihood == "multinomial":
            shown[:] = True  # users without clicks say nothing
        z, lower = Loss(likelihood, x[shown], factors.T[shown], biases[shown], 1.0, L2).minimum()
        np.testing.assert_allclose(posterior.mean(luck)[row], z @ factors + biases, rtol=1e-4, atol=1e-5)
        variance = np.diag(factors.T @ np.linalg.inv(lower @ lower.T) @ factors)
        np.testing.assert_allclose(posterior.spread(luck)[row] ** 2, variance, rtol=1e-4)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_who_saw_nothing_has_the_prior(likelihood):
    belief, situation = taught(likelihood, exposed_only=True)
    posterior = belief.posterior(situation)
    np.testing.assert_allclose(posterior.vectors[0], [0.0, 0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(posterior.roots[0][:3, :3], np.eye(3) / np.sqrt(L2), rtol=1e-12)


@pytest.mark.parametrize("model", ["ease", "matrix-factorisation", "mult-vae"])
def test_it_is_about_factorisations_of_clicks(model):
    items = Items(np.zeros(6, np.int32), np.zeros(6, np.int32))
    with pytest.raises(SettingsError, match="'bernoulli-mf'"):
        make("thompson", items, 2, 0, belief="laplace-factors", model=model)
