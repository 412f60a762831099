"""Small parts of beliefs, each held to what it says: what is counted, when all is learned anew, where steps end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from serendip.agents.beliefs import choice_mixture
from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.choice_mixture import ChoiceMixture, ChoiceMixtureSettings
from serendip.agents.beliefs.latent import Latent, LatentSettings
from serendip.agents.beliefs.logistic_regressions import _Problem
from serendip.agents.beliefs.networks import Networks
from serendip.agents.beliefs.popularity import Popularity, PopularitySettings
from serendip.agents.beliefs.user_factors import UserFactors, UserFactorsSettings
from serendip.agents.history import History
from serendip.agents.models.free_inference import free_moments
from serendip.agents.models.ials import Ials, IalsSettings
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_USERS, N_ITEMS = 6, 8
TOPICS = np.arange(N_ITEMS) % 4
ITEMS = Items(TOPICS.astype(np.int32), np.zeros(N_ITEMS, np.int32))


def visits_on(day: int) -> Visits:
    return Visits(np.arange(N_USERS), day, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, bool))


def remember(history: History, day: int, clicked: float = 0.4) -> None:
    """One slate of two for everybody."""
    rng = np.random.default_rng(day)
    items = rng.permuted(np.tile(np.arange(N_ITEMS), (N_USERS, 1)), axis=1)[:, :2]
    slates = Slates(items, np.full(items.shape, 1 / N_ITEMS), None, np.ones(N_USERS, bool))
    history.append(visits_on(day), slates, Feedback(rng.random(items.shape) < clicked))


def test_popularity_counts_users_and_not_their_clicks() -> None:
    history, belief = History(N_ITEMS), Popularity(PopularitySettings())
    items = np.array([[0, 1], [0, 2]])
    for day in range(3):  # the same two users click the same again
        visits = Visits(np.array([5, 9]), day, np.zeros(2, np.int32), np.ones(N_ITEMS, bool))
        slates = Slates(items, np.full(items.shape, 0.1), None, np.ones(2, bool))
        history.append(visits, slates, Feedback(np.array([[True, True], [True, False]])))
    belief.update(history, ITEMS)
    assert belief.arrays()["n_users"].tolist() == [2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_all_is_read_anew_as_the_log_grows_with_fewer_restarts_each_time(monkeypatch: Any) -> None:
    calls, real = list[tuple[int, int]](), choice_mixture.learn_people

    def noting(*arguments: Any, restarts: int, steps: int, **more: Any) -> Any:
        calls.append((restarts, steps))
        return real(*arguments, restarts=0, steps=1, **more)

    monkeypatch.setattr(choice_mixture, "learn_people", noting)
    belief, history = ChoiceMixture(ChoiceMixtureSettings(personas=2, growth=1.5), TOPICS, 4, 1), History(N_ITEMS)
    made = list[list[tuple[int, int]]]()
    for day in range(14):
        remember(history, day)
        calls.clear()
        belief.update(history, ITEMS)
        made.append(list(calls))
    new, log = [(0, 3)], [len(calls) == 1 and calls[0][1] == 3 for calls in made]
    assert log == [False, False, False, True, False, True, True, False, True, True, True, False, True, True]
    assert made[0] == made[1] == made[2] == [(3, 20), (3, 20)]
    assert made[3] == made[5] == made[13] == new
    assert made[4] == [(2, 20), (2, 20)]  # a restart less every four updates
    assert made[7] == [(2, 20), (2, 20)]
    assert made[11] == [(1, 20)]  # read once after the first ten updates


def test_an_autoencoder_is_asked_what_it_encodes_unless_parameters_are_free() -> None:
    model = MultVae(MultVaeSettings(latent=2, hidden=(4,), epochs=3, learning_rate=0.01))
    clicks = scipy.sparse.csr_array((np.random.default_rng(1).random((N_USERS, N_ITEMS)) < 0.4).astype(np.float32))
    model.fit(Interactions(clicks))
    situation: Any = SimpleNamespace(clicks=clicks, exposures=None)
    encoded, free = model.encode(clicks), free_moments(model, clicks, None, 10)
    for inference, (mean, std) in (("amortised", encoded), ("free", free)):
        settings: Any = LatentSettings(inference=inference, temperature=0.5)
        found = Latent(settings, model).posterior(situation)
        assert np.array_equal(found.location, mean)
        assert np.allclose(found.std, 0.5 * std)
    assert not np.allclose(encoded[0], free[0])


def test_a_newton_step_that_makes_all_worse_is_not_taken() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)), (rng.random(12) < 0.5).astype(np.float64)
    problem = _Problem(x, y, np.array([0, 6]), np.repeat([0, 1], 6), np.zeros((2, 3)), np.stack([np.eye(3)] * 2))
    best = problem.mode()
    uphill = np.array([[1e6, -1e6, 1e6], [0.0, 0.0, 0.0]])
    assert np.array_equal(problem._moved(best, uphill), best)
    shifted = best + 0.1
    back = problem._moved(shifted, shifted - best)
    assert np.allclose(back, best)


def test_networks_begin_as_is_said() -> None:
    """Standard deviations of 40,000 numbers or more, within 5 standard errors: broken once in a million."""
    networks = Networks(50, 9, 100, 20, key=3)
    for parameters, wanted in zip(networks.parameters, (np.sqrt(2 / 9), 0.5, 0.1, 0.0), strict=True):
        assert abs(parameters.std() - wanted) <= 5 * wanted / np.sqrt(2 * parameters.size)


@pytest.mark.parametrize("shape", [(1, 1), (N_USERS, N_ITEMS)])
def test_the_noise_of_user_factors_is_the_weighted_squared_error_of_a_pair(shape: tuple[int, int]) -> None:
    clicks = scipy.sparse.csr_array((np.random.default_rng(2).random(shape) < 0.5).astype(np.float32))
    clicks[0, 0] = 1.0
    model = Ials(IalsSettings(n_factors=2, epochs=2, unobserved=0.1))
    belief = UserFactors(UserFactorsSettings(), model)
    history: Any = SimpleNamespace(interactions=lambda: Interactions(clicks))
    belief.update(history, Items(np.zeros(shape[1], np.int32), np.zeros(shape[1], np.int32)))
    x, predicted = clicks.toarray(), model.vectors(clicks) @ model.items.T.astype(np.float64)
    error = (x * (predicted - 1.0) ** 2).sum() + 0.1 * (predicted**2).sum()
    assert belief.noise == pytest.approx(error / (x.sum() + 0.1 * x.size), rel=1e-5)


def test_a_situation_can_be_empty() -> None:
    """Nobody is here, and a belief about choices has an answer for nobody."""
    belief, history = ChoiceMixture(ChoiceMixtureSettings(personas=2), TOPICS, 4, 1), History(N_ITEMS)
    remember(history, 0)
    belief.update(history, ITEMS)
    nobody = Visits(np.zeros(0, np.int64), 1, np.zeros(0, np.int32), np.ones(N_ITEMS, bool))
    assert len(belief.posterior(Situation(nobody, history, ITEMS)).rows) == 0


def test_another_history_is_read_from_its_beginning() -> None:
    belief, one, two = (
        ChoiceMixture(ChoiceMixtureSettings(personas=2), TOPICS, 4, 1),
        History(N_ITEMS),
        History(N_ITEMS),
    )
    for day in range(3):
        remember(one, day)
        remember(two, day + 9)
    belief.update(one, ITEMS)
    learned = {name: array.copy() for name, array in belief.arrays().items()}

    def alone(history: History) -> Any:
        """What is believed of the users of `history` by a belief that has read nothing else."""
        fresh = ChoiceMixture(ChoiceMixtureSettings(personas=2), TOPICS, 4, 1)
        fresh.restore(learned)
        fresh.forget()
        fresh.read(history)
        return fresh.arrays()["tastes.likelihood"]

    belief.read(two)
    found = belief.arrays()["tastes.likelihood"]
    assert np.array_equal(found, alone(two))
    assert not np.array_equal(found, alone(one))
    belief.read(two)  # what was read is not read again
    assert np.array_equal(belief.arrays()["tastes.likelihood"], found)
