"""What each word is said for, on logs of the kinds that were once called what they are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import TableOptions, evaluate
from serendip.experiments.offline.valuation import Method

QUICK = Method(("ips", "snips", "sndr", "slate_snips"), n_replicates=100)
LOGGING = np.array([0.1, 0.2, 0.3, 0.4])


def a_log(seed, users, rate=(0.3, 0.3, 0.3, 0.3), logging=LOGGING, target=LOGGING[::-1], **more):
    """Return the columns of a log whose rows are of `users`, for a target that shows rare items often."""
    rng = np.random.default_rng(seed)
    item = rng.choice(len(logging), size=len(users), p=logging)
    reward = (rng.random(len(users)) < np.asarray(rate)[item]).astype(float)
    columns = {"user": users, "item": item, "reward": reward, "propensity": logging[item], "target": target[item]}
    return columns | {name: make(item, reward, rng) for name, make in more.items()}


def judged(tmp_path, columns, reward_range=None):
    file = tmp_path / "log.parquet"
    pq.write_table(pa.table(columns), file)
    return evaluate(file, target_column="target", method=QUICK, table=TableOptions(reward_range=reward_range))


def by_user(n_users, rounds):
    return np.repeat(np.arange(n_users), rounds)


@pytest.mark.parametrize("seed", range(8))
def test_chance_in_a_short_log_is_not_called_missing(tmp_path, seed):
    found = judged(tmp_path, a_log(seed, by_user(300, 5)))
    assert found.diagnostics["unsupported_target_mass"] == 0.0
    assert not any("never shown" in reason for reason in found.reasons)


def test_a_few_users_with_most_of_the_rounds_make_a_log_weak(tmp_path):
    rounds = np.maximum(np.random.default_rng(1).random(1000) ** (-1 / 1.2), 1).astype(int)
    found = judged(tmp_path, a_log(1, np.repeat(np.arange(1000), np.minimum(rounds, 5000))))
    assert found.verdict == "weak"
    assert any("A few users have most" in reason or "tail of the users" in reason for reason in found.reasons)
    assert judged(tmp_path, a_log(1, by_user(1000, 3))).verdict == "reliable"


def test_nobody_can_see_users_without_a_column(tmp_path):
    columns = a_log(2, by_user(1000, 3))
    del columns["user"]
    found = judged(tmp_path, columns)
    assert found.verdict == "weak"
    assert "bring a column that numbers them" in found.reasons[0]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_an_interval_does_not_vanish_where_all_or_nothing_is_rewarded(tmp_path, rate):
    found = judged(tmp_path, a_log(3, np.arange(400), (rate,) * 4), (0.0, 1.0))
    snips = found.estimates["snips"]
    ess = found.diagnostics["effective_sample_size"]
    missed = 1.0 - 0.025 ** (1.0 / ess)
    assert (snips.low, snips.high) == pytest.approx((0.0, missed) if rate == 0.0 else (1.0 - missed, 1.0))
    assert found.verdict == ("invalid" if rate == 0.0 else "reliable")


def test_a_heavy_tail_of_rewards_makes_a_log_weak(tmp_path):
    def pareto(item, reward, rng):
        return reward * rng.random(len(item)) ** (-1 / 1.3)

    def even(item, reward, rng):
        return reward * (0.5 + rng.random(len(item)))

    heavy = judged(tmp_path, a_log(4, by_user(1500, 2), reward=pareto))
    assert heavy.verdict == "weak"
    assert any("tail of the rewards" in reason for reason in heavy.reasons)
    assert judged(tmp_path, a_log(4, by_user(1500, 2), reward=even)).verdict == "reliable"


def test_a_target_that_was_trained_on_the_log_is_seen(tmp_path):
    logging = np.full(20, 0.05)
    columns = a_log(5, by_user(500, 3), (0.2,) * 20, logging, logging)
    mean = np.bincount(columns["item"], columns["reward"]) / np.bincount(columns["item"])
    lucky, other = np.full(20, 0.01), np.full(20, 0.01)
    lucky[mean.argmax()] = other[np.argsort(mean)[10]] = 0.81
    found = judged(tmp_path, columns | {"target": lucky[columns["item"]]})
    assert found.verdict == "weak"
    assert any("trained on it" in reason for reason in found.reasons)
    assert judged(tmp_path, columns | {"target": other[columns["item"]]}).verdict == "reliable"


def by_segment(trained_on, columns, segment):
    """Return the target's chance of each row: each segment is shown what `trained_on` rewarded most there."""
    n_items, chance = 15, np.full(len(segment), 0.1 / 15)
    for one in range(4):
        rows = trained_on["user"] % 4 == one
        mean = np.bincount(trained_on["item"][rows], trained_on["reward"][rows], n_items)
        mean = mean / np.bincount(trained_on["item"][rows], minlength=n_items)
        chance[(segment == one) & (columns["item"] == mean.argmax())] += 0.9
    return chance


