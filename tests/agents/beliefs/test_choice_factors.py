"""Laplace steps against numerical modes, mixtures against Bayes' rule, and whether factors that are there are found."""

import itertools

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.choice.items import OUTSIDE, Shelf, Told
from serendip.agents.beliefs.choice.tastes import fading_by_day
from serendip.agents.beliefs.choice_factors import ChoiceFactors, ChoiceFactorsSettings
from serendip.agents.beliefs.vectors.crowd import Crowd, learn_crowd
from serendip.agents.beliefs.vectors.loadings import Loadings
from serendip.agents.beliefs.vectors.memory import LIKED, LIKED_VARIANCE
from serendip.agents.beliefs.vectors.users import Vectors, read_anew, vector_scene
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_FACTORS, N_ITEMS = 3, 8
MIXED = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0], [0, 0.3, 0.7], [1, 0, 0], [0.2, 0.4, 0.4], [0, 0, 1]])


def a_site(rng, n_personas=1):
    root = rng.normal(size=(N_FACTORS, N_FACTORS))
    covariance = 0.4 * np.eye(N_FACTORS) + 0.2 * root @ root.T
    weight = np.arange(1.0, n_personas + 1)
    crowd = Crowd(weight / weight.sum(), rng.normal(-0.5, 0.7, (n_personas, N_FACTORS)), covariance)
    examination, precision = np.array([0.0, -0.2, -0.5]), np.full(N_ITEMS, 9.0)
    shelf = Shelf(rng.normal(0, 0.5, N_ITEMS), precision, examination, np.ones(3), np.array([0.3, 9.0]))
    return crowd, shelf, vector_scene(Loadings.of(MIXED), shelf, fading_by_day(3.0))


def some_slates(rng, n, n_users=1, first_day=0):
    rows, days = (
        np.repeat(np.sort(rng.integers(0, n_users, n)), 3),
        np.repeat(np.sort(rng.integers(first_day, 9, n)), 3),
    )
    items = np.concatenate([rng.permutation(N_ITEMS)[:3] for _ in range(n)])
    clicked = np.zeros((n, 3), dtype=bool)
    clicked[np.arange(n), rng.integers(0, 3, n)] = rng.random(n) < 0.4
    columns = rows, days, np.repeat(np.arange(n), 3), np.tile(np.arange(3), n), items
    return Shown(*(column.astype(np.int32) for column in columns), clicked.ravel())


def minus_log_posterior(theta, shown, crowd, shelf):
    """Of one user and persona, by the formulas, with satiation worked out from all pairs of showings."""
    unit = MIXED / np.linalg.norm(MIXED, axis=1, keepdims=True)
    gap = theta - crowd.mean[0]
    total = 0.5 * gap @ np.linalg.solve(crowd.covariance, gap)
    starts = shown.slate_starts()
    for first, end in itertools.pairwise(starts):
        items, y = shown.items[first:end], shown.clicked[first:end]
        if shown.day[first] < 0:
            continue
        before = slice(0, first)
        fresh = np.where(shown.day[before] >= 0, np.exp(-(shown.day[first] - shown.day[before]) / 3.0), 0.0)
        full = unit[items] @ unit[shown.items[before]].T @ fresh
        x = MIXED[items] @ theta + shelf.quality[items] + 0.5 / shelf.precision[items]
        x = x + shelf.examination - shelf.effect[0] * full
        total -= x[y].sum() - max(y.sum(), 1) * np.log(np.exp(OUTSIDE) + np.exp(x).sum())
    return total


def mode_of(shown, crowd, shelf):
    found = scipy.optimize.minimize(minus_log_posterior, crowd.mean[0], (shown, crowd, shelf), options={"gtol": 1e-9})
    step, d = 1e-3, N_FACTORS
    bend = np.empty((d, d))
    for i in range(d):
        for j in range(d):
            corners = [
                minus_log_posterior(found.x + step * (a * np.eye(d)[i] + b * np.eye(d)[j]), shown, crowd, shelf) * a * b
                for a in (-1, 1)
                for b in (-1, 1)
            ]
            bend[i, j] = sum(corners) / (4 * step * step)
    return found.x, np.linalg.inv(bend)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_slate_moves_the_vector_to_the_mode(seed):
    rng = np.random.default_rng(seed)
    crowd, shelf, scene = a_site(rng)
    shown = some_slates(rng, 1)
    vectors = Vectors.unknown(crowd, 1)
    vectors.take_in(shown, scene, Told.nothing(N_ITEMS, 3))
    mode, covariance = mode_of(shown, crowd, shelf)
    np.testing.assert_allclose(vectors.mean[0, 0], mode, atol=2e-4)
    np.testing.assert_allclose(vectors.covariance[0], covariance, atol=1e-4)


