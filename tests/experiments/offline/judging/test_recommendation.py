"""Which estimate to go by: none for being narrow alone, whole slates where they can be weighed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.recommendation import recommend, slates_hold
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation


def estimate(value, error):
    return Estimate(value, value - 2 * error, value + 2 * error, error)


OF_WEIGHTS = {"snips": estimate(0.45, 0.04), "ips": estimate(0.44, 0.05)}


def test_what_is_biased_is_never_taken_for_being_narrow():
    narrow = {name: estimate(0.45, 0.001) for name in ("dr_os", "dm", "switch_dr", "clipped_ips", "mips", "off_cem")}
    assert recommend(OF_WEIGHTS | narrow, None)[0] == "snips"
    assert recommend(narrow, None) == (
        None,
        "No estimate is recommended: all that were asked for rest on what cannot be seen in the log.",
    )
    assert recommend({"ips": estimate(0.5, 0.1)} | narrow, None)[0] == "ips"


@pytest.mark.parametrize(
    ("error", "name", "why"),
    [
        (0.03, "sndr", "the reward model helps, and corrected it is right whatever it says"),
        (0.0395, "snips", "the reward model helps little"),
        (0.05, "snips", "the reward model helps little"),
        (0.01, "snips", "knows the log's own rewards"),
    ],
)
def test_a_reward_model_is_taken_where_it_helps_and_not_where_it_cannot_help_so_much(error, name, why):
    found = recommend(OF_WEIGHTS | {"sndr": estimate(0.46, error)}, None)
    assert found[0] == name
    assert why in found[1]


def valued(seed, off=0.0, slate_off=0.0):
    """Return the values of a log with a reward model, whose expectation of the target is `off`."""
    rng = np.random.default_rng(seed)
    item = rng.integers(4, size=4000)
    rate, target = np.array([0.1, 0.3, 0.5, 0.7]), np.array([0.4, 0.3, 0.2, 0.1])
    reward = (rng.random(4000) < rate[item]).astype(float)
    weight = target[item] / 0.25
    further = {"slate_weight": weight + slate_off}
    shown = np.arange(4000) % 500, reward, np.full(4000, 0.25), target[item]
    valuation = Valuation(Method(("snips", "sndr", "slate_snips"), n_replicates=20))
    valuation.update(Slots(*shown, rate[item], np.full(4000, target @ rate + off), further))
    found = valuation.finish()
    assert found is not None
    return found


def test_a_model_that_expects_what_it_does_not_predict_is_not_taken():
    right, wrong = valued(1), valued(1, off=0.1)
    taken = recommend(right.estimates((0.0, 1.0)), right)
    refused = recommend(wrong.estimates((0.0, 1.0)), wrong)
    assert taken[0] == "sndr"
    assert refused[0] == "snips"
    assert "does not expect of the target what it predicts" in refused[1]


def test_whole_slates_are_weighed_where_they_can_be():
    right = valued(2)
    assert slates_hold(right, 1)
    assert not slates_hold(right, 1000)  # a few slates in effect
    assert not slates_hold(valued(2, slate_off=0.3), 1)
    assert not slates_hold(dataclasses.replace(right, weighed={}), 1)
    assert recommend(right.estimates((0.0, 1.0)), right, slates=True)[0] == "slate_snips"


@pytest.mark.parametrize(
    ("mean", "error", "slots", "holds"),
    [(1.0, 0.0, 60.0, True), (1.0, 0.0, 59.0, False), (1.05, 0.02, 90.0, True), (1.07, 0.02, 90.0, False),
     (0.95, 0.02, 90.0, True), (1.2, 0.09, 90.0, False), (1.15, 0.06, 90.0, True)],
)  # fmt: skip
def test_whole_slates_are_weighed_where_their_mean_weight_is_one(mean, error, slots, holds):
    """Within 3 standard errors of 1 and within .1 and one standard error, with 30 slates of two left in effect."""
    from types import SimpleNamespace

    from serendip.experiments.offline.judging.recommendation import slates_hold

    assert slates_hold(SimpleNamespace(weighed={"slate_snips": (mean, error, slots)}), 2) is holds
    assert not slates_hold(SimpleNamespace(weighed={}), 2)