@pytest.mark.parametrize("seed", range(4))
def test_a_target_that_was_trained_on_the_log_by_segment_is_seen(tmp_path, seed):
    even = np.full(15, 1 / 15)
    rate = np.linspace(0.12, 0.3, 15)
    columns, others = (a_log(s, by_user(1000, 3), rate, even, even) for s in (seed, 50 + seed))
    segment = columns["user"] % 4
    found = judged(tmp_path, columns | {"target": by_segment(columns, columns, segment)})
    assert found.verdict == "weak"
    assert any("if it was trained on it" in reason or "trained on it." in reason for reason in found.reasons)
    # who knows that it is of other users can say so
    file = tmp_path / "log.parquet"
    said = dataclasses.replace(QUICK, trained_apart=True)
    assert evaluate(file, target_column="target", method=said).verdict == "reliable"
    assert judged(tmp_path, columns | {"target": by_segment(others, columns, segment)}).verdict == "reliable"


def test_propensities_that_are_too_small_for_an_item_are_seen(tmp_path):
    columns = a_log(6, by_user(1000, 3), target=LOGGING)
    wrong = np.where(columns["item"] == 0, 0.05, columns["propensity"])
    found = judged(tmp_path, columns | {"propensity": wrong, "target": np.where(columns["item"] == 0, 0.0, 0.3)})
    assert any("more often than its propensities say" in reason for reason in found.reasons)


def slates(seed, compete, whole):
    """Return a log of slates of 2 of 3 items, drawn evenly; where they compete, a click ends a slate."""
    rng = np.random.default_rng(seed)
    orders = np.array([(a, b) for a in range(3) for b in range(3) if a != b])
    chance = np.array([0.3, 0.3, 0.1, 0.1, 0.1, 0.1])
    shown = rng.integers(6, size=1500)
    clicks = rng.random((1500, 2)) < np.array([0.2, 0.5, 0.7])[orders[shown]]
    if compete:
        clicks[:, 1] &= ~clicks[:, 0]
    marginal = np.array([[chance[orders[:, k] == i].sum() for i in range(3)] for k in range(2)])
    columns = {
        "user": np.repeat(np.arange(1500) // 3, 2),
        "item": orders[shown].ravel(),
        "position": np.tile([0, 1], 1500),
        "reward": clicks.ravel().astype(float),
        "propensity": np.full(3000, 1 / 3),
        "target": marginal[np.arange(2), orders[shown]].ravel(),
    }
    of_slates = {"slate_propensity": np.full(3000, 1 / 6), "slate_target": np.repeat(chance[shown], 2)}
    return columns | (of_slates if whole else {})


@pytest.mark.parametrize("compete", [True, False])
def test_slates_are_weak_unless_they_can_be_weighed(tmp_path, compete):
    found = judged(tmp_path, slates(7, compete, whole=False))
    assert found.verdict == "weak"
    assert any("whether their items compete cannot be seen" in reason for reason in found.reasons)
    whole = judged(tmp_path, slates(7, compete, whole=True))
    assert (whole.verdict, whole.recommended) == ("reliable", "slate_snips")


def test_a_value_that_no_slate_can_bring_is_invalid(tmp_path):
    columns = slates(8, compete=True, whole=False)
    first = columns["position"] == 0
    columns["target"] = np.where(columns["item"] == 2, 0.98, 0.01)  # the best item at both places at once
    columns["reward"] = np.where(first & (columns["item"] == 2), 1.0, 0.0)
    columns["reward"] += np.where(~first & (columns["item"] == 2), 1.0, 0.0)
    found = judged(tmp_path, columns)
    assert found.verdict == "invalid"
    assert found.recommended is None
    assert any("no slate of the log brought more than 0.5 a slot" in reason for reason in found.reasons)
