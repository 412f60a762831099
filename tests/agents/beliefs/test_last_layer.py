import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sparse
import torch

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.combined import CombinedPosterior
from serendip.agents.beliefs.laplace_items import LaplaceItems, LaplaceItemsPosterior, LaplaceItemsSettings
from serendip.agents.beliefs.last_layer import (
    ItemRows,
    Split,
    empirical_prior,
    information,
    item_rows,
    principal_axes,
)
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.agents.models.multinomial import multinomial_loss
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Visits

RNG = np.random.default_rng(0)
N_USERS, N_ITEMS, WIDTH = 7, 6, 3
CLICKS = sparse.csr_array((RNG.random((N_USERS, N_ITEMS)) < 0.3).astype(np.float32))
SHOWN = sparse.csr_array(((RNG.random((N_USERS, N_ITEMS)) < 0.5) | (CLICKS.toarray() > 0)).astype(np.float32))
FEATURES = RNG.normal(size=(N_USERS, WIDTH)).astype(np.float32)
LAST = RNG.normal(size=(WIDTH + 1, N_ITEMS)).astype(np.float32)


def visits(n):
    return Visits(np.arange(n), 0, np.zeros(n, np.int32), np.ones(N_ITEMS, dtype=bool))


@pytest.mark.parametrize("shown", [None, SHOWN])
def test_information_is_the_diagonal_of_the_hessian_of_the_loss(shown):
    axes = principal_axes(LAST, np.full(N_ITEMS, True)).astype(np.float64)
    phi = torch.from_numpy(np.c_[FEATURES, np.ones(N_USERS)] @ axes)

    hidden = (
        torch.zeros((N_USERS, N_ITEMS), dtype=torch.bool) if shown is None else torch.from_numpy(shown.toarray() == 0)
    )

    def loss(rows):
        logits = phi @ rows.reshape(WIDTH + 1, N_ITEMS)
        return multinomial_loss(logits.masked_fill(hidden, -torch.inf), CLICKS, None)

    rows = torch.from_numpy(axes.T @ LAST).ravel()
    expected = torch.autograd.functional.hessian(loss, rows).diagonal().reshape(WIDTH + 1, N_ITEMS)
    got = information(FEATURES, LAST, axes.astype(np.float32), CLICKS, shown)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_prior_of_the_items_is_the_most_likely_one():
    """By a numerical search over m and log t^2 for one coordinate; 30 steps end near it when the data are plenty."""
    fisher = RNG.uniform(5.0, 50.0, size=(1, 400))
    rows = 0.7 + 0.6 * RNG.normal(size=fisher.shape) + RNG.normal(size=fisher.shape) / np.sqrt(fisher)

    def minus_log_likelihood(values):
        variance = np.exp(values[1]) + 1.0 / fisher
        return 0.5 * (np.log(variance) + (rows - values[0]) ** 2 / variance).sum()

    best = scipy.optimize.minimize(minus_log_likelihood, [0.0, 0.0], tol=1e-10).x
    mean, variance = empirical_prior(rows, fisher, np.full(400, True))
    np.testing.assert_allclose([mean[0], variance[0]], [best[0], np.exp(best[1])], rtol=1e-4)


def test_what_was_never_shown_stays_at_its_prior():
    unseen = SHOWN.toarray()
    unseen[:, 2] = 0.0
    clicks = CLICKS.toarray()
    clicks[:, 2] = 0.0
    known = np.arange(N_ITEMS) != 2
    rows = item_rows(FEATURES, LAST, sparse.csr_array(clicks), sparse.csr_array(unseen))
    mean, variance = rows.scores(FEATURES)
    phi = np.c_[FEATURES, np.ones(N_USERS)]
    fisher = information(FEATURES, LAST, rows.axes, sparse.csr_array(clicks), sparse.csr_array(unseen))
    m, t2 = empirical_prior(rows.axes.T @ LAST, fisher, known)
    np.testing.assert_allclose(mean[:, known], (phi @ LAST)[:, known], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mean[:, 2], phi @ rows.axes @ m, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variance[:, 2], (phi @ rows.axes) ** 2 @ t2, rtol=1e-4, atol=1e-6)
    assert (variance[:, known] <= variance[:, [2]] * (1 + 1e-5)).all()


