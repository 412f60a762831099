"""RecVAE against its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.distributions import Normal

from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.rec_vae import RecVae, RecVaeSettings, log_composite_prior, log_normal


def clicks(n_users: int = 50, n_items: int = 20) -> Any:
    return csr((np.random.default_rng(0).random((n_users, n_items)) < 0.2).astype(np.float32))


def small(**changes: Any) -> RecVae:
    return RecVae(RecVaeSettings(**({"latent": 4, "hidden": 8, "epochs": 3, "batch": 16} | changes)))


def slow_encoder(arrays: dict[str, Any], x: torch.Tensor) -> torch.Tensor:
    """The encoder of the paper's figure 2, with torch's own modules."""
    hidden = 8
    outputs = list[torch.Tensor]()
    for layer in range(5):
        linear = torch.nn.Linear(x.shape[1] if layer == 0 else hidden, hidden)
        norm = torch.nn.LayerNorm(hidden)
        linear.weight.data = torch.from_numpy(arrays[f"encoder.w{layer}"].T)
        linear.bias.data = torch.from_numpy(arrays[f"encoder.b{layer}"])
        norm.weight.data = torch.from_numpy(arrays[f"encoder.scale{layer}"])
        norm.bias.data = torch.from_numpy(arrays[f"encoder.shift{layer}"])
        before = linear(outputs[-1] if outputs else x)
        for output in outputs:
            before = before + output
        outputs.append(norm(before * torch.sigmoid(before)))
    return outputs[-1] @ torch.from_numpy(arrays["encoder.w5"]) + torch.from_numpy(arrays["encoder.b5"])


def test_the_encoder_is_that_of_the_paper() -> None:
    model = small()
    model.fit(Interactions(clicks()))
    x = torch.from_numpy(clicks().toarray())
    x = x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)
    both = slow_encoder(model.arrays(), x).detach().numpy()
    mean, std = model.encode(clicks())
    assert np.allclose(mean, both[:, :4], atol=1e-5)
    assert np.allclose(std, np.exp(0.5 * both[:, 4:]), atol=1e-5)


def test_the_prior_is_a_mixture_of_three() -> None:
    generator = torch.Generator().manual_seed(0)
    z, mean, log_variance = (torch.randn((6, 3), generator=generator) for _ in range(3))
    density = (
        0.15 * Normal(0.0, 1.0).log_prob(z).exp()
        + 0.75 * Normal(mean, (0.5 * log_variance).exp()).log_prob(z).exp()
        + 0.10 * Normal(0.0, np.exp(5.0)).log_prob(z).exp()
    )
    assert torch.allclose(log_composite_prior(z, mean, log_variance), density.log(), atol=1e-5)
    assert torch.allclose(
        log_normal(z, mean, log_variance), Normal(mean, (0.5 * log_variance).exp()).log_prob(z), atol=1e-5
    )


def test_the_prior_is_a_density() -> None:
    at = torch.linspace(-2000.0, 2000.0, 2_000_001, dtype=torch.float64)
    mean, log_variance = torch.tensor(1.0, dtype=torch.float64), torch.tensor(-1.0, dtype=torch.float64)
    total = torch.trapezoid(log_composite_prior(at, mean, log_variance).exp(), at)
    assert abs(float(total) - 1.0) < 1e-6


def test_an_epoch_is_three_passes_of_the_encoder_and_one_of_the_decoder() -> None:
    model = small(epochs=0)
    model.fit(Interactions(clicks()))
    before = model.arrays()
    model.settings = RecVaeSettings(latent=4, hidden=8, warm_epochs=1, batch=16)
    model.fit(Interactions(clicks()))
    assert model.progress.steps == (3 + 1) * 4
    after = model.arrays()
    for name, value in before.items():
        assert name == "progress" or np.abs(after[name] - value).max() > 0.0, name


def test_a_greater_gamma_holds_users_nearer_to_the_prior() -> None:
    spreads = list[float]()
    for gamma in (0.001, 1.0):
        model = small(gamma=gamma, epochs=20, learning_rate=0.02, batch=64)
        model.fit(Interactions(clicks(64)))
        mean, std = model.encode(clicks(64))
        spreads.append(float((mean.std(axis=0) / std.mean(axis=0)).max()))
    assert spreads[0] > 2.0 * spreads[1]


def test_encoding_and_decoding_do_not_depend_on_the_batch() -> None:
    model = small()
    model.fit(Interactions(clicks()))
    mean, std = model.encode(clicks(150))
    one, its_std = model.encode(clicks(150)[[131]])
    assert np.array_equal(mean[[131]], one)
    assert np.array_equal(std[[131]], its_std)
    assert np.array_equal(model.decode(mean)[[131]], model.decode(one))
