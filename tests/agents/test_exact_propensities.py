"""What exact propensities are for: importance weights with them have no bias, and quadrature agrees with them."""

import itertools

import numpy as np

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.gaussian_arms import chances_of_the_best
from serendip.agents.history import History
from serendip.agents.propensity import SlateMixture
from serendip.agents.strategies.strategy import Ranker
from serendip.agents.strategies.thompson import Thompson, ThompsonSettings
from serendip.simulator.interface import Items, Visits


def thompson(n_items, slate_size, n_visits, draws=32, epsilon=0.1):
    """The mixture that Thompson sampling plays from under a belief that stays as it is."""
    there = np.ones(n_items, dtype=bool)
    visits = Visits(np.arange(n_visits), 0, np.zeros(n_visits, np.int32), there)
    items = Items(np.zeros(n_items, np.int32), np.zeros(n_items, np.int32))
    place = Ranker(Situation(visits, History(n_items), items), slate_size, 1)
    mean = np.tile(np.linspace(1.0, 0.0, n_items, dtype=np.float32), (n_visits, 1))
    posterior = GaussianPosterior(mean, np.full_like(mean, 0.2))
    candidates, weights = Thompson(ThompsonSettings(draws)).candidates(posterior, place, Luck(3, visits))
    return SlateMixture(candidates, weights, epsilon, there)


def played(mixture, visit, position, n_items):
    """(n_items,) how often each item stands there: the candidates counted one by one, and the random branch."""
    slates = mixture.candidates[visit].tolist()
    counts = [sum(slate[position] == item for slate in slates) / len(slates) for item in range(n_items)]
    return (1.0 - mixture.epsilon) * np.array(counts) + mixture.epsilon / n_items


def expected_ips(mixture, n_visits, n_items, length, target, worth):
    """The expectation, over what is played, of the sum over positions of target / propensity * reward."""
    total = 0.0
    for visit, position in itertools.product(range(n_visits), range(length)):
        everything = np.tile(np.arange(n_items)[:, None], (1, length))
        one = SlateMixture(mixture.candidates[[visit]], None, mixture.epsilon, mixture.available)
        logged = np.array([one.at_position(row[None])[0, position] for row in everything])
        chance = played(mixture, visit, position, n_items)
        total += (chance * target[position] / logged * worth[position]).sum()
    return total / n_visits


def test_ips_of_a_target_with_a_quarter_of_its_mass_on_rare_arms_has_no_bias():
    n_items, n_visits = 20, 50
    target = np.full((1, n_items), 0.75 / 15)
    target[0, 15:] = 0.25 / 5  # the arms that Thompson sampling hardly ever plays
    worth = np.linspace(0.2, 0.9, n_items)[None, :]
    mixture = thompson(n_items, 1, n_visits)
    assert (mixture.candidates >= 15).mean() < 0.01
    got = expected_ips(mixture, n_visits, n_items, 1, target, worth)
    truth = float((target * worth).sum())
    assert abs(got / truth - 1.0) <= 1e-9  # allowed is 1%


def test_ips_by_item_and_position_has_no_bias_under_position_based_clicks():
    n_items, n_visits, length = 50, 6, 5
    rng = np.random.default_rng(0)
    target = rng.dirichlet(np.ones(n_items), size=length)  # marginals of some policy over slates
    attraction, examined = rng.random(n_items), 0.85 ** np.arange(length)
    worth = examined[:, None] * attraction
    got = expected_ips(thompson(n_items, length, n_visits), n_visits, n_items, length, target, worth)
    truth = float((target * worth).sum())
    assert abs(got / truth - 1.0) <= 1e-9  # allowed is 1%


def test_what_is_played_is_what_was_counted():
    """20,000 plays: each share is within 5 standard errors of its probability, for 20 items (broken 1 in 86,000)."""
    n = 20_000
    one = thompson(20, 1, 1)
    there = one.available
    mixture = SlateMixture(np.repeat(one.candidates, n, axis=0), None, one.epsilon, there)
    slates = mixture.play(Visits(np.arange(n), 4, np.zeros(n, np.int32), there), 8)
    share = np.bincount(slates.items[:, 0], minlength=20) / n
    chance = played(one, 0, 0, 20)
    assert (np.abs(share - chance) <= 5 * np.sqrt(chance * (1 - chance) / n)).all()


def test_quadrature_of_gaussian_arms_agrees_with_200_000_draws():
    """Within 4.5 standard errors of a share of the draws, themselves .0011 at most; once in 29,000 for 5 arms."""
    mean, deviation = np.array([[0.0, 0.3, 0.5, 0.2, -1.0]]), np.array([[1.0, 0.5, 0.2, 2.0, 0.1]])
    chances = chances_of_the_best(mean, deviation)
    np.testing.assert_allclose(chances.sum(), 1.0, atol=1e-6)
    drawn = mean + deviation * np.random.default_rng(0).normal(size=(200_000, 5))
    share = np.bincount(drawn.argmax(axis=1), minlength=5) / len(drawn)
    error = np.sqrt(chances[0] * (1 - chances[0]) / len(drawn))
    assert (np.abs(share - chances[0]) <= 4.5 * error + 1e-9).all()


def test_two_gaussian_arms_in_closed_form():
    chances = chances_of_the_best(np.array([[0.3, 0.0]]), np.array([[0.6, 0.8]]))
    np.testing.assert_allclose(chances, [[0.6179114221889526, 0.3820885778110474]], atol=1e-9)  # Phi(.3)


def test_quadrature_agrees_with_a_finer_rule_within_a_thousandth():
    mean, deviation = np.array([[0.0, 0.3, 0.5, 0.2, -1.0]]), np.array([[1.0, 0.5, 0.2, 2.0, 0.1]])
    coarse, fine = (chances_of_the_best(mean, deviation, n_nodes) for n_nodes in (2001, 20_001))
    np.testing.assert_allclose(coarse, fine, atol=1e-6)
