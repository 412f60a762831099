"""What runs on torch's devices gives the numbers of NumPy: on its processor, and on an accelerator if there is one."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import array_api_compat
import numpy as np
import pytest
import scipy.sparse
import torch

from serendip.agents.models import layers, multinomial
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.choice import CHOICES
from serendip.simulator.dynamics import DYNAMICS
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

ACCELERATOR = "cuda" if torch.cuda.is_available() else None
needs_one = pytest.mark.skipif(ACCELERATOR is None, reason="torch finds no accelerator here")
DEVICES = ["cpu", pytest.param(ACCELERATOR, id="accelerator", marks=needs_one)]
KINDS = [("dynamics", name) for name in DYNAMICS.names()] + [("choice", name) for name in CHOICES.names()]


def doubled(part: Any) -> Any:
    """Return a frozen dataclass of arrays, or one array, with single precision turned into double."""
    if array_api_compat.is_array_api_obj(part):
        xp = array_api_compat.array_namespace(part)
        return xp.astype(part, xp.float64) if part.dtype == xp.float32 else part
    if isinstance(part, dict):
        return {name: doubled(value) for name, value in part.items()}
    if hasattr(part, "__dataclass_fields__"):
        return replace(part, **{field.name: doubled(getattr(part, field.name)) for field in fields(part)})
    return part


def world_on(part: str, kind: str, **place: Any) -> World:
    """Return the tiny world with that dynamics or choice model, in double precision."""
    base, _ = read_world("tiny")
    world = World(replace(base, **{part: {"kind": kind}}), 0, **place)
    world.people, world.catalogue = doubled(world.people), doubled(world.catalogue)
    return world


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("part", "kind"), KINDS)
def test_a_world_lives_as_on_numpy(part, kind, device):
    """Ten days: the same visits and clicks, and a state that only rounding in double precision tells apart."""
    ours, theirs = world_on(part, kind), world_on(part, kind, arrays="torch", device=device)
    state, other = ours.start(), theirs.start()
    for day in range(10):
        users, n_slates = ours.come(state, day)
        others, other_slates = theirs.come(other, day)
        np.testing.assert_array_equal(users, to_numpy(others))
        np.testing.assert_array_equal(n_slates, to_numpy(other_slates))
        items = randomness.distinct(ours.n_items, 5, 1, users, day)
        clicked = ours.show(state, day, 0, users, items)
        np.testing.assert_array_equal(clicked, to_numpy(theirs.show(other, day, 0, others, theirs.place(items))))
        ours.night(state, day)
        theirs.night(other, day)
    assert set(state) == set(other)
    for name, values in state.items():
        np.testing.assert_allclose(to_numpy(other[name]), values, rtol=1e-10, atol=1e-12, err_msg=name)


def clicks(density: float, seed: int) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array((np.random.default_rng(seed).random((60, 40)) < density).astype(np.float32))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("exposed_only", [False, True])
def test_a_mult_vae_has_the_loss_and_gradients_of_the_processor(exposed_only, device, monkeypatch):
    """On the processor what devices compute is asked for by hand."""
    settings = MultVaeSettings(latent=4, hidden=(8,), epochs=0, exposed_only=exposed_only)
    x, shown = clicks(0.1, 0), clicks(0.5, 1)
    found = []
    for where in ("cpu", device):
        model = MultVae(settings)
        model.fit(Interactions(x))
        model.parameters = {name: value.double().to(where).requires_grad_() for name, value in model.parameters.items()}
        generator = torch.Generator().manual_seed(3)
        loss = model.loss(layers.normalised(x), x, shown if exposed_only else None, generator)
        loss.backward()
        found.append([loss.detach().cpu(), *(value.grad.cpu() for value in model.parameters.values())])
        if device == "cpu":
            monkeypatch.setattr(
                layers, "sparse_product", lambda rows, weights: layers.on_device(rows, weights) @ weights
            )
            monkeypatch.setattr(multinomial, "multinomial_loss", multinomial.dense_loss)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("device", DEVICES)
def test_a_mult_vae_learns_there_and_scores_here(device):
    settings = MultVaeSettings(latent=4, hidden=(8,), epochs=5, batch=16, patience=1)
    here, there = MultVae(settings), MultVae(replace(settings, learns_on=device))
    looks = []

    def judge(model: Any) -> float:
        looks.append(model.scores(clicks(0.1, 0)))
        return 0.0

    here.fit(Interactions(clicks(0.1, 0)))
    there.fit(Interactions(clicks(0.1, 0), judge=judge))
    assert all(value.device.type == "cpu" and not value.requires_grad for value in there.parameters.values())
    np.testing.assert_allclose(there.scores(clicks(0.1, 2)), here.scores(clicks(0.1, 2)), atol=1e-3)
    np.testing.assert_allclose(looks[-1], there.scores(clicks(0.1, 0)), atol=1e-5)


def test_a_device_that_is_not_there_is_an_error():
    with pytest.raises(SettingsError, match="learns_on is 'nowhere', which torch cannot use here"):
        MultVae(MultVaeSettings(learns_on="nowhere")).fit(Interactions(clicks(0.1, 0)))
