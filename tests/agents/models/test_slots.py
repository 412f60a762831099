"""The slots against the formulas they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

from serendip.agents.models.composed import Composed, ComposedSettings
from serendip.agents.models.corruption import ages_of, corrupted, shortened, targets
from serendip.agents.models.model import Interactions, csr, in_order
from serendip.agents.models.slots import misfit, reconstruction
from serendip.simulator.errors import DataError, SettingsError


def counts() -> Any:
    rng = np.random.default_rng(0)
    out = (rng.random((30, 12)) < 0.4) * rng.integers(1, 4, (30, 12))
    out[out.sum(axis=1) == 0, 0] = 1  # everyone clicked something
    return csr(out)


def logits() -> torch.Tensor:
    return torch.randn((30, 12), generator=torch.Generator().manual_seed(0))


def test_the_poisson_is_that_of_torch_up_to_a_constant() -> None:
    x, f = torch.from_numpy(counts().toarray()), logits()
    theirs = -torch.distributions.Poisson(f.exp()).log_prob(x).sum() - torch.lgamma(x + 1.0).sum()
    assert torch.allclose(reconstruction(f, counts(), None, "poisson", 1.0), theirs, rtol=1e-5)


def test_the_bernoulli_is_that_of_torch() -> None:
    x, f = torch.from_numpy(counts().toarray()), logits()
    theirs = -torch.distributions.Bernoulli(logits=f).log_prob((x > 0).float()).sum()
    assert torch.allclose(reconstruction(f, counts(), None, "bernoulli", 1.0), theirs, rtol=1e-5)


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli", "multinomial", "poisson"])
def test_what_was_not_exposed_has_no_gradient(likelihood: Any) -> None:
    seen = counts().toarray() > 0
    seen[:, 3] = True
    f = logits().requires_grad_()
    reconstruction(f, counts(), csr(seen), likelihood, 0.5).backward()
    assert f.grad is not None
    assert (f.grad[~torch.from_numpy(seen)] == 0.0).all()
    assert (f.grad[:, 3] != 0.0).any()


def test_multinomial_and_poisson_agree_where_totals_are_free() -> None:
    """With an intercept of its own for each user, the Poisson's profile likelihood is the multinomial's, in f."""
    x, f = torch.from_numpy(counts().toarray()), logits().requires_grad_()
    free = torch.log(x.sum(dim=1) / f.exp().sum(dim=1))  # the intercept that maximises the Poisson likelihood
    poisson = reconstruction(f + free[:, None], counts(), None, "poisson", 1.0)
    (of_poisson,) = torch.autograd.grad(poisson, f)
    (of_multinomial,) = torch.autograd.grad(reconstruction(f, counts(), None, "multinomial", 1.0), f)
    assert torch.allclose(of_poisson, of_multinomial, atol=1e-4)


def test_emphasis_asks_for_the_dropped_alone() -> None:
    x = counts()
    corrupt = corrupted(x, "emphasis", 0.5, None, torch.Generator().manual_seed(0))
    wanted = targets(x, corrupt, "emphasis")
    assert (wanted.multiply(corrupt).toarray() == 0.0).all()
    assert ((wanted.toarray() > 0) | (corrupt.toarray() > 0) == (x.toarray() > 0)).all()


def test_ipw_dropout_keeps_the_mean_and_drops_the_popular_more() -> None:
    """The mean of 4,000 draws is within 6 standard errors of each of two items: false alarms below 1e-8."""
    x, popularity = csr(np.ones((4000, 2))), np.array([1.0, 16.0])
    out = corrupted(x, "ipw-dropout", 0.2, popularity, torch.Generator().manual_seed(0)).toarray()
    for item, keep in enumerate((0.8, 0.2)):  # 0.8 sqrt(1 / 16)
        error = np.sqrt((1.0 / keep - 1.0) / 4000)
        assert abs(out[:, item].mean() - 1.0) < 6.0 * error


def test_popularity_drops_in_proportion_to_clicks() -> None:
    """The share kept of 4,000 is within 6 standard errors of 1 - p n / n_max: false alarms below 1e-8."""
    x, popularity = csr(np.ones((4000, 2))), np.array([2.0, 8.0], dtype=np.float32)
    out = corrupted(x, "popularity", 0.6, popularity, torch.Generator().manual_seed(0)).toarray()
    for item, keep in enumerate((0.85, 0.4)):
        assert abs(out[:, item].mean() - keep) < 6.0 * np.sqrt(keep * (1.0 - keep) / 4000)


def sequences() -> Any:
    """Two histories: items 3, 0, 2, 0 in that order, and 1."""
    return in_order(np.array([0, 0, 0, 0, 1]), np.array([3, 0, 2, 0, 1]), (3, 4))


def test_ages_count_the_clicks_that_came_later() -> None:
    ages, clicks = ages_of(sequences()), csr(sequences())
    assert np.array_equal(ages.indices, clicks.indices)
    assert np.array_equal(ages.indptr, clicks.indptr)
    assert ages.toarray().tolist() == [[0, 0, 1, 3], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_recency_drops_the_old() -> None:
    """Of 4,000 copies the share kept is within 6 standard errors of .7^age: false alarms below 1e-8."""
    order = in_order(np.repeat(np.arange(4000), 3), np.tile([2, 0, 1], 4000), (4000, 3))
    out = corrupted(csr(order), "recency", 0.3, np.ones(3), torch.Generator().manual_seed(0), ages_of(order)).toarray()
    assert (out[:, 1] == 1.0).all()  # the last click is always there
    for item, keep in ((0, 0.7), (2, 0.49)):
        assert abs(out[:, item].mean() - keep) < 6.0 * np.sqrt(keep * (1.0 - keep) / 4000)


def test_the_last_clicks_are_left() -> None:
    assert shortened(sequences(), 2).toarray().tolist() == [[2, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_a_model_of_the_last_clicks_scores_by_them_alone() -> None:
    model = Composed(ComposedSettings(corruption="last-k", last=1, latent=3, hidden=(4,), epochs=2))
    x = in_order(np.repeat(np.arange(9), 2), np.tile([0, 1, 1, 2, 2, 3], 3), (9, 4))
    model.fit(Interactions(x))
    forwards, backwards = in_order(np.zeros(2, int), np.array([0, 1]), (1, 4)), csr(np.array([[0, 1, 0, 0]]))
    assert np.array_equal(model.scores(forwards), model.scores(backwards))


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli", "multinomial", "poisson"])
def test_the_misfit_of_users_sums_to_the_reconstruction(likelihood: Any) -> None:
    by_user = misfit(logits(), counts(), likelihood, 0.5)
    assert by_user.shape == (30,)
    assert torch.allclose(by_user.sum(), reconstruction(logits(), counts(), None, likelihood, 0.5), rtol=1e-5)


def test_an_absolute_penalty_empties_weights() -> None:
    """Under Adam a weight that only the L1 penalty moves goes to 0 and stays within a step of it."""
    x = counts()
    free, held = (
        Composed(ComposedSettings(encoder="items", decoder="inner", likelihood="gaussian", latent=3, l1=l1, l2=0.0,
                                  epochs=200, learning_rate=0.01)) for l1 in (0.0, 1e4))  # fmt: skip
    for model in (free, held):
        model.fit(Interactions(x))
    assert np.abs(free.arrays()["encoder.w0"]).max() > 0.1
    assert np.abs(held.arrays()["encoder.w0"]).max() < 0.03


def test_refining_a_posterior_fits_the_history_better() -> None:
    x = csr((np.random.default_rng(0).random((30, 12)) < 0.4).astype(np.float32))
    model = Composed(ComposedSettings(posterior="semi-amortised", latent=3, hidden=(6,), epochs=3, batch=8))
    model.fit(Interactions(x))
    started, ended = model.moments(x)[0], torch.from_numpy(model.codes(x))

    def loss(z: torch.Tensor) -> float:
        return float((model.misfit(z, x) + 0.5 * model.settings.beta * (z * z).sum(dim=1)).sum())

    assert loss(ended) < loss(started)


def test_folding_in_finds_the_ridge_solution() -> None:
    x = csr((np.random.default_rng(0).random((30, 12)) < 0.4).astype(np.float32))
    model = Composed(ComposedSettings(encoder="table", decoder="inner", likelihood="gaussian", latent=3, epochs=20,
                                      l2=0.5, fold_steps=2000, learning_rate=0.01))  # fmt: skip
    model.fit(Interactions(x))
    weights, bias = model.parameters["decoder.w0"].numpy(), model.parameters["decoder.b0"].numpy()
    ridge = np.linalg.solve(weights @ weights.T + 0.5 * np.eye(3), weights @ (x.toarray() - bias).T).T
    assert np.allclose(model.codes(x), ridge, atol=1e-3)


def test_folding_in_agrees_with_the_vectors_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both minimise the same convex loss given the items; the table was moved with them, by many small steps."""
    x = csr((np.random.default_rng(0).random((30, 12)) < 0.4).astype(np.float32))
    model = Composed(ComposedSettings(encoder="table", decoder="inner", likelihood="gaussian", latent=2, epochs=1500,
                                      l2=1.0, fold_steps=1000, learning_rate=0.003))  # fmt: skip
    learned = list[torch.Tensor]()
    first = model._table

    def kept(n_users: int, generator: torch.Generator) -> torch.Tensor | None:
        table = first(n_users, generator)
        assert table is not None
        learned.append(table)
        return table

    monkeypatch.setattr(model, "_table", kept)
    model.fit(Interactions(x))
    vectors = learned[0].detach().numpy()
    assert np.abs(vectors).max() > 0.3
    assert np.abs(model.codes(x) - vectors).max() < 0.02


def test_slots_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SettingsError, match="amortised"):
        ComposedSettings(encoder="table", posterior="amortised")
    with pytest.raises(SettingsError, match="free"):
        ComposedSettings(encoder="mlp", posterior="free")


def test_negative_counts_are_refused() -> None:
    with pytest.raises(DataError, match="negative"):
        Composed(ComposedSettings(likelihood="poisson")).fit(Interactions(scipy.sparse.csr_array(-np.eye(3))))
