import numpy as np
import pytest

from serendip.experiments.bandits.bernoulli import RULES, bernoulli_regret, bootstrap_arms, thompson_arms
from serendip.simulator.errors import SettingsError

ARMS = [0.3] + [0.2] * 9


def test_a_bootstrap_without_a_prior_never_stops_regretting():
    """The pathology: in the second half its regret grows as in the first; with one pseudo pair it flattens.

    Over 100 runs of 4,000 rounds the two are tens of standard errors apart.
    """
    without = bernoulli_regret(bootstrap_arms(0), ARMS, 4000, 100, seed=1, n_notes=4)
    with_pair = bernoulli_regret(bootstrap_arms(1), ARMS, 4000, 100, seed=1, n_notes=4)
    thompson = bernoulli_regret(thompson_arms, ARMS, 4000, 100, seed=1, n_notes=4)
    last_quarter = [(r.mean[3] - r.mean[2]) / (r.mean[1] - r.mean[0]) for r in (without, with_pair)]
    assert last_quarter[0] > 0.85
    assert last_quarter[1] < 0.75
    assert without.mean[3] > 2.0 * thompson.mean[3]
    assert with_pair.mean[3] <= 1.1 * thompson.mean[3] + 3 * (with_pair.standard_error[3] + thompson.standard_error[3])


@pytest.mark.slow
def test_thompson_has_its_published_regret():
    """145 +- 5 after 10,000 rounds; 1,000 runs have a standard error near 1.5."""
    assert abs(bernoulli_regret(thompson_arms, ARMS, 10_000, 1000, seed=2).mean[-1] - 145.0) <= 5.0


def test_uniform_regret_is_known():
    """Each round costs .09 on average, its standard deviation .03: beyond 5 standard errors once in 1.7 million."""
    regret = bernoulli_regret(RULES["uniform"], ARMS, 500, 40, seed=3)
    assert abs(regret.mean[-1] - 45.0) <= 5 * 0.03 * np.sqrt(500 / 40)


@pytest.mark.parametrize("name", RULES)
def test_same_seed_same_regret(name):
    one, other = (bernoulli_regret(RULES[name], ARMS, 50, 5, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.total, other.total)
    assert (np.diff(one.total, axis=1) >= 0).all()


def test_means_that_are_no_probabilities_are_an_error():
    with pytest.raises(SettingsError, match="each is a probability"):
        bernoulli_regret(thompson_arms, [0.5, 1.5], 10, 2, seed=0)
