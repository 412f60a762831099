"""The repertoire dynamics against a slow reference that follows one user at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from serendip.simulator import randomness
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.population import Population

N_TOPICS = 6


def people(n: int) -> Population:
    """Return n users with different base rates and cohort factors, who know topic 0 a little."""
    rng = randomness.generator(0, "people")
    names = ("discovery_effect", "satisfaction_effect", "satisfaction_step", "learning")
    known = np.zeros((n, N_TOPICS), np.float32)
    known[:, 0] = 0.5
    return Population(
        taste=rng.normal(size=(n, N_TOPICS)).astype(np.float32),
        base_rate=rng.gamma(2.0, 0.05, n).astype(np.float32),
        known=known,
        first_day=np.zeros(n, np.int32),
        cohort=np.zeros(n, np.int32),
        cohorts=("everyone",),
        factor_of={name: rng.uniform(0.5, 1.5, n).astype(np.float32) for name in names},
        days_before=np.zeros(n, np.float32),
        known_from=0.25,
    )


class OneUser:
    """The design's formulas for one user, in plain Python numbers."""

    def __init__(self, settings: Repertoire, crowd: Population, user: int) -> None:
        self.settings = settings
        self.factor = {name: float(values[user]) for name, values in crowd.factor_of.items()}
        self.base = math.log(crowd.base_rate[user])
        self.activity, self.mood = self.base, 0.0
        self.known = [float(v) for v in crowd.known[user]]
        self.satiation = [0.0] * N_TOPICS

    def live(self, topics: Any, match: Any, clicked: Any) -> None:
        s = self.settings
        gains = list[float]()
        for topic, x, click in zip(topics, match, clicked, strict=True):
            self.satiation[topic] += s.satiation_step
            if click:
                g = 2.0 / (1.0 + math.exp(-x)) - 1.0
                gains.append(g)
                self.known[topic] += s.learning * self.factor["learning"] * (1.0 - self.known[topic]) * max(g, 0.0)
        g = sum(gains) / len(gains) if gains else -s.disappointment
        self.mood += s.satisfaction_step * self.factor["satisfaction_step"] * (g - self.mood)

    def sleep(self) -> None:
        s = self.settings
        self.known = [m * math.exp(-1.0 / s.repertoire_days) for m in self.known]
        self.satiation = [b * math.exp(-1.0 / s.satiation_days) for b in self.satiation]
        target = self.base + s.discovery_effect * self.factor["discovery_effect"] * (
            1.0 - math.exp(-sum(self.known) / s.breadth_scale)
        )
        target += s.satisfaction_effect * self.factor["satisfaction_effect"] * self.mood
        self.activity += (target - self.activity) / s.activity_days


def test_users_live_as_the_reference_says() -> None:
    settings, crowd, rng = Repertoire(unfamiliarity=0.3), people(20), randomness.generator(1, "slates")
    state = settings.start(crowd, N_TOPICS)
    slow = [OneUser(settings, crowd, user) for user in range(20)]
    for _ in range(30):
        users = np.flatnonzero(rng.random(20) < 0.6)
        topics = rng.integers(N_TOPICS, size=(len(users), 4))
        match = rng.normal(0.0, 2.0, topics.shape).astype(np.float32)
        clicked = rng.random(topics.shape) < 0.3  # several clicks a slate, as some choice models give
        settings.respond(state, crowd, users, topics, match, clicked)
        for row, user in enumerate(users):
            slow[user].live(topics[row], match[row], clicked[row])
        settings.night(state, crowd)
        for one in slow:
            one.sleep()
    assert state["repertoire"] == pytest.approx(np.array([one.known for one in slow]), abs=2e-5)
    assert state["satiation"] == pytest.approx(np.array([one.satiation for one in slow]), abs=2e-5)
    assert state["satisfaction"] == pytest.approx(np.array([one.mood for one in slow]), abs=2e-5)
    assert state["log_rate"] == pytest.approx(np.array([one.activity for one in slow]), abs=1e-4)
    users, topics = np.arange(20), np.tile(np.arange(N_TOPICS), (20, 1))
    wanted = [[-0.25 * b - 0.3 * (1.0 - m) for b, m in zip(o.satiation, o.known, strict=True)] for o in slow]
    assert settings.disposition(state, users, topics) == pytest.approx(np.array(wanted), abs=1e-4)
    rate = np.array([min(math.exp(one.activity), settings.max_rate) for one in slow])
    assert settings.rate(state) == pytest.approx(rate, rel=1e-4)
    assert settings.hazard(state) == pytest.approx(0.02 * np.exp(-6.0 * rate), rel=1e-3)


