"""One hypothesis kept for all slates of a visit: what is logged is exact given what was played there before."""

import itertools

import numpy as np
import pytest

from serendip.agents.kept_hypotheses import Played
from serendip.agents.registry import load, make
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS, SLATE, ROUNDS, KEY = 40, 25, 3, 3, 77
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.zeros(N_ITEMS, np.int32))
KEEPING = ("bootstrap-thompson", "bootstrap-shuffled", "ease-boltzmann", "ease-epsilon", "popularity-thompson")


def visits_of(users, day, visit):
    ids = np.asarray(users, dtype=np.int64) * 17 - 3
    return Visits(ids, day, np.full(len(ids), visit, dtype=np.int32), ITEMS.available(day))


def likes(slates, visits):
    return Feedback((slates.items + visits.user_ids[:, None]) % 5 == 0)


def a_day(agent, day, batch=N_USERS):
    """Let the agent serve a day of three slates each; return what it showed, round by round."""
    shown = []
    for number in range(ROUNDS):
        parts = []
        for start in range(0, N_USERS, batch):
            visits = visits_of(np.arange(N_USERS)[start : start + batch], day, number)
            slates = agent.act(visits, KEY)
            np.testing.assert_array_equal(agent.propensities(visits, slates, KEY), slates.propensities)
            agent.observe(visits, slates, likes(slates, visits))
            parts.append(slates)
        fields = ("items", "propensities", "slate_propensities", "explored")
        shown.append({name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})
    return shown


def taught(name, **settings):
    agent = make(name, ITEMS, SLATE, seed=3, hypothesis="visit", **settings)
    for day in range(2):
        a_day(agent, day)
        agent.update()
    return agent


def same(one, other):
    for first, second in zip(one, other, strict=True):
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize("name", KEEPING)
def test_batches_memory_and_a_twin_agree(name, tmp_path):
    agents = [taught(name, epsilon=0.2) for _ in range(3)]
    whole = a_day(agents[0], 5)
    same(a_day(agents[1], 5, batch=7), whole)
    visits = visits_of(np.arange(N_USERS), 5, 0)
    slates = agents[2].act(visits, KEY)
    agents[2].save(tmp_path / "before")  # in the middle of a visit, before it is known what came of a slate, and after
    twin = load(tmp_path / "before")
    twin.observe(visits, slates, likes(slates, visits))
    twin.save(tmp_path / "after")
    twin = load(tmp_path / "after")
    for number in (1, 2):
        visits = visits_of(np.arange(N_USERS), 5, number)
        slates = twin.act(visits, KEY)
        np.testing.assert_array_equal(slates.items, whole[number]["items"])
        np.testing.assert_array_equal(slates.propensities, whole[number]["propensities"])
        twin.observe(visits, slates, likes(slates, visits))


def test_without_chance_a_visit_is_of_one_mind():
    """Some member shows all slates of a visit, and those that could have shown them so far share the chance."""
    agent = taught("bootstrap-thompson", epsilon=0.0)
    for day in (5, 6):
        keeps = np.ones((N_USERS, 10), dtype=bool)
        for number in range(ROUNDS):
            visits = visits_of(np.arange(N_USERS), day, number)
            slates = agent.act(visits, KEY)
            candidates = agent.mixture(visits, KEY).candidates  # (B, 10, L)
            before = keeps.sum(axis=1)
            keeps &= (candidates == slates.items[:, None, :]).all(axis=2)
            assert keeps.any(axis=1).all()
            np.testing.assert_allclose(slates.slate_propensities, keeps.sum(axis=1) / before)
            agent.observe(visits, slates, likes(slates, visits))


def test_the_chances_of_a_visit_multiply_to_that_of_all_its_slates():
    """prod_n P(slate n | slates before) = sum_s w_s prod_n P(slate n | s), counted candidate by candidate."""
    agent = taught("bootstrap-thompson", epsilon=0.3)
    joint, conditional = np.ones((N_USERS, 10)), np.ones(N_USERS)
    for number in range(ROUNDS):
        visits = visits_of(np.arange(N_USERS), 5, number)
        slates = agent.act(visits, KEY)
        candidates = agent.mixture(visits, KEY).candidates
        whole = 0.3 / (25 * 24 * 23) + 0.7 * (candidates == slates.items[:, None, :]).all(axis=2)
        joint, conditional = joint * whole, conditional * slates.slate_propensities
        np.testing.assert_allclose(conditional, joint.mean(axis=1), rtol=1e-9)
        agent.observe(visits, slates, likes(slates, visits))


