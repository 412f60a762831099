"""Mult-VAE against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse
import torch

from serendip.agents.models import layers
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings, gaussian_kl
from serendip.agents.models.multinomial import dense_loss, last_layer_loss, multinomial_loss


def clicks(n_users: int = 50, n_items: int = 20) -> scipy.sparse.csr_array:
    rng = np.random.default_rng(0)
    return scipy.sparse.csr_array((rng.random((n_users, n_items)) < 0.2).astype(np.float32))


def small(**changes: object) -> MultVae:
    settings = {"latent": 4, "hidden": (8,), "epochs": 5, "batch": 16} | changes
    return MultVae(MultVaeSettings(**settings))  # pyright: ignore[reportArgumentType]


def test_the_likelihood_is_that_of_a_softmax() -> None:
    x = clicks()
    logits = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    slow = -(torch.from_numpy(x.toarray()) * torch.log_softmax(logits, dim=1)).sum()
    assert torch.allclose(multinomial_loss(logits, x, None), slow, rtol=1e-5)
    assert torch.allclose(dense_loss(logits, x, None), slow, rtol=1e-5)


def test_the_masked_likelihood_is_a_softmax_over_the_exposed() -> None:
    x = clicks()
    shown = (np.random.default_rng(1).random(x.shape) < 0.4) | (x.toarray() > 0)
    shown[0] = False  # someone who was shown nothing, and clicked nothing
    full = x.toarray()
    full[0] = 0.0
    x = scipy.sparse.csr_array(full)
    logits = torch.randn(x.shape, generator=torch.Generator().manual_seed(0), requires_grad=True)
    slow = sum(
        float(-(torch.from_numpy(full[u])[shown[u]] * torch.log_softmax(logits.detach()[u, shown[u]], dim=0)).sum())
        for u in range(len(full))
    )
    loss = multinomial_loss(logits, x, scipy.sparse.csr_array(shown.astype(np.float32)))
    assert math.isclose(float(loss.detach()), slow, rel_tol=1e-5)
    loss.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[1:][~torch.from_numpy(shown[1:])] == 0.0).all()  # the unseen are neither liked nor disliked
    masked = logits.detach().masked_fill(~torch.from_numpy(shown | (full.sum(axis=1) == 0)[:, None]), -math.inf)
    masked.requires_grad_()
    multinomial_loss(masked, x, None).backward()
    assert masked.grad is not None
    assert torch.allclose(logits.grad, masked.grad.nan_to_num(), atol=1e-6)
    dense = logits.detach().clone().requires_grad_()
    dense_loss(dense, x, scipy.sparse.csr_array(shown.astype(np.float32))).backward()
    assert dense.grad is not None
    assert torch.allclose(logits.grad, dense.grad, atol=1e-6)


def test_the_kl_is_that_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn((7, 3), generator=generator), torch.randn((7, 3), generator=generator)
    theirs = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (0.5 * log_variance).exp()), torch.distributions.Normal(0.0, 1.0)
    ).sum()
    assert torch.allclose(gaussian_kl(mean, log_variance), theirs, rtol=1e-5)


def test_the_sparse_product_has_the_gradient_of_the_dense_one() -> None:
    x = clicks()
    weights = torch.randn((20, 3), generator=torch.Generator().manual_seed(0), requires_grad=True)
    other = weights.detach().clone().requires_grad_()
    outward = torch.randn((50, 3), generator=torch.Generator().manual_seed(1))
    (layers.sparse_product(x, weights) * outward).sum().backward()
    (torch.from_numpy(x.toarray()) @ other * outward).sum().backward()
    assert weights.grad is not None
    assert other.grad is not None
    assert torch.allclose(weights.grad, other.grad, atol=1e-5)
    assert torch.equal(layers.on_device(x, other.detach()), torch.from_numpy(x.toarray()))  # what devices multiply


def test_decoding_the_mean_gives_the_scores() -> None:
    model = small()
    model.fit(Interactions(clicks()))
    mean, std = model.encode(clicks())
    assert mean.shape == std.shape == (50, 4)
    assert (std > 0.0).all()
    assert np.array_equal(model.decode(mean), model.scores(clicks()))


def test_encoding_and_decoding_do_not_depend_on_the_batch() -> None:
    model = small()
    model.fit(Interactions(clicks()))
    mean, std = model.encode(clicks(150))
    one, its_std = model.encode(clicks(150)[[131]])
    assert np.array_equal(mean[[131]], one)
    assert np.array_equal(std[[131]], its_std)
    assert np.array_equal(model.decode(mean)[[131]], model.decode(one))


def test_an_empty_history_is_less_certain_than_a_full_one() -> None:
    data = clicks(400).toarray()
    data[:100] = 0.0  # those who clicked nothing teach what an empty history means
    model = small(epochs=200, beta=1.0, anneal_steps=200, learning_rate=0.01)
    model.fit(Interactions(scipy.sparse.csr_array(data)))
    histories = np.zeros((2, 20), dtype=np.float32)
    histories[1, :10] = 1.0
    mean, std = model.encode(scipy.sparse.csr_array(histories))
    assert np.log(std[0]).sum() > np.log(std[1]).sum()
    assert np.allclose(mean[0], 0.0, atol=0.2)


def test_a_second_fit_goes_on_and_the_annealing_too() -> None:
    model = small(warm_epochs=2)
    model.fit(Interactions(clicks()))
    assert model.progress.steps == 5 * 4
    before = model.scores(clicks())
    model.fit(Interactions(clicks(60)))
    assert model.progress.steps == 5 * 4 + 2 * 4
    moved = np.abs(model.scores(clicks()) - before).max()
    assert 0.0 < moved < np.abs(before).max() * 10


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    small().fit(Interactions(clicks()))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("share", [0.02, 0.6])
def test_the_loss_of_the_last_layer_is_that_of_its_logits(share: float) -> None:
    """Loss and gradients, where only logits of what was shown are worked out and where all are."""
    rng = np.random.default_rng(2)
    shown = (rng.random((12, 90)) < share).astype(np.float32)
    shown[:, 3] = 1.0
    counts = shown * (rng.random(shown.shape) < 0.5) * rng.integers(1, 3, shown.shape)
    counts[5] = 0.0  # who clicked nothing
    counts[7, 4] = 2.0  # a click on what was not shown
    clicks, exposures = (scipy.sparse.csr_array(one.astype(np.float32)) for one in (counts, shown))
    generator = torch.Generator().manual_seed(1)
    given = [torch.randn(shape, generator=generator) for shape in ((12, 6), (6, 90), (90,))]
    found = list[list[torch.Tensor]]()
    for quick in (True, False):
        x, weights, bias = (one.clone().requires_grad_() for one in given)
        if quick:
            loss = last_layer_loss(x, weights, bias, clicks, exposures)
        else:
            loss = dense_loss(x @ weights + bias, clicks, exposures)
        (3.0 * loss).backward()
        gradients = [leaf.grad for leaf in (x, weights, bias)]
        found.append([loss.detach(), *(gradient for gradient in gradients if gradient is not None)])
    assert len(found[0]) == len(found[1]) == 4
    for mine, slow in zip(*found, strict=True):
        assert torch.allclose(mine, slow, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("hidden", [(), (8,), (9, 7)])
def test_decoding_without_copies_gives_the_same_bits(hidden: tuple[int, ...]) -> None:
    model = small(hidden=hidden, epochs=1)
    model.fit(Interactions(clicks()))
    for n in (0, 1, 63, 64, 130):
        z = np.random.default_rng(n).standard_normal((n, 4)).astype(np.float32)
        np.testing.assert_array_equal(model.decode(z), layers.in_tensor_blocks(z, model.logits, model.n_items))