def test_one_click_by_hand() -> None:
    """A click on an item worth log 3 gives g = 1/2: m rises by .35 * .5, mood by .15 * .5, satiation by .4."""
    settings = Repertoire()
    crowd = Population(
        np.zeros((1, 2), np.float32), np.full(1, 0.1, np.float32), np.zeros((1, 2), np.float32), np.zeros(1, np.int32),
        np.zeros(1, np.int32), ("everyone",),
        dict.fromkeys(
            ("discovery_effect", "satisfaction_effect", "satisfaction_step", "learning"), np.ones(1, np.float32)
        ),
        np.zeros(1, np.float32), 0.25,
    )  # fmt: skip
    state = settings.start(crowd, 2)
    match = np.array([[math.log(3.0)]], dtype=np.float32)
    settings.respond(state, crowd, np.array([0]), np.array([[1]]), match, np.array([[True]]))
    assert state["repertoire"][0].tolist() == pytest.approx([0.0, 0.175])
    assert state["satisfaction"][0] == pytest.approx(0.075)
    assert state["satiation"][0].tolist() == pytest.approx([0.0, 0.4])


def test_three_items_of_one_topic_satiate_three_times() -> None:
    settings, crowd = Repertoire(), people(2)
    state = settings.start(crowd, N_TOPICS)
    topics = np.array([[3, 3, 3], [3, 1, 3]])
    settings.respond(state, crowd, np.array([0, 1]), topics, np.zeros((2, 3), np.float32), np.zeros((2, 3), dtype=bool))
    assert state["satiation"][:, 3].tolist() == pytest.approx([1.2, 0.8])


def test_a_click_that_disappoints_discovers_nothing() -> None:
    settings, crowd = Repertoire(), people(1)
    state = settings.start(crowd, N_TOPICS)
    clicked = np.array([[True, False]])
    settings.respond(state, crowd, np.array([0]), np.array([[2, 4]]), np.full((1, 2), -1.0, np.float32), clicked)
    assert state["repertoire"][0, 2] == 0.0
    assert state["satisfaction"][0] < 0.0


def test_who_came_leaves_by_the_law_of_a_beta_and_who_did_not_stays() -> None:
    """a / (a + b + x) after x days on which one came, counted from days before the experiment; 0 on other days."""
    crowd, dynamics = people(3), Repertoire(leave_a=0.7, leave_b=2.0)
    crowd.days_before[:] = [0.0, 4.0, 0.0]
    state = dynamics.start(crowd, N_TOPICS)
    assert (dynamics.hazard(state) == 0.0).all()
    came, nothing = [np.array([0, 1]), np.array([1, 1]), np.array([], dtype=int)], np.zeros((2, 1), bool)
    expected = [[0.7 / 2.7, 0.7 / 6.7, 0.0], [0.0, 0.7 / 7.7, 0.0], [0.0, 0.0, 0.0]]
    for users, hazard in zip(came, expected, strict=True):
        n = len(users)
        dynamics.respond(state, crowd, users, np.zeros((n, 1), int), np.zeros((n, 1), np.float32), nothing[:n])
        np.testing.assert_allclose(dynamics.hazard(state), hazard, rtol=1e-6)
        dynamics.night(state, crowd)
        assert state["here"].dtype == bool
        assert not state["here"].any()
    np.testing.assert_array_equal(state["days_active"], [1.0, 6.0, 0.0])
