"""Every belief with every strategy: what is logged is what is recomputed, and batches equal their visits."""

import dataclasses

import numpy as np
import pytest

from serendip.agents.beliefs import BELIEFS
from serendip.agents.models import MODELS
from serendip.agents.registry import load, make
from serendip.agents.strategies import STRATEGIES
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS, SLATE, KEY = 12, 15, 3, 9
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.where(np.arange(N_ITEMS) == 4, 9, 0).astype(np.int32))

pytestmark = pytest.mark.usefixtures("toys")


def small(belief):
    """Settings of the belief and of its usual model that make both small; one pass over the users is enough here."""
    card = BELIEFS.card(belief)
    settings = {f"belief.{name}": value for name, value in card.small.items()}
    if card.model is not None:
        settings |= {f"model.{name}": value for name, value in MODELS.card(card.model).small.items()}
    return settings | ({"model.epochs": 1} if "model.epochs" in settings else {})


def visits_on(day):
    return Visits(np.arange(N_USERS) * 7, day, np.zeros(N_USERS, np.int32), ITEMS.available(day))


def teach(agent):
    """Let the agent serve two days and learn."""
    for day in range(2):
        visits = visits_on(day)
        slates = agent.act(visits, KEY)
        agent.observe(visits, slates, Feedback((slates.items + visits.user_ids[:, None]) % 5 == 0))
        agent.update()


def keeps_to_what_each_may_see(agent):
    """Each visitor has items of his own that cannot be shown: none is, nor has a chance; all others' propensities hold.

    A mask for each visitor that is the same for all changes nothing.
    """
    visits = visits_on(3)
    alike = dataclasses.replace(visits, available=np.tile(visits.available, (N_USERS, 1)))
    for field in ("items", "propensities", "slate_propensities"):
        one, other = (getattr(agent.act(some, KEY), field) for some in (visits, alike))
        np.testing.assert_allclose(one, other, rtol=1e-12)
    hidden = np.random.default_rng(3).random((N_USERS, N_ITEMS)) < 0.5
    hidden[:, ITEMS.topic == 1] = False
    hidden[0] = False
    users, items = np.nonzero(hidden)
    own = visits.without(visits.user_ids[users], items)
    slates = agent.act(own, KEY)
    assert own.can_show(slates.items).all()
    assert all(len(set(row)) == SLATE for row in slates.items.tolist())
    np.testing.assert_array_equal(agent.propensities(own, slates, KEY), slates.propensities)
    mixture = agent.mixture(own, KEY)
    chances = np.stack([mixture.at_position(np.full((N_USERS, SLATE), item)) for item in range(N_ITEMS)], axis=1)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_array_equal(chances[~own.available], 0.0)
    values = np.random.default_rng(4).random((SLATE, N_ITEMS))
    np.testing.assert_allclose(mixture.expected(values), np.einsum("bml,lm->bl", chances, values), atol=1e-12)
    for row in range(0, N_USERS, 5):
        alone = agent.act(own.rows([row]), KEY)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])


@pytest.mark.parametrize("strategy", [*sorted(set(STRATEGIES) - {"uniform"}), "toy-strategy"])
@pytest.mark.parametrize("belief", [*sorted(set(BELIEFS) - {"nothing"}), "toy-belief"])
def test_belief_with_strategy(belief, strategy, tmp_path):
    missing = set(STRATEGIES.card(strategy).needs) - set(BELIEFS.card(belief).gives)
    if missing:
        with pytest.raises(SettingsError, match=f"needs a belief that gives {missing.pop()}"):
            make(strategy, ITEMS, SLATE, 1, belief=belief)
        return
    agent = make(strategy, ITEMS, SLATE, 1, belief=belief, epsilon=0.1, **small(belief))
    teach(agent)
    visits = visits_on(3)
    slates = agent.act(visits, KEY)
    assert visits.available[slates.items].all()
    assert all(len(set(row)) == SLATE for row in slates.items.tolist())
    np.testing.assert_array_equal(agent.propensities(visits, slates, KEY), slates.propensities)
    mixture = agent.mixture(visits, KEY)
    total = sum(mixture.at_position(np.full((N_USERS, SLATE), item)) for item in range(N_ITEMS))
    np.testing.assert_allclose(total, 1.0, atol=1e-12)
    keeps_to_what_each_may_see(agent)
    agent.save(tmp_path)
    twin = load(tmp_path)
    for row in range(N_USERS):
        alone = twin.act(visits.rows([row]), KEY)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])


@pytest.mark.parametrize("belief", [*sorted(set(BELIEFS) - {"nothing"}), "toy-belief"])
def test_belief_with_one_hypothesis_a_visit(belief):
    """The second slate of a visit is of the hypotheses that could have shown the first, whoever else is there."""
    agent = make("thompson", ITEMS, SLATE, 1, belief=belief, epsilon=0.1, hypothesis="visit", **small(belief))
    teach(agent)
    first = visits_on(3)
    slates = agent.act(first, KEY)
    fits = agent.mixture(first, KEY).likelihoods(slates.items)
    agent.observe(first, slates, Feedback(np.zeros(slates.items.shape, dtype=bool)))
    second = Visits(first.user_ids, 3, np.ones(N_USERS, np.int32), first.available)
    weights = agent.mixture(second, KEY).weights
    np.testing.assert_allclose(weights, fits / fits.sum(axis=1, keepdims=True), rtol=1e-9)
    slates = agent.act(second, KEY)
    np.testing.assert_array_equal(agent.propensities(second, slates, KEY), slates.propensities)
    for row in range(0, N_USERS, 5):
        alone = agent.act(second.rows([row]), KEY)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])