def test_scores_have_the_moments_of_the_rows():
    """20,000 draws of the rows themselves: means within 5 standard errors, variances too (once in 20,000)."""
    rows = item_rows(FEATURES, LAST, CLICKS, SHOWN)
    mean, variance = rows.scores(FEATURES)
    phi = np.c_[FEATURES, np.ones(N_USERS)] @ rows.axes
    n = 20_000
    drawn = rows.mean + np.sqrt(rows.variance) * np.random.default_rng(1).normal(size=(n, *rows.mean.shape))
    scores = phi @ drawn  # (n, users, items)
    assert (np.abs(scores.mean(axis=0) - mean) <= 5 * np.sqrt(variance / n)).all()
    assert (np.abs(scores.var(axis=0) - variance) <= 5 * variance * np.sqrt(2 / n)).all()
    posterior = LaplaceItemsPosterior(
        rows, Split({}, LAST), FEATURES, np.zeros_like(FEATURES), LaplaceItemsSettings(item_temperature=2.0)
    )
    luck = Luck(1, visits(N_USERS))
    np.testing.assert_allclose(posterior.spread(luck), 2.0 * np.sqrt(variance), rtol=1e-5)
    noise = (posterior.draw(3, luck) - mean) / posterior.spread(luck)
    assert 0.3 < noise.std() < 2.0
    assert (posterior.draw(4, luck) != posterior.draw(3, luck)).all()


def test_combined_draws_are_those_of_its_members_in_turn():
    parts = [
        LaplaceItemsPosterior(
            ItemRows.certain(LAST + number),
            Split({}, LAST),
            FEATURES,
            np.zeros_like(FEATURES),
            LaplaceItemsSettings(item_temperature=0.0),
        )
        for number in range(3)
    ]
    both, luck = CombinedPosterior(parts, 4), Luck(2, visits(N_USERS))
    drawn = np.stack([both.draw(index, luck) for index in range(3)])  # (3, users, items)
    members = np.stack([part.mean(luck) for part in parts])
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(members, axis=0))
    alone = both.parts[0].at(np.array([4]))
    np.testing.assert_array_equal(alone.mean(luck), members[0][[4]])


def test_a_last_layer_needs_a_decoder():
    with pytest.raises(SettingsError, match="decoder"):
        Split.of({"encoder.w0": torch.zeros(2, 2)})


def taught(exposed_only):
    """An autoencoder taught by 200 users who like one of two halves of 20 items, of which four were never shown."""
    rng = np.random.default_rng(5)
    half = rng.integers(2, size=200)
    shown = rng.random((200, 20)) < 0.6
    shown[:, [0, 1, 10, 11]] = False
    likes = np.arange(20)[None, :] // 10 == half[:, None]
    clicked = shown & (rng.random(shown.shape) < np.where(likes, 0.8, 0.1))
    data = Interactions(*(sparse.csr_array(x.astype(np.float32)) for x in (clicked, shown)))
    settings = MultVaeSettings(
        latent=4, hidden=(16,), epochs=60, batch=50, learning_rate=0.01, exposed_only=exposed_only
    )
    belief = LaplaceItems(LaplaceItemsSettings(), MultVae(settings))
    belief.learn(data)
    return belief, data.clicks, likes


def test_never_shown_items_come_up_with_the_mask_and_the_prior_and_not_without():
    share = {}
    for exposed_only in (False, True):
        belief, clicks, likes = taught(exposed_only)
        split = Split.of(belief.model.parameters)
        mean, std = belief.model.encode(clicks)
        for side, rows in (("plain", ItemRows.certain(split.last)), ("prior", belief.rows)):
            posterior = LaplaceItemsPosterior(rows, split, mean, std, LaplaceItemsSettings(user_temperature=1.0))
            luck = Luck(3, Visits(np.arange(200), 0, np.zeros(200, np.int32), np.ones(20, dtype=bool)))
            best = np.argsort(-posterior.draw(0, luck), axis=1)[:, :5]
            share[exposed_only, side] = np.isin(best, [0, 1, 10, 11]).mean()
            if side == "prior":
                assert np.take_along_axis(likes, best, axis=1).mean() > 0.6  # 0.5 by chance
    assert share[False, "plain"] == 0.0
    assert share[True, "plain"] < share[True, "prior"]
    assert 0.02 < share[True, "prior"] < 0.2
