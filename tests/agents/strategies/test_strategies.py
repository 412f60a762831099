from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Luck, PointPosterior, Situation
from serendip.agents.history import History
from serendip.agents.registry import make
from serendip.agents.strategies import STRATEGIES
from serendip.agents.strategies.boltzmann import Boltzmann, BoltzmannSettings
from serendip.agents.strategies.novelty import Novelty, NoveltySettings
from serendip.agents.strategies.squarecb import SquareCB, SquareCBSettings, inverse_gap_weights
from serendip.agents.strategies.strategy import Ranker
from serendip.agents.strategies.top_two import challengers
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items, Visits

N_ITEMS = 6
ITEMS = Items(np.zeros(N_ITEMS, np.int32), np.zeros(N_ITEMS, np.int32))


def ranker(n_visits, slate_size, available=None):
    there = np.ones(N_ITEMS, dtype=bool) if available is None else available
    visits = Visits(np.arange(n_visits), 0, np.zeros(n_visits, np.int32), there)
    return Ranker(Situation(visits, History(N_ITEMS), ITEMS), slate_size, 1), Luck(3, visits)


def test_inverse_gap_weights_by_hand():
    scores = np.array([[1.0, 0.5, 0.0, 9.0]])
    available = np.array([True, True, True, False])
    got = inverse_gap_weights(scores, np.array([0]), available, gamma=4.0)
    np.testing.assert_allclose(got, [[1 - 1 / 5 - 1 / 7, 1 / 5, 1 / 7, 0.0]])


def test_squarecb_of_one_slot_has_its_closed_form_as_propensity():
    place, luck = ranker(2, 1)
    posterior = PointPosterior(np.array([[0, 1, 2, 3, 4, 5]] * 2, dtype=np.float32))
    strategy = SquareCB(SquareCBSettings(gamma=2.0, standardise=False))
    candidates, weights = strategy.candidates(posterior, place, luck)
    assert candidates.shape == (2, N_ITEMS, 1)
    assert weights is not None
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights[0, :5], 1 / (6 + 2.0 * np.arange(5, 0, -1)))


def test_boltzmann_draws_in_proportion():
    """Over 20,000 draws the share of each first item has a standard error below .0036; 4.5 of them once in 20,000."""
    place, luck = ranker(5000, 2)
    scores = np.tile(np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], np.float32), (5000, 1))
    candidates, _ = Boltzmann(BoltzmannSettings(temperature=1.0, draws=4)).candidates(
        PointPosterior(scores), place, luck
    )
    share = np.bincount(candidates[:, :, 0].ravel(), minlength=N_ITEMS) / 20_000
    chances = np.exp((scores[0] - scores[0].mean()) / scores[0].std())
    np.testing.assert_allclose(share, chances / chances.sum(), atol=4.5 * 0.0036)
    assert (candidates[:, :, 0] != candidates[:, :, 1]).all()


def test_challenger_is_the_next_that_differs():
    slates = np.array([[[1], [1], [2], [3]], [[5], [5], [5], [5]]])
    np.testing.assert_array_equal(challengers(slates), [[2, 2, 3, 0], [0, 1, 2, 3]])


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("ucb", "width", -1.0),
        ("boltzmann", "temperature", 0),
        ("squarecb", "gamma", -1.0),
        ("top-two", "leader", 2.0),
    ],
)
def test_settings_out_of_range_are_errors(name, setting, value):
    with pytest.raises(SettingsError, match=setting):
        make(name, ITEMS, 2, 0, **{setting: value})


def test_novelty_by_hand():
    """Standard scores and a bonus that falls with the root of how often the user was shown an item."""
    scores = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [1.0] * 6], np.float32)
    seen = np.array([[0, 3, 0, 8, 24, 99], [5, 5, 5, 5, 5, 1]])
    place, luck = ranker(2, 6)
    asked = SimpleNamespace(situation=SimpleNamespace(n_exposures=sparse.csr_array(seen)), top=place.top)
    candidates, weights = Novelty(NoveltySettings(bonus=4.0)).candidates(PointPosterior(scores), asked, luck)
    assert weights is None
    standard = (scores[0] - 2.5) / scores[0].std() + 4.0 / np.sqrt(1.0 + seen[0])
    np.testing.assert_array_equal(candidates[0, 0], np.argsort(-standard))
    assert candidates[1, 0, 0] == 5  # who has no preference is shown what is newest
    worth = []
    asked.top = lambda found: worth.append(found) or place.top(found)
    Novelty(NoveltySettings(bonus=3.5)).candidates(PointPosterior(scores), asked, luck)
    np.testing.assert_allclose(worth[0][0], (scores[0] - 2.5) / scores[0].std() + 3.5 / np.sqrt(1.0 + seen[0]), 1e-5)
    np.testing.assert_allclose(worth[0][1], 3.5 / np.sqrt(1.0 + seen[1]), 1e-5)


def test_squarecb_of_several_slots_prefers_as_its_probabilities_do():
    """Of 40,000 slates the share whose first item is the best: within 5 standard errors, broken once in a million."""
    scores = np.tile(np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], np.float32), (5000, 1))
    place, luck = ranker(5000, 2, np.array([True, True, True, False, True, True]))
    strategy = SquareCB(SquareCBSettings(gamma=2.0, standardise=False, draws=8))
    candidates, weights = strategy.candidates(PointPosterior(scores), place, luck)
    assert weights is None
    wanted = inverse_gap_weights(scores[:1].astype(float), np.array([5]), place.available, 2.0)[0]
    share = np.bincount(candidates[:, :, 0].ravel(), minlength=6) / 40_000
    np.testing.assert_allclose(share, wanted, atol=5 * 0.5 / 200)
    assert not (candidates == 3).any()


STEADY = {
    "boltzmann": True, "greedy": True, "novelty": True, "shuffled": True, "softmax": True, "squarecb": False,
    "thompson": True, "top-two": False, "ucb": True, "uniform": True,
}  # fmt: skip


@pytest.mark.parametrize("name", STEADY)
def test_which_strategies_keep_one_mind_for_a_visit(name):
    """Keeping a hypothesis for a visit has exact propensities only where candidate s is the same mind at each slate."""
    assert STRATEGIES.card(name).make.steady is STEADY[name]
