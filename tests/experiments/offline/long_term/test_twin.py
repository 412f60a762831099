"""What the twin's runs come to: held to the log, wide where the twin is wrong, and never said to be more."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term import twin
from serendip.experiments.offline.long_term.days import Days
from serendip.experiments.offline.long_term.twin import Held, Runs, apart, held, judge_twin, lift, value

DAYS = 10


def runs(target, logger=0.2, n_draws=3, spread=0.0):
    """Return runs with the same visits each day, in draws that differ by `spread`."""
    shift = spread * np.linspace(-1.0, 1.0, n_draws)[:, None]
    flat = np.ones((n_draws, DAYS))
    return Runs(flat * target + shift, flat * logger)


def visited(n_users=400, rate=0.25, seed=0):
    """Return a log's days of which only who came is known."""
    came = np.random.default_rng(seed).random((n_users, DAYS)) < rate
    return Days(np.arange(n_users), came, np.ones(came.shape), np.zeros((n_users, DAYS + 1), dtype=np.int64), 1)


def test_what_the_users_did_plus_what_the_target_changes():
    came = visited()
    found = held(runs(0.3), came, 10, 4)
    assert found is not None
    did = came.visited[:, 6:].sum(axis=1).mean()
    assert found.logged == pytest.approx(did)
    assert value(found).value == pytest.approx(did + 4 * 0.1)
    assert lift(found).value == pytest.approx(4 * 0.1)
    assert found.off == pytest.approx(0.8 / did - 1.0)
    assert found.reach == pytest.approx(0.4 / did)


def test_the_logged_policy_is_worth_what_its_users_did():
    came = visited()
    found = held(runs(0.2), came, 10, None)
    assert found is not None
    assert value(found).value == pytest.approx(came.visited.sum(axis=1).mean())
    assert (lift(found).low, lift(found).high) == pytest.approx((-0.98 * found.error, 0.98 * found.error), rel=1e-2)


def test_intervals_carry_what_the_draws_and_the_twin_get_wrong():
    came = visited()
    narrow, wide, wrong = (held(r, came, 10, None) for r in (runs(0.3), runs(0.3, spread=0.05), runs(0.4, logger=0.3)))
    widths = [value(found).high - value(found).low for found in (narrow, wide, wrong)]
    assert widths[0] > 2 * 1.96 * twin.WRONG * 1.0
    assert widths[1] > 1.2 * widths[0]
    assert value(held(runs(1.0), visited(rate=0.9), 10, None)).high == 10.0


def test_two_targets_share_their_draws():
    came = visited()
    one, other = (held(runs(rate, spread=0.05), came, 10, None) for rate in (0.3, 0.25))
    found = apart(one, other)
    assert found.value == pytest.approx(0.5)
    assert found.standard_error < 0.5 * value(one).standard_error


def test_days_that_the_log_does_not_have_say_nothing():
    assert held(runs(0.3), visited(), 11, None) is None
    assert held(Runs(np.ones((2, DAYS)), None), visited(), 10, None) is None


NEAR = {"change": 0.1, "own": 2.0, "n_users": 2000, "shift": 0.1, "missed": 0.0, "by_model": 0.1}


@pytest.mark.parametrize(
    ("but", "word", "why"),
    [
        ({}, "reliable", "It rests on a fitted world"),
        ({"own": 2.0 * (1.0 + twin.NEAR) + 0.05}, "weak", "not quite right"),
        ({"own": 2.0 * (1.0 + twin.FAR) + 0.05}, "invalid", "does not live as"),
        ({"change": 2.0 * twin.REACH + 0.1, "by_model": 0.6}, "weak", "far from what the log knows"),
        ({"shift": twin.SHIFT + 0.1}, "weak", "far from what the log knows"),
        ({"missed": twin.NEAR + 0.01}, "weak", "misses the visits of a third"),
        ({"n_users": 400}, "weak", "400 users"),
        ({"n_users": 40}, "invalid", "a world needs hundreds"),
        ({"by_model": -0.6}, "weak", "Fitted Q says -0.6 visits, the twin +0.1"),
    ],
)
def test_the_words_follow_what_the_twin_says_of_the_logged_policy(but, word, why):
    given = NEAR | but
    held_to = {"missed": given["missed"], "shift": given["shift"]}
    found = Held(np.full(2, given["change"]), 2.0, given["own"], 0.1, 10.0, **held_to)
    model = Estimate(given["by_model"], None, None, 0.05)
    told = judge_twin(found, given["n_users"], model)
    assert told.word == word
    assert why in " ".join(told.reasons)


@pytest.mark.parametrize("target", [0.25, 0.15])
def test_a_target_far_from_the_log_is_told_widely_away_from_nothing(target):
    near, far = (
        dataclasses.replace(held(runs(target), visited(), 10, None), shift=shift, error=0.0, own=2.4, logged=2.4)
        for shift in (0.0, 3.0)
    )
    at = lift(near).value
    ends = [np.array([lift(found).low, lift(found).high]) - at for found in (near, far)]
    toward, away = (0, 1) if at > 0.0 else (1, 0)
    assert np.abs(ends[0]) == pytest.approx(1.96 * twin.WRONG * 0.5, rel=1e-3)
    assert abs(ends[1][toward]) == pytest.approx(1.96 * np.hypot(twin.WRONG * 0.5, twin.DISTANT * 3.0 * 2.4), rel=1e-3)
    share = twin.WRONG + twin.AWAY * twin.FARTHEST
    assert abs(ends[1][away]) == pytest.approx(1.96 * np.hypot(share * 0.5, twin.DISTANT * 3.0 * 2.4), rel=1e-3)


def test_a_world_whose_users_move_otherwise_is_not_believed():
    found = Held(np.full(2, 0.1), 2.0, 2.0, 0.1, 10.0, twin.CARRIES + 0.1)
    told = judge_twin(found, 400)
    assert told.word == "invalid"
    assert "Visits bring visits" in told.reasons[0]
    assert held(Runs(np.ones((2, DAYS)), np.ones((2, DAYS)), 4.5), visited(), 10, None).carries == 4.5
    lopsided = Held(np.full(2, 0.1), 2.0, 2.0, 0.1, 10.0, lopsided=True)
    assert judge_twin(lopsided, 400).word == "invalid"
    assert held(Runs(np.ones((2, DAYS)), np.ones((2, DAYS)), 0.0, lopsided=True), visited(), 10, None).lopsided


def test_the_twin_is_held_to_thirds_of_the_users():
    log = visited(900)
    fine = np.random.default_rng(1).random((3, 900, DAYS)) < 0.25
    odd = fine.copy()
    odd[:, log.thirds(6)[0] == 2, 6:] = True  # those who came most are said to come every day
    missed = [held(dataclasses.replace(runs(0.3), came=came), log, 10, 4).missed for came in (fine, odd)]
    assert missed[0] < 0.1
    assert missed[1] > 1.0
