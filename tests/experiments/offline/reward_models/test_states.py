"""A reward model that knows users' states: right whatever it says, less noisy where users have tastes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from serendip.agents import registry
from serendip.agents.propensity import SlateMixture
from serendip.experiments.offline.crossfit import folds
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.reading.source import Step
from serendip.experiments.offline.reward_models.states import N_FEATURES, StateRows, UserStates, fitted
from serendip.experiments.offline.valuation import Method
from serendip.simulator.interface import Feedback, Items, Visits
from serendip.simulator.logs import LogMeta, LogWriter

TOPIC = np.array([0, 0, 1, 1], dtype=np.int32)


def step(users, day, items, reward):
    users, items, reward = np.asarray(users), np.asarray(items), np.asarray(reward, dtype=float)
    visits = Visits(users, day, np.zeros(len(users), np.int32), np.ones(4, dtype=bool))
    return Step(visits, items, reward > 0, reward, np.full(items.shape, 0.5))


def test_what_is_known_is_what_came_before():
    states = UserStates(TOPIC)
    assert (states.of(np.array([5, 3]), 2) == [0, 0, 0, 0, 0, 0, 0, 0]).all()
    states.update(step([5], 2, [[0, 2]], [[1.0, 0.0]]), np.array([[0.5, 0.25]]))
    rate, visits, tenure, breadth, of_topic, recent, expected, reward = np.moveaxis(
        states.of(np.array([5, 3]), 7), 2, 0
    )
    assert rate[0] == pytest.approx(np.log(3.0 / 2.75))
    assert visits[0] == pytest.approx(np.log(2.0))
    assert tenure[0] == pytest.approx(np.log(6.0))
    assert breadth[0] == pytest.approx(np.log(2.0))
    assert of_topic[0] == pytest.approx(np.log([1.3 / 0.8, 0.3 / 0.55]), rel=1e-6)
    assert recent[0] == pytest.approx(np.log1p(np.exp(-1.0)), rel=1e-6)
    assert expected[0] == pytest.approx(np.log([1.5, 1.25]), rel=1e-6)
    assert reward[0] == pytest.approx(np.log([2.0, 1.0]), rel=1e-6)
    assert (rate[1] == 0.0).all()  # the other user is none the wiser
    assert (visits[1] == 0.0).all()


def test_the_factor_that_rewards_have_is_found():
    rng = np.random.default_rng(0)
    known, expected = rng.normal(size=(40_000, 2)), rng.uniform(0.05, 0.3, 40_000)
    reward = rng.poisson(expected * np.exp(0.2 + 0.5 * known[:, 0]))
    # a coefficient's standard error is about .01
    assert fitted(known, expected, reward) == pytest.approx([0.2, 0.5, 0.0], abs=0.06)
    assert (fitted(known, expected, np.zeros(40_000)) == 0.0).all()
    assert (fitted(known[:0], expected[:0], reward[:0]) == 0.0).all()


def test_users_of_a_fold_do_not_teach_what_is_used_on_them():
    rewards = np.full((2, 1, 4), 0.4)
    models = list[np.ndarray]()
    for turned in (False, True):
        rng = np.random.default_rng(1)
        rows = StateRows(UserStates(TOPIC), rewards, 0, 2000)
        for day in range(20):
            users, items = np.arange(100), rng.integers(0, 4, (100, 1))
            reward = (rng.random((100, 1)) < 0.2 + 0.4 * (users % 2 == 0)[:, None]).astype(float)
            rows.update(
                step(users, day, items, np.where(turned & (folds(0, users) == 0)[:, None], 1.0 - reward, reward))
            )
        models.append(rows.fit().coefficients)
    assert models[0].shape == (2, 1 + N_FEATURES)
    assert np.array_equal(models[0][0], models[1][0])  # those for fold 0 are learned from fold 1
    assert not np.allclose(models[0][1], models[1][1])


def test_what_is_expected_of_a_slate_is_the_sum_over_all_that_it_can_be():
    rng = np.random.default_rng(2)
    candidates = np.stack([[rng.permutation(4)[:2] for _ in range(3)] for _ in range(5)])  # (5, 3, 2)
    values, factors = rng.random((2, 4)), rng.random((5, 2))
    available = np.array([True, True, False, True])
    of_visits = rng.random((5, 4)) < 0.7
    of_visits[:, 1] = True
    mixture = SlateMixture(candidates, None, 0.3, available)
    found = mixture.expected_by_group(values, factors, TOPIC.astype(np.int64))
    for visit in range(5):
        for place in range(2):
            worth = values[place] * factors[visit, TOPIC]
            greedy = np.mean([worth[slate[place]] for slate in candidates[visit]])
            assert found[visit, place] == pytest.approx(0.7 * greedy + 0.3 * worth[available].mean())
    differs = SlateMixture(candidates, None, 1.0, of_visits).expected_by_group(values, factors, TOPIC.astype(np.int64))
    for visit in range(5):
        worth = values * factors[visit, TOPIC]
        assert differs[visit] == pytest.approx(worth[:, of_visits[visit]].mean(axis=1))
    assert mixture.expected_by_group(values, np.ones((5, 2)), TOPIC.astype(np.int64)) == pytest.approx(
        mixture.expected(values)
    )


def write_log_of_tastes(path, n_users=150, n_days=16):
    """Write a log of slates of 1 among 4 items, drawn evenly, of users who like one of two topics and for ever."""
    rng = np.random.default_rng(6)
    likes = np.arange(n_users) % 2
    items = Items(TOPIC, np.zeros(4, dtype=np.int32))
    writer, users = LogWriter(path), np.arange(n_users)
    for day in range(n_days):
        visits = Visits(users, day, np.zeros(n_users, np.int32), np.ones(4, dtype=bool))
        slates = registry.make("uniform", items, 1, 0).act(visits, 9)
        rate = np.where(TOPIC[slates.items] == likes[:, None], 0.9, 0.05)
        writer.append(visits, slates, Feedback(rng.random((n_users, 1)) < rate))
    days = {"first_day": users * 0, "last_day": users * 0 + n_days - 1, "censored": [True] * n_users}
    table = pa.table({"user_id": users, "cohort": ["all"] * n_users, **days})
    writer.close(LogMeta("own", ("uniform",), 1, n_days, key=9, propensity_floor=0.25), table, items)
    return path


def test_it_lessens_the_noise_for_a_target_that_knows_the_users_and_stays_right(tmp_path):
    log, names = write_log_of_tastes(tmp_path / "log"), ("snips", "dm", "dr", "sndr", "beta_dr")
    plain, knows = (
        evaluate(log, "ease-epsilon:epsilon=0.2", method=Method(names, n_replicates=50, reward_model=model)).estimates
        for model in ("table", "states")
    )
    assert plain["snips"] == knows["snips"]
    for name in ("dr", "sndr", "beta_dr"):
        assert knows[name].standard_error < 0.9 * plain[name].standard_error
        # both are right: apart by no more than the noise of the worse, one seeded log
        assert abs(knows[name].value - plain[name].value) < 4.0 * plain[name].standard_error
    assert abs(knows["dm"].value - knows["snips"].value) < 0.5 * abs(plain["dm"].value - plain["snips"].value)
