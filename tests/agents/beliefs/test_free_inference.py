import numpy as np
import pytest
import scipy.sparse as sparse
import torch

from serendip.agents.models.free_inference import free_moments, minus_bound, opposite_normals
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.agents.registry import load, make
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Visits

RNG = np.random.default_rng(0)
CLICKS = (RNG.random((70, 12)) < 0.3).astype(np.float32)
CLICKS[3] = 0.0
SHOWN = np.maximum(CLICKS, RNG.random((70, 12)) < 0.3).astype(np.float32)


def fitted(latent, *, exposed_only):
    settings = MultVaeSettings(latent=latent, hidden=(6,), epochs=10, learning_rate=0.01, exposed_only=exposed_only)
    model = MultVae(settings)
    model.fit(Interactions(sparse.csr_array(CLICKS), sparse.csr_array(SHOWN)))
    return model


def dense_bound(model, user, mean, log_variance):
    """Return the bound of one user, term by term, for one latent dimension."""
    x, seen = CLICKS[user].astype(np.float64), SHOWN[user] > 0.0
    w = {name: value.numpy().astype(np.float64) for name, value in model.parameters.items()}
    noise = opposite_normals(2, 1).numpy().astype(np.float64)[:, 0]
    total = 0.0
    for draw in noise:
        z = np.array([mean + np.exp(0.5 * log_variance) * draw])
        logits = np.tanh(z @ w["decoder.w0"] + w["decoder.b0"]) @ w["decoder.w1"] + w["decoder.b1"]
        over = logits[seen] if model.settings.exposed_only else logits
        total += (x * (logits - np.log(np.exp(over).sum()))).sum() / len(noise)
    return total - model.settings.beta * 0.5 * (np.exp(log_variance) + mean**2 - 1.0 - log_variance)


@pytest.mark.parametrize("exposed_only", [False, True])
def test_the_bound_is_what_it_is_term_by_term(exposed_only):
    model, users = fitted(1, exposed_only=exposed_only), [0, 5]
    both = torch.tensor([[0.3, -0.5], [-1.0, 0.2]])
    shown = sparse.csr_array(SHOWN[users]) if exposed_only else None
    found = minus_bound(model, both, sparse.csr_array(CLICKS[users]), shown, opposite_normals(2, 1))
    wanted = -sum(dense_bound(model, user, *map(float, row)) for user, row in zip(users, both, strict=True))
    assert float(found) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("exposed_only", [False, True])
def test_many_steps_end_where_a_grid_is_highest(exposed_only):
    model = fitted(1, exposed_only=exposed_only)
    mean, std = free_moments(model, sparse.csr_array(CLICKS), sparse.csr_array(SHOWN), 400)
    for user in (0, 7, 69):
        grid = [dense_bound(model, user, m, v) for m in np.linspace(-3, 3, 61) for v in np.linspace(-4, 1, 26)]
        reached = dense_bound(model, user, float(mean[user, 0]), 2.0 * np.log(float(std[user, 0])))
        assert reached >= max(grid) - 1e-4


def test_who_clicked_nothing_is_the_prior():
    mean, std = free_moments(
        fitted(3, exposed_only=True), sparse.csr_array(CLICKS[3:4]), sparse.csr_array(SHOWN[3:4]), 400
    )
    np.testing.assert_allclose(mean, 0.0, atol=1e-3)
    np.testing.assert_allclose(std, 1.0, atol=1e-3)


def test_a_few_steps_raise_the_bound():
    model, clicks, shown = fitted(3, exposed_only=True), sparse.csr_array(CLICKS), sparse.csr_array(SHOWN)
    noise, found = opposite_normals(2, 3), list[float]()
    for mean, std in (model.encode(clicks), free_moments(model, clicks, shown, 10)):
        both = torch.from_numpy(np.concatenate([mean, 2.0 * np.log(std)], axis=1))
        found.append(float(minus_bound(model, both, clicks, shown, noise)))
    assert found[1] < found[0]


def test_a_row_does_not_depend_on_the_others():
    model = fitted(3, exposed_only=True)
    whole = free_moments(model, sparse.csr_array(CLICKS), sparse.csr_array(SHOWN), 5)
    for user in (0, 3, 66):
        alone = free_moments(model, sparse.csr_array(CLICKS[[user]]), sparse.csr_array(SHOWN[[user]]), 5)
        np.testing.assert_array_equal(alone[0], whole[0][[user]])
        np.testing.assert_array_equal(alone[1], whole[1][[user]])


def test_an_agent_infers_freely_and_comes_back_as_it_was(tmp_path):
    items = Items(np.zeros(15, np.int32), np.zeros(15, np.int32))
    settings = {"latent": 4, "hidden": [8], "epochs": 1, "inference": "free"}
    agent = make("thompson", items, 3, 1, belief="latent", **settings)
    visits = Visits(np.arange(12) * 7, 0, np.zeros(12, np.int32), items.available(0))
    slates = agent.act(visits, 9)
    agent.observe(visits, slates, Feedback((slates.items + visits.user_ids[:, None]) % 5 == 0))
    agent.update()
    slates = agent.act(visits, 9)
    np.testing.assert_array_equal(agent.propensities(visits, slates, 9), slates.propensities)
    agent.save(tmp_path)
    twin = load(tmp_path)
    for row in range(12):
        alone = twin.act(visits.rows([row]), 9)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])


def test_free_inference_is_about_a_mult_vae():
    items = Items(np.zeros(6, np.int32), np.zeros(6, np.int32))
    with pytest.raises(SettingsError, match="choose 'mult-vae'"):
        make("thompson", items, 2, 0, belief="latent", model="rec-vae", inference="free")


@pytest.mark.parametrize("belief", ["latent", "laplace-items", "combined"])
@pytest.mark.parametrize("model", ["ease", "semi-amortised-vae", "free-vae"])
def test_models_without_a_gaussian_latent_vector_are_refused(belief, model):
    items = Items(np.zeros(9, np.int32), np.zeros(9, np.int32))
    with pytest.raises(SettingsError, match="choose the model 'mult-vae' or 'rec-vae'"):
        make("thompson", items, 2, 0, belief=belief, model=model)
