"""Reward models: against slow references, and in an evaluation; MRDR's model lessens the variance that it is for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from serendip.agents import registry
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.reward_models import REWARD_MODELS
from serendip.experiments.offline.reward_models.reward_model import RewardTable
from serendip.experiments.offline.reward_models.ridge import PENALTY, ridge_rewards
from serendip.experiments.offline.reward_models.users import UserRates
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Visits
from serendip.simulator.logs import LogMeta, LogWriter

TOPIC = np.array([0, 1, 0, 2, 1], dtype=np.int32)


def some_slots(rng, n=400):
    position, item = rng.integers(0, 2, n), rng.integers(0, 5, n)
    return rng.integers(0, 60, n), position, item, (rng.random(n) < 0.1 + 0.1 * item + 0.2 * position).astype(float)


def test_ridge_is_the_textbooks_over_the_slots_themselves():
    _, position, item, reward = some_slots(np.random.default_rng(0))
    blocks = np.eye(2)[position], np.eye(3)[TOPIC[item]], np.eye(6)[position * 3 + TOPIC[item]], np.eye(5)[item]
    x = np.concatenate(blocks, axis=1)
    b = np.linalg.solve(x.T @ x + PENALTY * np.eye(16), x.T @ (reward - reward.mean()))
    counts, sums = np.zeros((2, 5)), np.zeros((2, 5))
    np.add.at(counts, (position, item), 1.0)
    np.add.at(sums, (position, item), reward)
    found = ridge_rewards(counts, sums, TOPIC)
    np.testing.assert_allclose(found[position, item], reward.mean() + x @ b, atol=1e-8)


@pytest.mark.parametrize("name", ["table", "ridge", "boosting"])
def test_a_model_learns_what_positions_and_items_are_worth(name):
    if name == "boosting":
        pytest.importorskip("sklearn")
    user, position, item, reward = some_slots(np.random.default_rng(1), 40_000)
    table = RewardTable(TOPIC, 2, 0)
    table.update(user, position, item, reward)
    truth = 0.1 + 0.1 * np.arange(5) + 0.2 * np.arange(2)[:, None]
    # 2,000 slots a cell and fold: a standard error of .011, so 5 of them, and what shrinkage and trees leave
    assert np.abs(table.fit(name) - truth).max() < 0.08
    assert table.fit(name).shape == (2, 2, 5)


@pytest.mark.parametrize("name", ["table", "ridge", "boosting"])
def test_no_user_predicts_itself(name):
    if name == "boosting":
        pytest.importorskip("sklearn")
    user, position, item, reward = some_slots(np.random.default_rng(2))
    table, other = RewardTable(TOPIC, 2, 0), RewardTable(TOPIC, 2, 0)
    table.update(user, position, item, reward)
    from serendip.experiments.offline.crossfit import folds

    other.update(user, position, item, np.where(folds(0, user) == 0, 1.0 - reward, reward))
    assert (table.fit(name)[0] == other.fit(name)[0]).all()
    assert not (table.fit(name)[1] == other.fit(name)[1]).all()


def test_an_unknown_model_is_named_with_the_known_ones():
    with pytest.raises(
        SettingsError, match="unknown reward model 'magic'; known: table, users, states, ridge, boosting"
    ):
        REWARD_MODELS.card("magic")


@pytest.mark.parametrize("name", ["ridge", "boosting"])
def test_dr_is_right_with_any_model(static_log, name):
    if name == "boosting":
        pytest.importorskip("sklearn")
    evaluation = evaluate(static_log.path, "uniform", method=Method(n_replicates=50, reward_model=name))
    estimate = evaluation.estimates["dr"]
    assert abs(estimate.value - static_log.rates.mean()) < 5 * estimate.standard_error  # one seeded log: 1 in 10^6


def test_mrdr_is_right_and_its_view_changes_no_other_estimate(static_log):
    names = ("snips", "dr", "mrdr")
    evaluation = evaluate(static_log.path, "popularity", method=Method(names, n_replicates=50))
    without = evaluate(static_log.path, "popularity", method=Method(names[:2], n_replicates=50))
    for name in names[:2]:
        assert evaluation.estimates[name] == without.estimates[name]
    mrdr, dr = evaluation.estimates["mrdr"], evaluation.estimates["dr"]
    assert mrdr.value != dr.value
    assert abs(mrdr.value - dr.value) < 4 * dr.standard_error


def test_the_model_of_mrdr_counts_slots_by_target_over_propensity_squared(static_log):
    from serendip.experiments.offline.reading.log_source import LogSource
    from serendip.experiments.offline.survey import survey, with_mrdr
    from serendip.experiments.offline.targets.target import trained_agents

    source, method = LogSource(static_log.path), Method()
    target = trained_agents("uniform", source, 0)
    found = with_mrdr(target, source, survey(source, method)[0], method)
    table = RewardTable(source.items().topic, 2, 0)
    (logged,) = source.batches()
    weight = (1 / 8) / logged.propensity**2
    table.update(logged.user, logged.position, logged.item, logged.reward, weight * len(logged) / weight.sum())
    np.testing.assert_allclose(found.mrdr, table.fit(), rtol=1e-10)


NAMES = ("dr", "sndr", "beta_dr")


def write_log_of_different_users(path, n_users=150, n_days=12):
    """Write a log of slates of 1 among 4 items, drawn evenly; users click .05 to .95 of what they see, for ever."""
    rng = np.random.default_rng(6)
    rate = np.where(np.arange(n_users) % 2 == 0, 0.05, 0.95)
    items = Items(np.zeros(4, dtype=np.int32), np.zeros(4, dtype=np.int32))
    writer, users = LogWriter(path), np.arange(n_users)
    for day in range(n_days):
        visits = Visits(users, day, np.zeros(n_users, np.int32), np.ones(4, dtype=bool))
        slates = registry.make("uniform", items, 1, 0).act(visits, 9)
        writer.append(visits, slates, Feedback(rng.random((n_users, 1)) < rate[:, None]))
    days = {"first_day": users * 0, "last_day": users * 0 + n_days - 1, "censored": [True] * n_users}
    table = pa.table({"user_id": users, "cohort": ["all"] * n_users, **days})
    writer.close(LogMeta("own", ("uniform",), 1, n_days, key=9, propensity_floor=0.25), table, items)
    return path, float(rate.mean())


def test_a_model_that_knows_the_users_lessens_the_noise_and_stays_right(tmp_path):
    log, truth = write_log_of_different_users(tmp_path / "log")
    plain, knows = (
        evaluate(
            log, "popularity", method=Method(("dr", "sndr", "beta_dr"), n_replicates=50, reward_model=name)
        ).estimates
        for name in ("table", "users")
    )
    for name in NAMES:
        assert abs(knows[name].value - truth) < 5 * knows[name].standard_error  # one seeded log: 1 in 10^6
        assert knows[name].standard_error < 0.95 * plain[name].standard_error


def test_a_users_rate_is_what_came_before_over_what_was_expected():
    rates = UserRates()
    assert rates.of(np.array([5, 3])).tolist() == [1.0, 1.0]
    rates.update(np.array([5, 3]), np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[0.5, 0.5], [0.25, 0.25]]))
    assert rates.of(np.array([3, 4, 5])).tolist() == [2.0 / 2.5, 1.0, 4.0 / 3.0]
    rates.update(np.array([4, 5]), np.array([[1.0], [0.0]]), np.array([[0.5], [1.0]]))
    assert rates.of(np.array([5, 4])).tolist() == [4.0 / 4.0, 3.0 / 2.5]
