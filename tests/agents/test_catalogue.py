"""Slates out of a large catalogue: what tiles and devices rank is what a full sort of all scores ranks."""

import numpy as np
import pytest
import torch

from serendip.agents.beliefs import BELIEFS
from serendip.agents.beliefs.belief import Factored, Luck, Situation
from serendip.agents.models.model import MANY_ITEMS
from serendip.agents.registry import load, make
from serendip.agents.serving.accelerator import Accelerator
from serendip.agents.serving.catalogue import Tiles
from serendip.agents.serving.ranking import top_slates
from serendip.simulator import randomness
from serendip.simulator.errors import SerendipError, SettingsError
from serendip.simulator.interface import Items, Visits

DEVICES = [None, "cpu", *(["cuda"] if torch.cuda.is_available() else [])]
SMALL = {
    "latent": {"epochs": 1, "latent": 4, "hidden": [8]},
    "dropout": {"epochs": 1, "latent": 4, "hidden": [8]},
    "user-factors": {"n_factors": 4, "epochs": 1},
    "laplace-factors": {"epochs": 1, "latent": 4, "l2": 1.0},
}
LARGE, SLATE, KEY = MANY_ITEMS + 100, 5, 7


class Known:
    """A posterior of which only the factors count."""

    def __init__(self, factors):
        self._factors = factors

    def factors(self):
        return self._factors


def catalogue(device, factors):
    held = Tiles() if device is None else Accelerator(device)
    held.hold(Known(factors.astype(np.float32)), 1)
    return held


def taught(belief, n_items=LARGE, **overrides):
    """Return an agent that learned from 40 users' clicks."""
    items = Items(np.zeros(n_items, np.int32), np.zeros(n_items, np.int32))
    agent = make("thompson", items, SLATE, 3, belief=belief, draws=6, epsilon=0.1, **SMALL.get(belief, {}), **overrides)
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(40), 25)
    shown = (n_items * rng.random(len(users)) ** 3).astype(np.int64)
    agent.history.append_slots(users, shown, rng.random(len(users)) < 0.7)
    agent.update()
    return agent


def visits_to(agent, n=9):
    available = np.random.default_rng(1).random(agent.items.n_items) < 0.8
    return Visits(np.arange(n) * 3, 0, np.zeros(n, np.int32), available)


def agent_luck(visits):
    """Return the luck that an agent's hypotheses are drawn with."""
    return Luck(randomness.derive(KEY, "hypothesis"), visits)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("n_items", "n_rows"), [(3000, 300), (1024, 7), (12, 1)])
@pytest.mark.parametrize("levels", [1, 4, 1 << 10])
def test_agrees_with_all_scores_at_once(device, n_items, n_rows, levels):
    """Small whole numbers, so that sums are exact in any order and ties are many."""
    rng = np.random.default_rng(levels)
    codes = rng.integers(levels, size=(n_rows, 3)).astype(np.float32)
    factors = rng.integers(-levels, levels, size=(3, n_items)).astype(np.float32)
    available = rng.random(n_items) < 0.7
    available[:SLATE] = True
    users = rng.integers(2**40, size=n_rows)
    got = catalogue(device, factors).top(codes, available, SLATE, users, KEY)
    np.testing.assert_array_equal(got, top_slates(codes @ factors, available, SLATE, users, KEY))


@pytest.mark.parametrize("device", DEVICES)
def test_few_available_items(device):
    factors = np.arange(3000.0, 0.0, -1.0)[None]
    available = np.isin(np.arange(3000), [40, 41, 42, 43, 2999])
    got = catalogue(device, factors).top(np.ones((2, 1), np.float32), available, SLATE, np.arange(2), KEY)
    np.testing.assert_array_equal(got, np.tile([40, 41, 42, 43, 2999], (2, 1)))


@pytest.mark.parametrize("device", DEVICES)
def test_a_row_does_not_hang_on_the_others(device):
    """Every item has the same numbers in an order of its own, so that only rounding tells their sums apart."""
    rng = np.random.default_rng(5)
    numbers = np.tile(rng.standard_normal((60, 1)), 5000)
    held = catalogue(device, rng.permuted(numbers, axis=0))
    codes = np.repeat(rng.random((300, 1)) + 0.5, 60, axis=1).astype(np.float32)
    there, users = np.ones(5000, dtype=bool), np.arange(300)
    whole = held.top(codes, there, SLATE, users, KEY)
    for row in (0, 255, 256, 299):
        one = slice(row, row + 1)
        np.testing.assert_array_equal(held.top(codes[one], there, SLATE, users[one], KEY), whole[one])