def test_reading_all_anew_finds_the_mode_of_all_slates():
    rng = np.random.default_rng(3)
    crowd, shelf, scene = a_site(rng)
    shown = some_slates(rng, 40)
    vectors, *_ = read_anew(shown, crowd, crowd.priors(), scene, np.zeros((1, N_FACTORS)), 12)
    mode, covariance = mode_of(shown, crowd, shelf)
    np.testing.assert_allclose(vectors.mean[0, 0], mode, atol=1e-4)
    np.testing.assert_allclose(vectors.covariance[0], covariance, atol=1e-4)
    led = Vectors.unknown(crowd, 1)
    led.take_in(shown, scene, Told.nothing(N_ITEMS, 3))
    assert (np.abs(led.mean[0, 0] - mode) < 2.0 * np.sqrt(np.diag(covariance))).all()  # slate after slate comes close
    for name in ("fill", "known", "rate", "last_day", "seen"):
        np.testing.assert_allclose(getattr(led, name), getattr(vectors, name), rtol=1e-6)


@pytest.mark.parametrize("far", [-40.0, 40.0])
def test_reading_anew_finds_the_mode_from_far_away(far):
    """Whole steps of Newton's method from there end in what is no number, or nowhere near."""
    rng = np.random.default_rng(3)
    crowd, shelf, scene = a_site(rng)
    shown = some_slates(rng, 40)
    vectors, *_ = read_anew(shown, crowd, crowd.priors(), scene, np.full((1, N_FACTORS), far), 12)
    np.testing.assert_allclose(vectors.mean[0, 0], mode_of(shown, crowd, shelf)[0], atol=1e-4)


@pytest.mark.parametrize("anew", [False, True])
def test_what_is_clicked_unasked_is_liked_by_bayes_rule(anew):
    """Gaussian observations of a mixture of Gaussians: means, covariance and personas in closed form."""
    rng = np.random.default_rng(4)
    crowd, _, scene = a_site(rng, 3)
    columns = (np.array(column, dtype=np.int32) for column in ([0] * 3, [-2] * 3, [0, 1, 2], [0] * 3, [1, 2, 7]))
    shown = Shown(*columns, np.ones(3, dtype=bool))
    vectors = Vectors.unknown(crowd, 1)
    if anew:
        vectors, *_ = read_anew(shown, crowd, crowd.priors(), scene, np.zeros((1, N_FACTORS)), 1)
    else:
        vectors.take_in(shown, scene, Told.nothing(N_ITEMS, 3))
    seen = np.eye(N_FACTORS)[1:]  # items 2 and 7 are about one factor, which counts once
    spread = seen @ crowd.covariance @ seen.T + LIKED_VARIANCE * np.eye(2)
    gain = crowd.covariance @ seen.T @ np.linalg.inv(spread)
    fits = scipy.stats.multivariate_normal(np.zeros(2), spread).pdf(LIKED - crowd.mean @ seen.T)
    share = crowd.weight * fits
    np.testing.assert_allclose(vectors.share[0], share / share.sum(), rtol=1e-4)
    np.testing.assert_allclose(vectors.mean[0], crowd.mean + (LIKED - crowd.mean @ seen.T) @ gain.T, atol=1e-5)
    np.testing.assert_allclose(vectors.covariance[0], crowd.covariance - gain @ seen @ crowd.covariance, atol=1e-5)


def test_what_slates_tell_of_loadings_are_derivatives_of_the_likelihood():
    """Where the user's vector is as good as known."""
    rng = np.random.default_rng(5)
    crowd, shelf, _ = a_site(rng)
    crowd = Crowd(crowd.weight, crowd.mean, 1e-9 * np.eye(N_FACTORS))
    shelf = Shelf(shelf.quality, shelf.precision, shelf.examination, shelf.examination_precision, np.array([0.0, 9.0]))
    shown = some_slates(rng, 30)
    about = Loadings.of(MIXED)
    _, _, toward, bend = read_anew(
        shown, crowd, crowd.priors(), vector_scene(about, shelf, fading_by_day(3.0)), crowd.mean.copy(), 1
    )

    def log_likelihood(mixed):
        total, starts = 0.0, shown.slate_starts()
        for first, end in itertools.pairwise(starts):
            items, y = shown.items[first:end], shown.clicked[first:end]
            x = mixed[items] @ crowd.mean[0] + shelf.quality[items] + 0.5 / shelf.precision[items] + shelf.examination
            total += x[y].sum() - max(y.sum(), 1) * np.log(np.exp(OUTSIDE) + np.exp(x).sum())
        return total

    for item, k in ((0, 1), (3, 2), (6, 0)):
        ways = []
        for t in (-1e-3, 0.0, 1e-3):
            mixed = MIXED.copy()
            mixed[item] += t * (np.eye(N_FACTORS)[k] - mixed[item])
            ways.append(log_likelihood(mixed))
        assert toward[item, k] == pytest.approx((ways[2] - ways[0]) / 2e-3, rel=1e-3, abs=1e-4)
        assert bend[item, k] == pytest.approx(-(ways[2] - 2 * ways[1] + ways[0]) / 1e-6, rel=0.01, abs=1e-3)


