"""Information-directed slates: the ratio by brute force, and what it does where one can see what is right."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.registry import make
from serendip.agents.slates.information_directed import best_pair, chances, regret_and_information
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Feedback, Items, Visits

ITEMS = Items((np.arange(20) % 5).astype(np.int32), np.zeros(20, dtype=np.int32))


def test_chances_are_those_of_the_choice_model() -> None:
    found = chances(np.array([[1.0, 3.0]]), 4.0)
    np.testing.assert_allclose(found, [[1 / 8, 3 / 8, 4 / 8]])


def test_regret_and_information_by_hand() -> None:
    """Two draws, each of which likes one of two items: showing one tells which, a third item tells nothing."""
    sure, never = [0.5, 0.5], [1e-300, 1.0]
    outcomes = np.array([[[sure, never, [0.25, 0.75]], [never, sure, [0.25, 0.75]]]])  # (1, 2, 3, 2)
    regret, information = regret_and_information(outcomes)
    np.testing.assert_allclose(regret[0], [0.25, 0.25, 0.25])
    mean = 0.25, 0.75
    entropy = lambda *p: -sum(x * np.log(x) for x in p)  # noqa: E731
    np.testing.assert_allclose(information[0], [entropy(*mean) - 0.5 * entropy(0.5, 0.5)] * 2 + [0.0], atol=1e-12)


def test_the_pair_is_the_best_of_all_mixtures() -> None:
    rng = np.random.default_rng(0)
    regret, information = rng.exponential(1.0, (40, 4)), rng.exponential(1.0, (40, 4))
    first, second, share = best_pair(regret, information)
    assert ((share > 0.01) & (share < 0.99) & (first != second)).any()  # two are better than one now and then
    every = rng.dirichlet(np.full(4, 0.3), 40_000)  # also of three and four
    tried = (every @ regret.T) ** 2 / (every @ information.T)  # (n, 40)
    rows = np.arange(40)
    q = np.stack([share, 1.0 - share])
    found = (q * np.stack([regret[rows, first], regret[rows, second]])).sum(axis=0) ** 2 / (
        q * np.stack([information[rows, first], information[rows, second]])
    ).sum(axis=0)
    assert (found <= tried.min(axis=0) + 1e-9).all()
    np.testing.assert_allclose(found, tried.min(axis=0), rtol=0.05, atol=1e-3)


def test_what_is_lost_for_nothing_is_not_shown_and_a_small_loss_is_taken_for_knowledge() -> None:
    first, second, share = best_pair(np.array([[0.10, 0.11, 0.50]]), np.array([[0.001, 0.2, 0.2]]))
    assert (int(first[0]), float(share[0])) == (1, 1.0) or (int(second[0]), float(share[0])) == (1, 0.0)
    greedy, _, whole = best_pair(np.zeros((1, 3)), np.zeros((1, 3)))
    assert (int(greedy[0]), float(whole[0])) == (0, 1.0)


@pytest.mark.parametrize("width", [0.0, 1.0])
def test_an_agent_without_doubt_is_greedy(width: float) -> None:
    agent = make("information-directed", ITEMS, 3, 1, width=width, item_width=0.0, draws=8)
    visits = Visits(np.arange(30), 0, np.zeros(30, np.int32), np.ones(20, dtype=bool))
    for _ in range(3):
        slates = make("uniform", ITEMS, 3, 2).act(visits, 3)
        agent.observe(visits, slates, Feedback(slates.items % 5 == visits.user_ids[:, None] % 5))
    agent.update()
    situation = Situation(visits, agent.history, ITEMS)
    posterior, ranker, luck = agent.belief.posterior(situation), Ranker(situation, 3, 9), Luck(4, visits)
    slates, shares = agent.strategy.candidates(posterior, ranker, luck)
    assert slates.shape == (30, 2, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    best = make("lower-bound", ITEMS, 3, 1, width=0.0, item_width=0.0).strategy.candidates(posterior, ranker, luck)[0]
    alike = (slates[:, 0] == best[:, 0]).all(axis=1) & (shares[:, 0] == 1.0)
    assert alike.all() if width == 0.0 else not alike.all()
