"""The amortisation gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from serendip.agents.models.composed import Composed, ComposedSettings
from serendip.agents.models.inference import EvidenceGap, evidence_gap
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.simulator.errors import DataError, SettingsError


def clicks(n_users: int = 70, n_items: int = 15) -> Any:
    return csr((np.random.default_rng(0).random((n_users, n_items)) < 0.3).astype(np.float32))


def vae() -> MultVae:
    model = MultVae(MultVaeSettings(latent=3, hidden=(6,), epochs=10, batch=16, learning_rate=0.01))
    model.fit(Interactions(clicks()))
    return model


def test_more_inference_explains_more_of_everyone() -> None:
    gap = evidence_gap(vae(), clicks(), semi_steps=4, free_steps=40, draws=4)
    assert (gap.amortised <= gap.semi_amortised).all()
    assert (gap.semi_amortised <= gap.free).all()
    assert gap.amortised.mean() < gap.semi_amortised.mean() < gap.free.mean()
    assert np.array_equal(gap.activity, clicks().toarray().sum(axis=1))


def test_free_inference_finds_the_exact_evidence_of_a_linear_model() -> None:
    """With one latent dimension the posterior is normal, and the bound tight: log N(x; b, w w' + s I), s = beta."""
    noise = 0.3
    model = Composed(
        ComposedSettings(
            encoder="items",
            decoder="inner",
            likelihood="gaussian",
            posterior="amortised",
            latent=1,
            beta=noise,
            anneal_steps=1,
            l2=0.0,
            epochs=20,
            batch=16,
            learning_rate=0.03,
        )
    )
    model.fit(Interactions(clicks()))
    gap = evidence_gap(model, clicks(), free_steps=300, draws=4)
    w, b = (torch.from_numpy(model.arrays()[f"decoder.{name}0"]).double() for name in "wb")
    covariance = w.T @ w + noise * torch.eye(15, dtype=torch.float64)
    exact = torch.distributions.MultivariateNormal(b, covariance).log_prob(torch.from_numpy(clicks().toarray()))
    constant = -0.5 * 15 * np.log(2.0 * np.pi * noise)
    assert np.abs(gap.free / noise + constant - exact.numpy()).max() < 1e-3
    assert (gap.amortised / noise + constant < exact.numpy() + 1e-3).all()


def test_a_posterior_that_is_free_already_gains_nothing() -> None:
    gap = evidence_gap(vae(), clicks(), semi_steps=0, free_steps=0)
    assert np.array_equal(gap.amortised, gap.free)


def test_the_model_is_left_as_it_was() -> None:
    model = vae()
    before = model.arrays()
    evidence_gap(model, clicks(), semi_steps=1, free_steps=1)
    assert all(np.array_equal(value, before[name]) for name, value in model.arrays().items())


def test_groups_are_equal_parts_by_activity() -> None:
    activity = np.array([5.0, 1.0, 9.0, 2.0, 7.0])
    parts = EvidenceGap(activity, activity, activity + 1.0, activity + 2.0).by_activity(2)
    assert [part.activity.tolist() for part in parts] == [[1.0, 2.0, 5.0], [7.0, 9.0]]
    assert parts[1].free.tolist() == [9.0, 11.0]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match="no users"):
        evidence_gap(vae(), clicks()[:0])
    with pytest.raises(SettingsError, match="5 users do not make 6 groups"):
        evidence_gap(vae(), clicks()[:5], semi_steps=0, free_steps=0).by_activity(6)
    point = Composed(ComposedSettings(latent=2, hidden=(3,), epochs=1))
    point.fit(Interactions(clicks()))
    with pytest.raises(SettingsError, match="'point' is not amortised"):
        evidence_gap(point, clicks())
