"""The sums: batches, shards and their order change nothing; intervals cover what they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serendip.experiments.offline.intervals import bootstrap
from serendip.experiments.offline.intervals.bounds import korn_graubard
from serendip.experiments.offline.intervals.sums import UserSums
from serendip.experiments.offline.intervals.weights import WeightHistogram
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation


def random_slots(rng, n, n_users):
    propensity = rng.uniform(0.05, 1.0, n)
    columns = rng.uniform(0, 1, (4, n))
    return Slots(rng.integers(-5, n_users, n), columns[0], propensity, columns[1], columns[2], columns[3])


def with_rewards(slots, reward):
    return Slots(slots.user, reward, slots.propensity, slots.target, slots.predicted, slots.expected)


def valued(parts, method):
    valuation = Valuation(method)
    for part in parts:
        valuation.update(part)
    result = valuation.finish()
    assert result is not None
    return result


@pytest.mark.parametrize("rows_are_users", [False, True])
@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 200), n_parts=st.integers(1, 7), seed=st.integers(0, 10**6))
def test_batches_and_shards_in_any_order_agree(rows_are_users, n, n_parts, seed):
    rng = np.random.default_rng(seed)
    slots = random_slots(rng, n, 20)
    method = Method(n_replicates=8, rows_are_users=rows_are_users)
    whole = valued([slots], method)
    shards = []
    for rows in np.array_split(rng.permutation(n), n_parts):
        shard = Valuation(method)
        for piece in np.array_split(rows, 2):
            shard.update(slots.rows(piece))
        shards.append(shard)
    first = shards[0]
    for other in shards[1:]:
        first.merge(other)
    merged = first.finish()
    assert merged.moments.n_users == whole.moments.n_users
    np.testing.assert_allclose(merged.moments.sums, whole.moments.sums, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(merged.moments.products, whole.moments.products, rtol=1e-12, atol=1e-12)
    assert (merged.moments.sums[:, 0] == whole.moments.sums[:, 0]).all()  # counts of the bootstrap, exactly
    assert merged.weights.effective_sample_size == pytest.approx(whole.weights.effective_sample_size, rel=1e-12)
    assert merged.weights.share_of_top() == pytest.approx(whole.weights.share_of_top(), rel=1e-12)


def test_a_standard_error_is_that_of_a_ratio_of_user_sums():
    slots = random_slots(np.random.default_rng(1), 500, 40)
    weight = slots.target / slots.propensity
    estimate = valued([slots], Method()).estimates((0.0, 1.0))["snips"]
    users = np.unique(slots.user)
    n = np.array([np.sum((weight * slots.reward)[slots.user == u]) for u in users])
    d = np.array([np.sum(weight[slots.user == u]) for u in users])
    v = n.sum() / d.sum()
    by_hand = np.sqrt(len(users) / (len(users) - 1) * np.sum((n - v * d) ** 2)) / d.sum()
    assert estimate.value == pytest.approx(v, rel=1e-12)
    assert estimate.standard_error == pytest.approx(by_hand, rel=1e-9)


def test_a_standard_error_with_a_baseline_is_that_of_its_linear_terms():
    slots = random_slots(np.random.default_rng(7), 500, 40)
    weight = slots.target / slots.propensity
    estimate = valued([slots], Method()).estimates((0.0, 1.0))["sndr"]
    residual = weight * (slots.reward - slots.predicted)
    shift, mean = residual.sum() / weight.sum(), slots.expected.mean()
    assert estimate.value == pytest.approx(shift + mean, rel=1e-12)
    linear = (residual - shift * weight) / weight.sum() + (slots.expected - mean) / len(slots)
    users = np.unique(slots.user)
    of_users = np.array([linear[slots.user == u].sum() for u in users])
    by_hand = np.sqrt(len(users) / (len(users) - 1) * np.sum(of_users**2))
    assert estimate.standard_error == pytest.approx(by_hand, rel=1e-9)


def test_a_replicate_is_the_log_with_each_user_counted_as_often_as_drawn():
    slots = random_slots(np.random.default_rng(5), 80, 12)
    result = valued([slots], Method(seed=9, n_replicates=6))
    times = bootstrap.counts(9, slots.user, 6)
    weight = slots.target / slots.propensity
    by_hand = (times * (weight * slots.reward)[:, None]).sum(axis=0) / (times * weight[:, None]).sum(axis=0)
    snips = result.names.index("snips")
    ratio = result.moments.sums[1:, result.columns.numerator[snips]]
    ratio = ratio / result.moments.sums[1:, result.columns.denominator[snips]]
    np.testing.assert_allclose(ratio, by_hand, rtol=1e-12)


@pytest.mark.parametrize("reward", [1.0, 0.99])
def test_rewards_that_are_all_alike_leave_some_doubt(reward):
    slots = with_rewards(random_slots(np.random.default_rng(2), 300, 30), np.full(300, reward))
    result = valued([slots], Method())
    estimate = result.estimates((0.0, 1.0))["snips"]
    size = min(result.weights.effective_sample_size, result.moments.n_users)
    assert estimate.value == pytest.approx(reward, abs=1e-12)
    exact = korn_graubard(reward, 0.0, size, (0.0, 1.0))
    assert (estimate.low, estimate.high) == pytest.approx(exact, abs=1e-6)
    assert estimate.low < 0.95 <= estimate.high
    assert estimate.others["bootstrap"] == pytest.approx((reward, reward), abs=1e-6)


def test_one_user_leaves_every_doubt():
    slots = random_slots(np.random.default_rng(3), 30, 10)
    alone = Slots(np.zeros(30, int), slots.reward, slots.propensity, slots.target, slots.predicted, slots.expected)
    estimate = valued([alone], Method()).estimates((0.0, 1.0))["snips"]
    assert (estimate.low, estimate.high) == (0.0, 1.0)


def test_an_empty_log_is_worth_nothing_that_can_be_said():
    assert Valuation(Method()).finish() is None


def test_a_log_without_a_reward_still_leaves_room_above():
    slots = with_rewards(random_slots(np.random.default_rng(4), 300, 300), np.zeros(300))
    estimate = valued([slots], Method()).estimates((0.0, 1.0))["snips"]
    assert estimate.value == estimate.low == 0.0
    assert 0.01 < estimate.high < 0.1


def test_diagnostics_of_weights_equal_their_definitions():
    slots = random_slots(np.random.default_rng(6), 2000, 50)
    weight = slots.target / slots.propensity
    result = valued([slots], Method())
    assert result.weights.effective_sample_size == pytest.approx(weight.sum() ** 2 / (weight**2).sum(), rel=1e-12)
    assert result.weights.largest == weight.max()
    assert result.mean_weight()[0] == pytest.approx(weight.mean(), rel=1e-12)
    clips = np.array([0.5, 1.0, 3.0, 100.0])
    at_clips = [np.mean(np.minimum(weight, clip) * slots.reward) for clip in clips]
    np.testing.assert_allclose(result.weights.clipped(clips), at_clips, rtol=0.016)
    top = np.sort(weight)[-20:].sum() / weight.sum()
    assert result.weights.share_of_top(0.01) == pytest.approx(top, rel=0.016)  # to within a bin


def test_the_tail_index_is_that_of_a_pareto_law():
    # Of 10^6 weights the 1,000 largest: a standard error of 3%, so 5 of them; false alarms 1 in 10^6 for a fixed seed.
    for alpha in (1.5, 3.0):
        weight = np.random.default_rng(8).pareto(alpha, 1_000_000) + 1.0
        ones = np.ones(len(weight))
        histogram = WeightHistogram()
        histogram.update(Slots(np.arange(len(weight)), ones, 1.0 / weight, ones, ones, ones))
        assert histogram.tail_index() == pytest.approx(alpha, rel=0.16)
    histogram = WeightHistogram()
    histogram.update(Slots(np.arange(500), np.ones(500), np.ones(500), np.ones(500), np.ones(500), np.ones(500)))
    assert histogram.tail_index() is None


def test_users_are_told_apart_however_many_there_are():
    rng = np.random.default_rng(10)
    sums, totals = UserSums(1), dict[int, float]()
    for _ in range(12):  # 60,000 ids in all, so that the short part is sorted into the long one several times
        users, values = rng.integers(0, 10**12, 5000), rng.random((1, 5000))
        again = rng.choice(users, 2000)
        for ids, column in ((users, values), (again, values[:, :2000])):
            sums.add(ids, column)
            for user, value in zip(ids.tolist(), column[0].tolist(), strict=True):
                totals[user] = totals.get(user, 0.0) + value
    ids, found = sums.in_order()
    assert ids.tolist() == sorted(totals)
    np.testing.assert_allclose(found[:, 0], [totals[user] for user in ids.tolist()], rtol=1e-12)


def test_tenths_of_the_users_go_from_the_least_active_on():
    slots = random_slots(np.random.default_rng(9), 3000, 95)  # 100 users
    tenths = valued([slots], Method(n_replicates=0)).tenths
    _, of = np.unique(slots.user, return_inverse=True)
    count, weight = np.bincount(of), np.bincount(of, weights=slots.weight)
    first = np.argsort(count, kind="stable")[:10]
    assert [tenth.n_users for tenth in tenths] == [10] * 10
    assert tenths[0].mean_weight == pytest.approx(weight[first].sum() / count[first].sum(), rel=1e-12)
    assert tenths[0].effective_users == pytest.approx(weight[first].sum() ** 2 / (weight[first] ** 2).sum(), rel=1e-12)
    assert (np.diff([tenth.slots_a_user for tenth in tenths]) >= 0).all()


def test_bootstrap_counts_are_poisson_and_do_not_hang_on_the_batch():
    users = np.arange(40_000)
    counts = bootstrap.counts(3, users, 10)
    again = np.concatenate([bootstrap.counts(3, part, 10) for part in np.array_split(users, 7)])
    assert (counts == again).all()
    assert (bootstrap.counts(3, users, 4) == counts[:, :4]).all()
    # 400,000 draws: the mean has a standard error of 0.0016, a seeded 4.5 sigma test (false alarms 1 in 10^5).
    assert abs(counts.mean() - 1.0) < 4.5 / np.sqrt(counts.size)
    assert abs(counts.var() - 1.0) < 4.5 * np.sqrt(3.0 / counts.size)
    correlation = np.corrcoef(counts.T) - np.eye(10)
    assert np.abs(correlation).max() < 5.0 / np.sqrt(len(users))  # 45 pairs, 5 sigma: 3 in 10^5


def small_world(seed):
    """Return a log of a world with two kinds of users who differ in visits and clicks, and its true value."""
    rng = np.random.default_rng(seed)
    n_users, n_items = 120, 6
    clicks = rng.uniform(0.05, 0.7, (2, n_items))
    rate = rng.uniform(2.0, 10.0, 2)
    logging = 0.5 * rng.dirichlet(np.ones(n_items), 2) + 0.5 / n_items
    target = 0.8 * rng.dirichlet(np.ones(n_items), 2) + 0.2 / n_items
    truth = float(rate @ (target * clicks).sum(axis=1) / rate.sum())
    kind = rng.integers(0, 2, n_users)
    user = np.repeat(np.arange(n_users), 1 + rng.poisson(rate[kind] - 1.0))
    of = kind[user]
    item = (rng.random(len(user))[:, None] > np.cumsum(logging, axis=1)[of]).sum(axis=1)
    reward = (rng.random(len(user)) < clicks[of, item]).astype(float)
    nothing = np.full(len(user), np.nan)
    return Slots(user, reward, logging[of, item], target[of, item], nothing, nothing), truth


def test_the_interval_covers_the_truth_as_often_as_it_says():
    # 200 worlds: with a coverage of 95%, fewer than 180 or more than 196 come up in 0.9% of all seeds; these are fixed.
    method = Method(estimators=("snips",), n_replicates=400)
    covered = 0
    for seed in range(200):
        slots, truth = small_world(seed)
        estimate = valued([slots], method).estimates((0.0, 1.0))["snips"]
        covered += estimate.low <= truth <= estimate.high
    assert 180 <= covered <= 196
