"""The published identities: one model seen through the lens of another, and closed forms against plain descent.

Losses are minimised in double precision over all data at once, by L-BFGS, so that nothing here is a matter of luck.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from serendip.agents.models import slots
from serendip.agents.models.composed import Composed, ComposedSettings
from serendip.agents.models.ease import ease_weights
from serendip.agents.models.full_rank import DenoisingSettings, Edlae, LinearDenoiser
from serendip.agents.models.ials import Ials, IalsSettings, penalties
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.mult_vae import gaussian_kl
from serendip.agents.models.pure_svd import PureSvd, PureSvdSettings

Double = NDArray[np.float64]


def clicks(n_users: int = 30, n_items: int = 7, seed: int = 0) -> Double:
    x = (np.random.default_rng(seed).random((n_users, n_items)) < 0.4).astype(np.float64)
    x[:, 0] = np.where(x.any(axis=1), x[:, 0], 1.0)  # everyone clicked something
    return x


def minimised(loss: Callable[..., torch.Tensor], *first: torch.Tensor) -> list[Double]:
    """The arguments of `loss` where it is least, going down from `first`."""
    leaves = [value.clone().requires_grad_() for value in first]
    solver = torch.optim.LBFGS(
        leaves, max_iter=3000, history_size=50, line_search_fn="strong_wolfe", tolerance_grad=1e-9, tolerance_change=0.0
    )

    def closure() -> torch.Tensor:
        solver.zero_grad()
        value = loss(*leaves)
        value.backward()
        return value

    solver.step(closure)
    return [leaf.detach().numpy() for leaf in leaves]


def normal(*shape: int, scale: float = 0.3, seed: int = 0) -> torch.Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def squares(x: Double, logits: torch.Tensor) -> torch.Tensor:
    """||x - logits||^2 by the likelihood of the gradient path."""
    return 2.0 * slots.reconstruction(logits, csr(x), None, "gaussian", 1.0)


def test_descent_finds_ease() -> None:
    x = clicks()
    off = 1.0 - torch.eye(7, dtype=torch.float64)

    def loss(b: torch.Tensor) -> torch.Tensor:
        return squares(x, torch.from_numpy(x) @ (b * off)) + 3.0 * ((b * off) ** 2).sum()

    (b,) = minimised(loss, torch.zeros((7, 7), dtype=torch.float64))
    assert np.abs(b * off.numpy() - ease_weights(x.T @ x, 3.0)).max() < 1e-4


def test_descent_finds_the_linear_autoencoder() -> None:
    x = clicks()

    def loss(b: torch.Tensor) -> torch.Tensor:
        return squares(x, torch.from_numpy(x) @ b) + 3.0 * (b**2).sum()

    (b,) = minimised(loss, torch.zeros((7, 7), dtype=torch.float64))
    model = LinearDenoiser(DenoisingSettings(lam=3.0, dropout=0.0))
    model.fit(Interactions(csr(x)))
    assert np.abs(b - model.weights).max() < 1e-4


@pytest.mark.parametrize("emphasised", [False, True])
def test_descent_finds_the_denoisers_under_every_mask_there_is(emphasised: bool) -> None:
    """The expected loss is taken over all 2^5 masks of the input; emphasised, an item counts where it was dropped."""
    x, p, lam = clicks(n_items=5), 0.3, 2.0
    masks = torch.tensor(list(itertools.product([0.0, 1.0], repeat=5)), dtype=torch.float64)  # 1 where kept
    chances = p ** (5 - masks.sum(dim=1)) * (1.0 - p) ** masks.sum(dim=1)
    off = 1.0 - torch.eye(5, dtype=torch.float64) if emphasised else torch.ones((5, 5), dtype=torch.float64)

    def loss(b: torch.Tensor) -> torch.Tensor:
        total = lam * ((b * off) ** 2).sum()
        for mask, chance in zip(masks, chances, strict=True):
            miss = torch.from_numpy(x) - (torch.from_numpy(x) * mask / (1.0 - p)) @ (b * off)
            counted = (1.0 - mask) / p if emphasised else torch.ones_like(mask)
            total = total + chance * (miss**2 * counted).sum()
        return total

    (b,) = minimised(loss, torch.zeros((5, 5), dtype=torch.float64))
    model = (Edlae if emphasised else LinearDenoiser)(DenoisingSettings(lam=lam, dropout=p))
    model.fit(Interactions(csr(x)))
    assert np.abs(b * off.numpy() - model.weights).max() < 1e-4


def test_descent_finds_the_alternating_least_squares_solution() -> None:
    x, settings = clicks(20, 8), IalsSettings(n_factors=2, lam=0.3, unobserved=0.2, nu=0.5, epochs=3000, solver="exact")
    model = Ials(settings)
    model.fit(Interactions(csr(x)))
    of_users, of_items = (
        torch.from_numpy(penalties(counts, settings.lam, settings.nu, settings.unobserved, others))
        for counts, others in ((x.sum(axis=1), 8), (x.sum(axis=0), 20))
    )

    def loss(users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        f = users @ items.T
        fit = (torch.from_numpy(x) * (f - 1.0) ** 2).sum() + settings.unobserved * (f**2).sum()
        return fit + of_users @ (users**2).sum(dim=1) + of_items @ (items**2).sum(dim=1)

    users, items = minimised(loss, normal(20, 2), normal(8, 2, seed=1))
    assert np.abs(users @ items.T - model.scores(csr(x))).max() < 1e-4


def test_without_a_penalty_the_linear_autoencoder_of_low_rank_is_pure_svd() -> None:
    """Baldi & Hornik (1989): it projects on the strongest directions."""
    x = clicks()

    def loss(w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return squares(x, torch.from_numpy(x) @ w @ v)

    w, v = minimised(loss, normal(7, 2), normal(2, 7, seed=1))
    model = PureSvd(PureSvdSettings(n_factors=2))
    model.fit(Interactions(csr(x)))
    assert np.abs(x @ w @ v - model.scores(csr(x))).max() < 1e-4


def test_the_linear_vae_is_probabilistic_pca() -> None:
    """Tipping & Bishop (1999), eq. 7 and 10; Lucas et al. (2019): a VAE with noise of variance s has beta = s."""
    x, noise = clicks(), 0.1
    centred = torch.from_numpy(x - x.mean(axis=0))

    def loss(into: torch.Tensor, log_variance: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        mean = centred @ into
        at_mean = 0.5 * squares(x, mean @ out + torch.from_numpy(x.mean(axis=0)))
        spread = 0.5 * len(x) * (log_variance.exp() * (out**2).sum(dim=1)).sum()  # E_q of the same, less at the mean
        return at_mean + spread + noise * gaussian_kl(mean, log_variance.expand(len(x), -1))

    into, log_variance, out = minimised(loss, normal(7, 2), torch.zeros(2, dtype=torch.float64), normal(2, 7, seed=1))
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    strongest, directions = values[-2:], vectors[:, -2:]
    assert np.abs(out.T @ out - directions @ np.diag(strongest - noise) @ directions.T).max() < 1e-4
    inner = np.linalg.inv(out @ out.T + noise * np.eye(2))
    assert np.abs(into - out.T @ inner).max() < 1e-4
    assert np.abs(np.diag(np.exp(log_variance)) - noise * inner).max() < 1e-4


def family(**changes: Any) -> ComposedSettings:
    return replace(ComposedSettings(latent=3, hidden=(6,), epochs=4, batch=8, learning_rate=0.01), **changes)


def fitted(settings: ComposedSettings, x: Double) -> Composed:
    model = Composed(settings)
    model.fit(Interactions(csr(x)))
    return model


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli", "multinomial", "poisson"])
def test_asymmetric_factorisation_is_the_linear_autoencoder(likelihood: str) -> None:
    x = clicks()
    asymmetric = fitted(family(encoder="items", decoder="inner", likelihood=likelihood), x)
    linear = fitted(family(encoder="mlp", decoder="mlp", hidden=(), likelihood=likelihood), x)
    for name, value in asymmetric.arrays().items():
        assert np.array_equal(value, linear.arrays()[name]), name
    items, own, others, bias = (asymmetric.arrays()[f"{part}0"] for part in
                                ("encoder.w", "encoder.b", "decoder.w", "decoder.b"))  # fmt: skip
    for user, row in enumerate(x):  # a user is the sum of what they clicked, as one would write it down
        vector = own + sum(items[item] for item in np.flatnonzero(row)) / np.sqrt(row.sum())
        assert np.allclose(asymmetric.scores(csr(x))[user], vector @ others + bias, atol=1e-5)


def test_a_vae_without_sampling_and_penalty_is_the_denoising_autoencoder(monkeypatch: pytest.MonkeyPatch) -> None:
    x = clicks()

    def unsampled(both: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        mean, log_variance = both.chunk(2, dim=1)
        return mean, gaussian_kl(mean, log_variance)

    monkeypatch.setattr(slots, "sampled", unsampled)
    shared = family(corruption="dropout", l2=0.0, beta=0.0)
    vae, dae = Composed(replace(shared, posterior="amortised")), Composed(shared)
    start = fitted(replace(shared, posterior="amortised", epochs=0), x).arrays()
    vae.restore(start)
    means = {name: value[..., :3] if name in ("encoder.w1", "encoder.b1") else value for name, value in start.items()}
    dae.restore(means)
    for _ in range(3):
        vae.fit(Interactions(csr(x)))
        dae.fit(Interactions(csr(x)))
    assert np.abs(dae.scores(csr(x))).max() > 0.01
    assert np.allclose(vae.scores(csr(x)), dae.scores(csr(x)), atol=1e-6)


def test_multinomial_and_poisson_factorisation_rank_alike_where_totals_are_free() -> None:
    x = clicks(25, 8) * np.random.default_rng(1).integers(1, 4, (25, 8))

    def penalty(users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return 0.5 * ((users**2).sum() + (items**2).sum())

    def multinomial(users: torch.Tensor, items: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        fit = slots.reconstruction(users @ items.T + bias, csr(x), None, "multinomial", 1.0)
        return fit + penalty(users, items) + 0.5 * bias.sum() ** 2  # a constant over items changes nothing else

    def poisson(users: torch.Tensor, items: torch.Tensor, bias: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
        fit = slots.reconstruction(users @ items.T + bias + total, csr(x), None, "poisson", 1.0)
        return fit + penalty(users, items) + 0.5 * bias.sum() ** 2

    first = (normal(25, 2), normal(8, 2, seed=1), torch.zeros(8, dtype=torch.float64))
    users, items, bias = minimised(multinomial, *first)
    of_multinomial = users @ items.T + bias
    users, items, bias, _ = minimised(poisson, *first, torch.zeros((25, 1), dtype=torch.float64))
    of_poisson = users @ items.T + bias
    assert np.abs(users @ items.T).max() > 0.1  # users differ
    assert np.abs(of_multinomial - of_poisson).max() < 1e-4
    assert np.array_equal(np.argsort(of_multinomial, axis=1), np.argsort(of_poisson, axis=1))