@pytest.mark.parametrize("device", DEVICES)
def test_bad_scores_and_short_catalogues_are_errors(device):
    held = catalogue(device, np.full((2, 30), np.nan))
    with pytest.raises(SerendipError, match="not a finite number"):
        held.top(np.ones((1, 2), np.float32), np.ones(30, dtype=bool), SLATE, np.zeros(1, np.int64), KEY)
    with pytest.raises(SettingsError, match="2 are available"):
        held.top(np.ones((1, 2), np.float32), np.arange(30) < 2, SLATE, np.zeros(1, np.int64), KEY)


@pytest.mark.parametrize("belief", sorted(set(BELIEFS) - {"nothing"}))
def test_beliefs_whose_scores_are_products_say_so(belief):
    agent = taught(belief, 60)
    visits = visits_to(agent)
    posterior = agent.belief.posterior(Situation(visits, agent.history, agent.items))
    assert isinstance(posterior, Factored) == getattr(agent.belief, "factored", False)


@pytest.mark.parametrize("belief", sorted(SMALL))
def test_codes_times_factors_are_the_scores(belief):
    agent = taught(belief, 60)
    visits = visits_to(agent)
    posterior = agent.belief.posterior(Situation(visits, agent.history, agent.items))
    luck = agent_luck(visits)
    codes = posterior.codes(range(3), luck)
    for index in range(3):
        product = codes[:, index] @ posterior.factors()
        np.testing.assert_allclose(product, posterior.draw(index, luck), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("belief", sorted(SMALL))
def test_decisions_over_a_large_catalogue(belief, device, tmp_path):
    """Slates are the best under each hypothesis, batches equal their visits, and what is logged is recomputed."""
    agent = taught(belief, device=device)
    visits = visits_to(agent)
    slates = agent.act(visits, KEY)
    np.testing.assert_array_equal(agent.propensities(visits, slates, KEY), slates.propensities)
    agent.save(tmp_path)
    twin = load(tmp_path)
    for row in range(len(visits)):
        alone = twin.act(visits.rows([row]), KEY)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])
    posterior = agent.belief.posterior(Situation(visits, agent.history, agent.items))
    candidates = agent.mixture(visits, KEY).candidates
    rows = np.arange(len(visits))[:, None]
    for index in range(candidates.shape[1]):
        scores = posterior.draw(index, agent_luck(visits))
        best = -np.sort(-np.where(visits.available, scores, -np.inf), axis=1)[:, :SLATE]
        np.testing.assert_allclose(scores[rows, candidates[:, index]], best, rtol=1e-4, atol=1e-5)


def test_learning_again_takes_new_factors_in():
    agent = taught("user-factors")
    visits = visits_to(agent)
    before = agent.mixture(visits, KEY).candidates
    agent.history.append_slots(np.repeat(visits.user_ids, 30), np.tile(np.arange(30), 9), np.ones(270, dtype=bool))
    agent.update()
    fresh = make(
        "thompson", agent.items, SLATE, 3, belief="user-factors", draws=6, epsilon=0.1, **SMALL["user-factors"]
    )
    fresh.history, fresh.version = agent.history, agent.version
    fresh.belief.restore(agent.belief.arrays())
    after = agent.mixture(visits, KEY).candidates
    np.testing.assert_array_equal(after, fresh.mixture(visits, KEY).candidates)
    assert (after != before).any()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"device": "abacus"}, "torch cannot use here"),
        ({"device": "meta"}, "torch cannot use here"),
        ({"device": "cpu", "belief": "ensemble"}, "the belief 'ensemble' needs all scores"),
        ({"device": "cpu", "name": "ucb"}, "the strategy 'ucb' needs all scores"),
        ({"device": "cpu", "name": "shuffled"}, "the strategy 'shuffled' needs all scores"),
    ],
)
def test_devices_that_cannot_serve(overrides, said):
    items = Items(np.zeros(9, np.int32), np.zeros(9, np.int32))
    settings = {"name": "thompson", "belief": "latent"} | overrides
    with pytest.raises(SettingsError, match=said):
        make(settings.pop("name"), items, SLATE, 0, **settings)