@pytest.mark.parametrize("name", KEEPING)
def test_weights_of_uniform_average_one_in_each_round(name):
    """Beyond 4.5 standard errors once in 147,000; the third slate of a visit as well as the first."""
    agent = taught(name, epsilon=0.2)
    weights = np.array([[1.0 / N_ITEMS / r["propensities"] for r in a_day(agent, day)] for day in range(5, 30)])
    for of_round in weights.mean(axis=3).reshape(25, ROUNDS, -1).swapaxes(0, 1):
        error = of_round.std(ddof=1) / np.sqrt(of_round.size)
        assert abs(of_round.mean() - 1.0) <= 4.5 * error


def test_ips_of_rare_items_has_no_bias_after_the_first_slate():
    """The expectation over both slates of a visit, enumerated: hypotheses, the random branch, and all that is shown."""
    agent = taught("bootstrap-thompson", epsilon=0.3)
    rng = np.random.default_rng(0)
    target, worth = rng.dirichlet(np.ones(N_ITEMS)), rng.random(N_ITEMS)
    visits = visits_of([4], 5, 0)
    alone = agent.mixture(visits, KEY)
    seen = [tuple(s) for s in alone.candidates[0]] + [(0, 1, 2), (9, 8, 7)]  # any two of the random branch alone
    for first in dict.fromkeys(seen):
        slate = np.array([first])
        likelihood = alone.likelihoods(slate)
        after = alone.given_played(likelihood)  # the belief stays as it is, so the candidates do too
        chance = likelihood[0] / likelihood.sum()
        everything = np.tile(np.arange(N_ITEMS)[:, None], (1, SLATE))
        logged = np.array([after.at_position(row[None])[0, 0] for row in everything])
        at_first = np.eye(N_ITEMS)[alone.candidates[0, :, 0]]  # (S, M)
        truly = 0.7 * chance @ at_first + 0.3 / N_ITEMS
        np.testing.assert_allclose((truly * target / logged * worth).sum(), (target * worth).sum(), rtol=1e-9)


def test_what_another_policy_showed_tells_which_hypothesis_the_target_keeps():
    """A target valued on a log: its chance of the second slate hangs on the first one, whoever chose it."""
    agent, uniform = taught("bootstrap-thompson", epsilon=0.1), make("uniform", ITEMS, SLATE, seed=1)
    visits = visits_of(np.arange(N_USERS), 5, 0)
    mind = agent.mixture(visits, KEY).candidates  # (B, 10, L)
    slates = uniform.act(visits, KEY)
    slates.items[: N_USERS // 2] = mind[: N_USERS // 2, 0]
    agent.observe(visits, slates, likes(slates, visits))
    fits = 0.9 * (mind == slates.items[:, None, :]).all(axis=2) + 0.1 / (25 * 24 * 23)
    weights = agent.mixture(visits_of(np.arange(N_USERS), 5, 1), KEY).weights
    np.testing.assert_allclose(weights, fits / fits.sum(axis=1, keepdims=True), rtol=1e-9)
    assert (weights > 0.9).any()
    assert np.isclose(weights, 0.1).all(axis=1).any()


def test_the_next_day_hypotheses_are_drawn_anew_and_forgetting_forgets():
    agent = taught("bootstrap-thompson", epsilon=0.1)
    a_day(agent, 5)
    tomorrow = visits_of(np.arange(N_USERS), 6, 0)
    np.testing.assert_allclose(agent.mixture(tomorrow, KEY).weights, 0.1)
    later = visits_of(np.arange(N_USERS), 5, 3)
    assert agent.mixture(later, KEY).weights.max() > 0.5
    agent.forget()
    np.testing.assert_allclose(agent.mixture(later, KEY).weights, 0.1)


def test_strategies_that_weigh_anew_are_refused():
    for name in ("squarecb", "top-two"):
        with pytest.raises(SettingsError, match="weighs its candidates anew at each slate"):
            make(name, ITEMS, SLATE, 0, hypothesis="visit")
    with pytest.raises(SettingsError, match="'week' is not one of slate, visit"):
        make("thompson", ITEMS, SLATE, 0, hypothesis="week")


def test_a_memory_of_many_slates_does_not_fade_to_nothing():
    played, rng = Played(), randomness.generator(0, "likelihoods")
    slow = np.zeros((6, 4))  # logs
    for number, rows in itertools.product(range(300), ([0, 2, 5], [4, 1])):
        likelihoods = rng.random((len(rows), 4)) * 1e-5
        played.add(visits_of(rows, 0, number), likelihoods)
        slow[rows] += np.log(likelihoods)
    kept = played.of(visits_of(np.arange(6), 0, 300), 4)
    seen = [0, 1, 2, 4, 5]
    ratio = np.exp(slow[seen] - slow[seen].max(axis=1, keepdims=True))
    np.testing.assert_allclose(kept[seen], ratio, rtol=1e-6, atol=1e-300)
    np.testing.assert_array_equal(kept[3], 1.0)
