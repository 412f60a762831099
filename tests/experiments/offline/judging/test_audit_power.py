"""The audit keeps its promises: what it raises on right logs, and which errors it says it would show."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from serendip.experiments.offline.judging.audit.answer import Power
from serendip.experiments.offline.judging.audit.evidence import ALPHA, Weighed, evidence, needed
from serendip.experiments.offline.judging.audit.inquiry import SHARES, audit_rows

KINDS = ("between slates", "a position on", "the next decision's", "a slot on", "one over n", "one")


def found(rows):
    """Return the names of what failed."""
    return [check.name for check in audit_rows(rows, "log").checks if check.passed is False]


def test_evidence_is_what_a_gambler_would_have_won():
    weight, bets = np.array([0.0, 3.0, 0.5]), 2.0 ** -np.arange(1, 17)
    one = Weighed(weight[1:], np.zeros(2, dtype=np.int64), np.array([3.0]), np.array([5.0]))  # the first is left out
    above, below = evidence(one)
    assert above[0] == pytest.approx(np.log(np.mean([np.prod(1 + b * (weight - 1)) for b in bets])))
    assert below[0] == pytest.approx(np.log(np.mean([np.prod(1 - b / 4 * (weight - 1)) for b in bets])))
    assert evidence(dataclasses.replace(one, largest=np.array([np.inf])))[1][0] == -np.inf


def test_evidence_is_fair_however_seldom_the_large_weight_comes():
    # A weight of 500 once in 500 decisions: its mean over a short log is nowhere near normal.  By Markov's inequality
    # evidence is enough in at most 1 of 100 games; the count of 2,000 is below 40 but in 1 of 10,000 seeds.
    rng, n_enough = np.random.default_rng(0), 0
    for _ in range(2000):
        weight = 500.0 * (rng.random(300) < 1 / 500)
        one = Weighed(weight, np.zeros(300, dtype=np.int64), np.array([300.0]), np.array([500.0]))
        n_enough += max(side[0] for side in evidence(one)) >= np.log(2.0 / 0.01)
    assert n_enough < 40


def test_the_false_alarms_of_all_questions_are_those_of_one():
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert np.exp(-needed(1.0, 1)) == pytest.approx(ALPHA / 2.0)


def test_right_logs_raise_no_alarm(any_logger, right_log):
    # at most 1 in 1,000 may: two of these 25 would in 1 of 3,300 seeds
    alarms = [seed for seed in range(25) if found(right_log(rng := np.random.default_rng(seed), any_logger(rng)))]
    assert len(alarms) < 2


@pytest.mark.slow
def test_right_logs_raise_few_alarms(any_logger, right_log):
    # at most 1 in 1,000: 2,000 logs raise 8 or more in 1 of 900 seeds where 2 are expected
    alarms = [s for s in range(2000) if found(right_log(rng := np.random.default_rng(s), any_logger(rng)))]
    assert len(alarms) < 8, alarms


def test_a_rare_draw_that_did_not_come_up_is_not_missed(right_log, logger):
    # 1 slate in 2,000 is random: of about 900 mostly none.  No test fails, and most cannot be asked.
    n_none = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        for says in (True, False):
            rows = right_log(rng, logger("greedy", 64, 3, 60, 20, 0.0005, says))
            found = audit_rows(rows, "log")
            assert found.sound, found.checks
            assert found.power.too_large is None
            if rows.propensity.min() > 0.5:
                n_none += 1
                assert "mean weight" in found.not_asked
                assert "would not even show" in found.answer
    assert n_none


def tampered(rows, kind, rng):
    """Return the rows with propensities that are wrong in one of the ways of real logs."""
    p = rows.propensity.reshape(-1, rows.position.max() + 1)
    made = {
        "between slates": lambda: p[rng.permutation(len(p))],
        "a position on": lambda: np.roll(p, 1, axis=1),
        "the next decision's": lambda: np.roll(p, -1, axis=0),
        "a slot on": lambda: np.roll(p.ravel(), 1),
        "one over n": lambda: np.full_like(p, 1.0 / rows.items.n_items),
        "one": lambda: np.ones_like(p),
    }[kind]()
    return dataclasses.replace(rows, propensity=made.ravel())


@pytest.fixture
def thompson(right_log, logger):
    """Return a log of a Thompson sampler: 150 users, 20 days, 1 slate in 5 at random."""
    return right_log(np.random.default_rng(1), logger("thompson", 20, 3, 150, 20, 0.2, True))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("between slates", "mean weight of what users were shown before"),
        ("a position on", "propensities stand with their slots"),
        ("the next decision's", "propensities stand with their slots"),
        ("a slot on", "propensities stand with their slots"),
        ("one over n", "mean weight by item"),
        ("one", "propensities below 1"),
    ],
)
def test_propensities_of_something_else_are_found(thompson, kind, name):
    assert not found(thompson)
    assert name in found(tampered(thompson, kind, np.random.default_rng(2)))


def test_an_error_of_the_size_that_would_show_shows(thompson):
    power = audit_rows(thompson, "log").power
    assert power.too_small is not None
    assert power.too_large is not None
    assert power.too_large < 1.35
    for by in (1.0 / power.too_small, power.too_large):
        for slack, caught in ((1.001, True), (0.6, False)):
            off = dataclasses.replace(thompson, propensity=np.minimum(thompson.propensity * by**slack, 1.0), floor=0.01)
            assert ("mean weight" in found(off)) == caught
    assert power.item is not None
    assert power.item_too_small is not None
    one = thompson.item == power.item
    less = np.where(one, thompson.propensity / power.item_too_small**1.001, thompson.propensity)
    off = dataclasses.replace(thompson, propensity=less)
    assert {"mean weight by item", "mean weight by item, of who was shown it before"} & set(found(off))


@pytest.mark.slow
def test_what_is_promised_shows_in_logs_of_all_kinds(any_logger, right_log):
    n_promised = 0
    for seed in range(60_000, 60_080):
        rng = np.random.default_rng(seed)
        rows = right_log(rng, any_logger(rng))
        power, p = audit_rows(rows, "log").power, rows.propensity
        wrong = [] if power.too_small is None else [p / power.too_small**1.001]
        wrong += [] if power.too_large is None else [np.minimum(p * power.too_large**1.001, 1.0)]
        if power.item_too_small is not None:
            wrong.append(np.where(rows.item == power.item, p / power.item_too_small**1.001, p))
        n_promised += len(wrong)
        assert all(found(dataclasses.replace(rows, propensity=each)) for each in wrong), seed
    assert n_promised > 120


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_propensities_of_something_else_are_found_in_every_log(right_log, logger, kind):
    for seed in range(70_000, 70_020):
        rows = right_log(np.random.default_rng(seed), logger("thompson", 20, 3, 150, 20, 0.2, True))
        assert found(tampered(rows, kind, np.random.default_rng(seed + 1))), seed


def test_the_answer_says_what_would_show(thompson):
    answer = audit_rows(thompson, "log").answer
    assert answer.startswith("nothing found; this log would show an error of all propensities")
    assert "too large; of item" in answer
    said = Power(1.05, None, 3, 2.0, None, None).sentence()
    assert "4.8% too small, too large ones it cannot show; of item 3, which it says most of, 50% too small" in said


def test_a_slate_is_no_likelier_than_its_slots(thompson):
    rng = np.random.default_rng(0)
    whole = np.repeat(rng.permutation(thompson.whole.reshape(-1, 3)[:, 0]), 3)
    assert found(dataclasses.replace(thompson, whole=whole)) == ["slates against their slots"]


def test_a_propensity_below_the_stated_floor_is_found(thompson):
    assert found(dataclasses.replace(thompson, propensity=thompson.propensity * 0.99)) == ["smallest propensity"]
