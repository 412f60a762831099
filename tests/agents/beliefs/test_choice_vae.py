"""The evidence that an autoencoder of vectors learns from, its guesses as importance samples, and what it learns."""

import numpy as np
import pytest
import scipy.stats
import torch

from serendip.agents.beliefs.choice_vae import ChoiceVAE, ChoiceVAESettings
from serendip.agents.beliefs.vectors.autoencoder import Autoencoder, Seen, forget_unasked
from serendip.agents.beliefs.vectors.crowd import Priors
from serendip.agents.beliefs.vectors.memory import LIKED, LIKED_VARIANCE
from serendip.agents.history import History
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_FACTORS = 3


def test_what_was_seen_is_the_evidence_of_the_mean_with_the_deviation_integrated_out():
    """Gaussian observations h, Lambda of theta ~ N(mu, S): log p(mu) up to a constant, from the posterior alone."""
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(2, N_FACTORS, N_FACTORS))
    wide = np.eye(N_FACTORS) + roots[0] @ roots[0].T
    sharp, told = roots[1] @ roots[1].T, rng.normal(size=N_FACTORS)  # Lambda, h
    posterior = np.linalg.inv(np.linalg.inv(wide) + sharp)
    prior = rng.normal(size=(1, 2, N_FACTORS))
    mean = (prior @ np.linalg.inv(wide) + told) @ posterior
    single = mean.astype(np.float32), posterior[None].astype(np.float32)
    chosen = np.zeros((1, N_FACTORS), dtype=bool)
    seen = Seen.of(np.zeros((1, 1), np.float32), Priors(prior, np.zeros((1, 2)), wide), *single, chosen)
    at, noise = np.linalg.solve(sharp, told), np.linalg.inv(sharp)  # as one observation of theta with this noise
    said = [
        (seen.pull[0] @ mu - 0.5 * mu @ seen.bend[0] @ mu, scipy.stats.multivariate_normal(mu, wide + noise).logpdf(at))
        for mu in rng.normal(size=(5, N_FACTORS))
    ]
    gaps = np.array([one - other for one, other in said])
    np.testing.assert_allclose(gaps, gaps[0], atol=1e-4)


def test_what_was_clicked_unasked_is_kept_apart():
    """The posterior with two observations more, less those, is the posterior."""
    rng = np.random.default_rng(8)
    root = rng.normal(size=(N_FACTORS, N_FACTORS))
    covariance, mean = np.eye(N_FACTORS) + root @ root.T, rng.normal(size=N_FACTORS)
    chosen = np.array([[True, False, True]])
    sharp = np.linalg.inv(covariance) + np.diag(chosen[0] / LIKED_VARIANCE)
    wide = np.linalg.inv(sharp)
    more = wide @ (np.linalg.solve(covariance, mean) + chosen[0] * LIKED / LIKED_VARIANCE)
    less, narrow = more[None].copy(), wide[None].copy()
    forget_unasked(less, narrow, chosen)
    np.testing.assert_allclose(less[0], mean, rtol=1e-9)
    np.testing.assert_allclose(narrow[0], covariance, rtol=1e-9)


def test_guesses_are_weighed_as_samples_of_the_prior():
    """Weighed means of z and z^2 are 0 and 1, wherever the encoder points; off by 5 errors once in a million."""
    network = Autoencoder(4, 1, 8, N_FACTORS, -1.75, 3)
    network.parameters["code.bias"] += 0.4
    noise = np.random.default_rng(1).standard_normal((40_000, 1))
    features = np.ones((1, 4), dtype=np.float32)
    _, log_weight = network.proposals(features, noise, 0.5)
    mean, log_std = (part.numpy()[0, 0] for part in network.encode(torch.from_numpy(features)))
    z = np.where(np.arange(40_000) < 20_000, mean + np.exp(log_std) * noise[:, 0], noise[:, 0])
    weight = np.exp(log_weight[0])
    for value, expected in ((np.ones_like(z), 1.0), (z, 0.0), (z**2, 1.0)):
        product = weight * value
        assert abs(product.mean() - expected) < 5 * product.std() / np.sqrt(len(z))


def two_kinds(n=400):
    """Users of two kinds, whose clicks tell the kind, and of whose vectors much is known."""
    rng = np.random.default_rng(2)
    kind = rng.random(n) < 0.4
    truth = np.array([[1.0, -2.0, -2.0], [-2.0, 1.0, 0.5]])[kind.astype(int)]
    vectors = truth + rng.normal(0, 0.3, truth.shape)
    bend = np.broadcast_to(np.float32(4.0) * np.eye(N_FACTORS, dtype=np.float32), (n, 3, 3)).copy()
    features = np.stack([~kind, kind], axis=1).astype(np.float32)
    chosen = np.zeros(truth.shape, dtype=np.float32)
    return Seen(features, (4.0 * vectors).astype(np.float32), bend, chosen), kind, truth


def test_it_learns_the_kinds_of_users_there_are():
    seen, kind, truth = two_kinds()
    network = Autoencoder(2, 2, 16, N_FACTORS, -1.75, 4)
    network.fit(seen, 60, 5)
    noise = np.random.default_rng(6).standard_normal((300, 2))
    mean, log_weight = network.proposals(seen.features, noise, 0.99)
    assert np.abs(np.median(mean[:, :297], axis=1) - truth).mean() < 0.35  # the encoder knows the kind
    assert np.isfinite(log_weight).all()
    new = network.newcomers(noise)
    near = np.linalg.norm(new[:, None] - np.array([[1.0, -2, -2], [-2.0, 1, 0.5]]), axis=2) < 1.0
    assert near.any(axis=1).mean() > 0.6  # most newcomers are of one kind or the other
    assert near[:, 1].mean() == pytest.approx(kind.mean(), abs=0.2)


def test_the_same_luck_teaches_the_same():
    seen, *_ = two_kinds(50)
    arrays = []
    for _ in range(2):
        network = Autoencoder(2, 2, 4, N_FACTORS, -1.75, 4)
        network.fit(seen, 2, 5)
        arrays.append(network.arrays())
    for name, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][name])


def test_what_was_shown_corrects_the_encoder():
    """Two users of whom one clicks and one passes over the same slate, read between two updates."""
    n_items = 12
    items = Items(np.zeros(n_items, dtype=np.int32), np.zeros(n_items, dtype=np.int32))
    belief = ChoiceVAE(ChoiceVAESettings(personas=6, factors=4, latent=2, hidden=8, epochs=5), n_items, 1)
    history = History(n_items)

    def show(day, users, shown, clicked):
        visits = Visits(users, day, np.zeros(len(users), np.int32), np.ones(n_items, dtype=bool))
        slates = Slates(shown, np.ones(shown.shape), None, np.zeros(len(users), dtype=bool))
        history.append(visits, slates, Feedback(clicked))

    rng = np.random.default_rng(3)
    for day in range(3):
        shown = np.stack([rng.permutation(n_items)[:3] for _ in range(20)])
        show(day, np.arange(20), shown, (shown % 3 == 0) & (np.cumsum(shown % 3 == 0, axis=1) == 1))
    belief.update(history, items)
    before = belief.vectors.centre[:2].copy()
    show(3, np.arange(2), np.array([[1, 2, 4]] * 2), np.array([[False] * 3, [True, False, False]]))
    belief.read(history)
    moved = belief.vectors.centre[:2] - before
    about = belief.loadings.dense(belief.n_factors)[1]
    assert moved[0] @ about < 0.0 < moved[1] @ about
    assert np.isfinite(belief.vectors.mean).all()
