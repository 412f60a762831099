import itertools

import numpy as np
import pytest

from serendip.agents.propensity import SlateMixture

N_ITEMS = 5
AVAILABLE = np.array([True, True, True, True, False])
EPSILON = 0.3
CANDIDATES = np.array([[[0, 1, 2], [0, 1, 3], [3, 0, 1], [0, 1, 2]]])
SLATES = np.array(list(itertools.permutations(range(4), 3)))  # (24, 3) all that can be shown


@pytest.fixture(params=[None, np.array([[0.1, 0.2, 0.3, 0.4]])])
def mixture(request):
    return SlateMixture(CANDIDATES, request.param, EPSILON, AVAILABLE)


def whole(mixture):
    """The probability of every slate, counted one by one."""
    weights = np.full(4, 0.25) if mixture.weights is None else mixture.weights[0]
    played = np.array([sum(w for w, c in zip(weights, CANDIDATES[0], strict=True) if (c == s).all()) for s in SLATES])
    return (1 - EPSILON) * played + EPSILON / len(SLATES)


def each(mixture, method):
    return np.concatenate([getattr(mixture, method)(slate[None]) for slate in SLATES])


def test_kinds_agree_with_enumeration(mixture):
    chance = whole(mixture)
    np.testing.assert_allclose(each(mixture, "of_slate"), chance)
    anywhere = [[chance[(i == SLATES).any(axis=1)].sum() for i in slate] for slate in SLATES]
    np.testing.assert_allclose(each(mixture, "anywhere"), anywhere)
    at = [[chance[SLATES[:, k] == slate[k]].sum() for k in range(3)] for slate in SLATES]
    np.testing.assert_allclose(each(mixture, "at_position"), at)
    prefix = np.array([[chance[(SLATES[:, :k] == s[:k]).all(axis=1)].sum() for k in range(4)] for s in SLATES])
    np.testing.assert_allclose(each(mixture, "after_prefix"), prefix[:, 1:] / prefix[:, :-1])
    np.testing.assert_allclose(each(mixture, "after_prefix").prod(axis=1), chance)


def test_the_past_tells_which_hypothesis_is_kept(mixture):
    """Two slates with one hypothesis: the chance of the second given the first is joint over marginal, enumerated."""
    weights = np.full(4, 0.25) if mixture.weights is None else mixture.weights[0]
    for first in SLATES[::5]:
        past = mixture.likelihoods(first[None])
        for second in SLATES[::7]:
            now = mixture.likelihoods(second[None])
            expected = (weights * past[0] * now[0]).sum() / (weights * past[0]).sum()
            np.testing.assert_allclose(mixture.given_played(past).of_slate(second[None]), expected)


def test_what_cannot_be_shown_has_probability_zero(mixture):
    slate = np.array([[4, 0, 1]])
    assert mixture.anywhere(slate)[0, 0] == 0.0
    np.testing.assert_array_equal(mixture.after_prefix(slate), 0.0)
