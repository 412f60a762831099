"""One day and one night of each dynamics by hand, and how what is looked at attracts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serendip.simulator.choice import attraction, examined
from serendip.simulator.dynamics.clickbait import Clickbait
from serendip.simulator.dynamics.hawkes import Hawkes
from serendip.simulator.dynamics.learning import mean_worth

N_TOPICS = 4


def people() -> Any:
    """Two users who know topic 0 by halves."""
    known = np.zeros((2, N_TOPICS))
    known[:, 0] = 0.5
    names = ("discovery_effect", "satisfaction_effect", "satisfaction_step", "learning")
    factors = {name: np.array([1.0, 0.5]) for name in names}
    return SimpleNamespace(base_rate=np.array([0.2, 0.4]), known=known, factor_of=factors, known_from=0.25)


def test_clickbait_by_hand() -> None:
    """Exposure falls by a sensational click and rises by another; satisfaction is 2 sigma(beta e) - 1."""
    crowd: Any = people()
    dynamics = Clickbait(
        sensational=0.25, sensitivity=0.3, exposure_days=20.0, activity_days=10.0, repertoire_days=60.0
    )
    state = dynamics.start(crowd, N_TOPICS)
    assert dynamics.is_sensational(np.arange(8)).tolist() == [False, False, False, True] * 2
    np.testing.assert_array_equal(dynamics.disposition(state, np.array([0]), np.array([[2, 3]])), [[0.0, 2.5]])
    users, topics = np.array([0, 1]), np.array([[3, 1], [2, 1]])
    dynamics.respond(state, crowd, users, topics, np.ones((2, 2)), np.array([[True, False], [True, True]]))
    np.testing.assert_array_equal(state["exposure"], [-1.0, 2.0])
    known = state["repertoire"].copy()
    dynamics.night(state, crowd)
    satisfaction = 2.0 / (1.0 + np.exp(-0.3 * np.array([-1.0, 2.0]))) - 1.0
    base = np.log([0.2, 0.4])
    np.testing.assert_allclose(state["log_rate"], base + 2.0 * np.array([1.0, 0.5]) * satisfaction / 10.0)
    np.testing.assert_allclose(state["exposure"], np.array([-1.0, 2.0]) * np.exp(-1 / 20))
    np.testing.assert_allclose(state["repertoire"], known * np.exp(-1 / 60))
    np.testing.assert_allclose(dynamics.rate(state), np.exp(state["log_rate"]))
    state["log_rate"][:] = 9.0
    assert dynamics.rate(state).tolist() == [2.5, 2.5]


def test_hawkes_by_hand() -> None:
    """A discovery excites, quickly and slowly, by the user's own factor; each night all of it fades."""
    crowd: Any = people()
    dynamics = Hawkes(fast=1.0, fast_days=3.0, slow=0.5, slow_days=60.0, satiation_step=0.4, satiation_days=4.0)
    state = dynamics.start(crowd, N_TOPICS)
    users, topics = np.array([0, 1]), np.array([[1], [1]])
    dynamics.respond(state, crowd, users, topics, np.full((2, 1), 9.0), np.ones((2, 1), bool))
    np.testing.assert_allclose(state["repertoire"][:, 1], [0.35, 0.175], rtol=1e-3)  # a discovery for the first alone
    np.testing.assert_array_equal(state["excited_fast"], [1.0, 0.0])
    np.testing.assert_array_equal(state["excited_slow"], [0.5, 0.0])
    np.testing.assert_array_equal(state["satiation"][:, 1], [0.4, 0.4])
    np.testing.assert_allclose(dynamics.rate(state), [0.2 * 2.5, 0.4])
    np.testing.assert_allclose(dynamics.disposition(state, users, topics), [[-0.1], [-0.1]])
    known = state["repertoire"].copy()
    dynamics.night(state, crowd)
    np.testing.assert_allclose(state["excited_fast"], [np.exp(-1 / 3), 0.0])
    np.testing.assert_allclose(state["excited_slow"], [0.5 * np.exp(-1 / 60), 0.0])
    np.testing.assert_allclose(state["satiation"][:, 1], 0.4 * np.exp(-1 / 4))
    np.testing.assert_allclose(state["repertoire"], known * np.exp(-1 / 60))
    assert dynamics.hazard(state) == 0.005
    state["excited_fast"][:] = 99.0
    assert dynamics.rate(state).tolist() == [2.5, 2.5]


def test_the_worth_of_a_slate_by_hand() -> None:
    match = np.array([[0.0, 1.0, -2.0], [3.0, 3.0, 3.0]])
    clicked = np.array([[False, True, True], [False, False, False]])
    one = [2.0 / (1.0 + np.exp(-x)) - 1.0 for x in (1.0, -2.0)]
    np.testing.assert_allclose(mean_worth(match, clicked, 0.15), [sum(one) / 2, -0.15])


def test_attraction_and_examination_by_hand() -> None:
    utility = np.array([[-1.0, 0.5, 3.0]])
    np.testing.assert_allclose(attraction(utility, 1.0), 1.0 / (1.0 + np.exp(1.0 - utility)))
    assert attraction(np.array([[1.0]]), 1.0) == pytest.approx(0.5)
    np.testing.assert_allclose(examined(0.85, utility), [1.0, 0.85, 0.85**2])
