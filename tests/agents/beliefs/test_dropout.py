import numpy as np
import pytest
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.dropout import Dropout, DropoutPosterior, DropoutSettings
from serendip.agents.models.composed import Composed, ComposedSettings
from serendip.agents.models.layers import normalised
from serendip.agents.models.model import Interactions
from serendip.agents.registry import make
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items, Visits


def luck_of(n_users, n_items, key=3):
    return Luck(key, Visits(np.arange(n_users) * 5, 2, np.zeros(n_users, np.int32), np.ones(n_items, dtype=bool)))


def fitted(clicks, **settings):
    model = Composed(ComposedSettings(corruption="dropout", latent=4, hidden=(6,), epochs=2, **settings))
    model.fit(Interactions(sparse.csr_array(clicks)))
    return model


CLICKS = (np.random.default_rng(0).random((5, 9)) < 0.5).astype(np.float32)
CLICKS[3] = 0.0


def test_a_draw_is_the_network_on_a_masked_input():
    model, luck, p = fitted(CLICKS), luck_of(5, 9), 0.3
    inputs = CLICKS / np.maximum(np.sqrt(CLICKS.sum(axis=1, keepdims=True)), 1e-9)
    drawn = DropoutPosterior(model, normalised(sparse.csr_array(CLICKS)), p, 4).draw(6, luck)
    w = {name: value.numpy().astype(np.float64) for name, value in model.parameters.items()}
    key = randomness.derive(luck.key, "dropout", 6)
    for user in range(5):
        mask = [randomness.uniform(key, user * 5, 2, 0, item) >= p for item in range(9)]
        hidden = np.tanh(inputs[user] * mask / (1 - p) @ w["encoder.w0"] + w["encoder.b0"])
        z = hidden @ w["encoder.w1"] + w["encoder.b1"]
        scores = np.tanh(z @ w["decoder.w0"] + w["decoder.b0"]) @ w["decoder.w1"] + w["decoder.b1"]
        np.testing.assert_allclose(drawn[user], scores, rtol=1e-4, atol=1e-6)


def test_uniforms_at_are_those_of_the_table():
    luck, rows, columns = luck_of(4, 3), np.array([0, 3, 3, 1]), np.array([6, 0, 7, 2])
    np.testing.assert_array_equal(luck.uniforms_at(rows, columns), luck.uniforms(8)[rows, columns])


def test_moments_of_a_linear_network_are_known():
    """f = W x * m / (1 - p) has mean W x and variance p / (1 - p) sum_i (W_i x_i)^2.

    20,000 users alike: means within 6 standard errors, and variances too, whose parts sum to a kurtosis below 3: once
    in ten million.
    """
    n, p = 20_000, 0.4
    model = fitted(CLICKS, encoder="items", decoder="inner")
    inputs = normalised(sparse.csr_array(np.tile(CLICKS[[0]], (n, 1))))
    posterior = DropoutPosterior(model, inputs, p, 4)
    luck = luck_of(n, 9)
    mean, drawn = posterior.mean(luck)[0].astype(np.float64), posterior.draw(0, luck).astype(np.float64)
    w = {name: value.numpy().astype(np.float64) for name, value in model.parameters.items()}
    parts = inputs[[0]].toarray()[0][:, None] * (w["encoder.w0"] @ w["decoder.w0"])
    variance = p / (1 - p) * (parts**2).sum(axis=0)
    assert (np.abs(drawn.mean(axis=0) - mean) <= 6 * np.sqrt(variance / n) + 1e-6).all()
    assert (np.abs(drawn.var(axis=0) - variance) <= 6 * variance * np.sqrt(2 / n) + 1e-9).all()


def test_doubt_goes_with_the_clicks():
    posterior = DropoutPosterior(fitted(CLICKS), normalised(sparse.csr_array(CLICKS)), 0.5, 16)
    spread = posterior.spread(luck_of(5, 9))
    assert (spread[3] == 0.0).all()
    assert (spread[[0, 1, 2, 4]] > 0.0).all()


@pytest.mark.parametrize("model", ["ease", "autoencoder", "semi-amortised-vae", "multinomial-mf"])
def test_it_is_about_models_that_learn_with_dropout(model):
    items = Items(np.zeros(6, np.int32), np.zeros(6, np.int32))
    with pytest.raises(SettingsError, match="belief 'dropout' is about a"):
        make("thompson", items, 2, 0, belief="dropout", model=model)


def test_its_probability_is_the_models_unless_set():
    assert Dropout(DropoutSettings(), Composed(ComposedSettings(corruption="dropout", dropout=0.7))).probability == 0.7
    items = Items(np.zeros(6, np.int32), np.zeros(6, np.int32))
    agent = make("thompson", items, 2, 0, belief="dropout", model="mult-vae", probability=0.2)
    assert agent.belief.probability == 0.2
    with pytest.raises(SettingsError, match="probability is 1"):
        DropoutSettings(probability=1.0)