def test_items_move_only_where_it_is_clearly_better_and_stay_on_the_simplex():
    about = Loadings.of(np.array([[1.0, 0, 0], [0.5, 0.5, 0], [1, 0, 0], [0, 0, 1]]))
    toward = np.array([[0, 30.0, 0], [0, -40.0, 0], [0, 3.0, 0], [500.0, 0, 0]])
    moved = about.moved(toward, np.full((4, 3), 58.0)).dense(3)
    np.testing.assert_allclose(moved[0], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(moved[1], [5 / 6, 1 / 6, 0.0])  # a step of -2 / 3 away from factor 1
    np.testing.assert_allclose(moved[2:], [[1.0, 0, 0], [1.0, 0, 0]])
    assert (about.n_factors == [1, 2, 1, 1]).all()


def test_the_mixture_finds_the_kinds_of_users_there_are():
    """Two kinds of users, whose vectors are well known, and one persona too many."""
    rng = np.random.default_rng(6)
    truth = np.array([[1.0, -2, -2], [-2.0, 1, -2]])
    kind = rng.random(600) < 0.3
    first = Crowd.first(3, N_FACTORS)
    known = 0.05
    gain = known / first.covariance[0, 0]  # P S^-1
    vectors = truth[kind.astype(int)] + rng.normal(0, 0.5, (600, 3))
    mean = (1 - gain) * vectors[:, None, :] + gain * first.mean
    covariance = np.broadcast_to(known * np.eye(3, dtype=np.float32), (600, 3, 3))
    seen = np.ones(600, dtype=np.int32)
    crowd = first
    crowd = learn_crowd(first, mean.astype(np.float32), covariance, seen, 1, restarts=3, steps=30, pull=2.0)
    for row, share in zip(truth, (1 - kind.mean(), kind.mean()), strict=True):
        near = np.linalg.norm(crowd.mean - row, axis=1) < 0.6
        assert crowd.weight[near].sum() == pytest.approx(share, abs=0.1)


def a_posterior():
    rng = np.random.default_rng(7)
    belief = ChoiceFactors(ChoiceFactorsSettings(factors=4, personas=3, restarts=1), N_ITEMS, 1)
    items = Items(np.zeros(N_ITEMS, dtype=np.int32), np.zeros(N_ITEMS, dtype=np.int32))
    history = History(N_ITEMS)
    for day in range(5):
        visits = Visits(np.arange(30), day, np.zeros(30, np.int32), np.ones(N_ITEMS, dtype=bool))
        shown = np.stack([rng.permutation(N_ITEMS)[:3] for _ in range(30)])
        clicked = (shown + visits.user_ids[:, None]) % 3 == 0
        clicked &= np.cumsum(clicked, axis=1) == 1
        history.append(visits, Slates(shown, np.ones(shown.shape), None, np.zeros(30, dtype=bool)), Feedback(clicked))
        belief.update(history, items)
    visits = Visits(np.arange(4), 6, np.zeros(4, np.int32), np.ones(N_ITEMS, dtype=bool))
    return belief.posterior(Situation(visits, history, items)), Luck(3, visits)


def test_joint_draws_have_the_moments_that_are_said():
    """Level, chance and weight if liked are those of many draws; off by 5 standard errors once in a million."""
    posterior, luck = a_posterior()
    drawn = posterior.hypotheses(range(4000), luck).astype(np.float64)
    assert drawn.shape == (4, 4000, N_ITEMS)
    weight = np.exp(drawn)
    error = weight.std(axis=1) / np.sqrt(4000)
    assert (np.abs(weight.mean(axis=1) - np.exp(posterior.level())) < 5 * error + 1e-3).all()
    chance, liked = posterior.prospects()
    above = drawn > 0.0
    error = np.sqrt(chance * (1 - chance) / 4000)
    assert (np.abs(above.mean(axis=1) - chance) < 5 * error + 1e-3).all()
    error = (weight * above).std(axis=1) / np.sqrt(4000)
    assert (np.abs((weight * above).mean(axis=1) - chance * liked) < 5 * error + 1e-3).all()
