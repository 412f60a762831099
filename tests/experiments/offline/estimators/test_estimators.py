"""Every estimator against a slow, obvious reference, and against numbers worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serendip.experiments.offline import estimators
from serendip.experiments.offline.estimators.loggers import weighted_over_loggers
from serendip.experiments.offline.estimators.slate import (
    cascade_doubly_robust,
    pseudo_inverse,
    pseudo_inverse_weight,
    uniform_pseudo_inverse_weight,
)
from serendip.experiments.offline.slots import Slots
from serendip.simulator.errors import SettingsError

FURTHER = (
    *("slate_weight", "prefix_weight", "marginal_weight", "balanced_propensity"),
    *("pseudo_inverse_weight", "mrdr_predicted", "mrdr_expected", "stability"),
)


def total(terms, n):
    denominator = n if terms.denominator is None else terms.denominator.sum()
    return terms.numerator.sum() / denominator + (0.0 if terms.baseline is None else terms.baseline.sum() / n)


def value_of(name, slots, **tuning):
    return total(estimators.make(name, tuning)(slots), len(slots))


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def correction(rows, weight):
    return mean(r["e"] + weight(r) * (r["r"] - r["q"]) for r in rows)


def slow_sndr(rows, tuning):
    corrected = sum(r["w"] * (r["r"] - r["q"]) for r in rows)
    return mean(r["e"] for r in rows) + corrected / sum(r["w"] for r in rows)


SLOW = {
    "ips": lambda rows, t: mean(r["w"] * r["r"] for r in rows),
    "clipped_ips": lambda rows, t: mean(min(r["w"], t["clip"]) * r["r"] for r in rows),
    "snips": lambda rows, t: sum(r["w"] * r["r"] for r in rows) / sum(r["w"] for r in rows),
    "dm": lambda rows, t: mean(r["e"] for r in rows),
    "dr": lambda rows, t: correction(rows, lambda r: r["w"]),
    "sndr": slow_sndr,
    "switch_dr": lambda rows, t: correction(rows, lambda r: r["w"] if r["w"] <= t["clip"] else 0.0),
    "dr_os": lambda rows, t: correction(rows, lambda r: t["shrinkage"] * r["w"] / (r["w"] ** 2 + t["shrinkage"])),
    "subgaussian_ips": lambda rows, t: mean(
        r["w"] / ((1 - t["smoothing"]) + t["smoothing"] * r["w"]) * r["r"] for r in rows
    ),
    "beta_ips": lambda rows, t: mean(r["w"] * r["r"] for r in rows),  # before its controls: see test_controls.py
    "beta_dr": lambda rows, t: mean(r["w"] * r["r"] for r in rows),
    "mips": lambda rows, t: mean(r["marginal_weight"] * r["r"] for r in rows),
    "off_cem": lambda rows, t: correction(rows, lambda r: r["marginal_weight"]),
    "balanced_snips": lambda rows, t: (
        sum(r["t"] / r["balanced_propensity"] * r["r"] for r in rows)
        / sum(r["t"] / r["balanced_propensity"] for r in rows)
    ),
    "adaptive_snips": lambda rows, t: (
        sum(r["stability"] * r["w"] * r["r"] for r in rows) / sum(r["stability"] * r["w"] for r in rows)
    ),
    "adaptive_dr": lambda rows, t: (
        sum(r["stability"] * (r["e"] + r["w"] * (r["r"] - r["q"])) for r in rows) / sum(r["stability"] for r in rows)
    ),
    "balanced_ips": lambda rows, t: mean(r["t"] / r["balanced_propensity"] * r["r"] for r in rows),
    "slate_ips": lambda rows, t: mean(r["slate_weight"] * r["r"] for r in rows),
    "slate_snips": lambda rows, t: sum(r["slate_weight"] * r["r"] for r in rows) / sum(r["slate_weight"] for r in rows),
    "cascade_ips": lambda rows, t: mean(r["prefix_weight"] * r["r"] for r in rows),
    "cascade_dr": lambda rows, t: correction(rows, lambda r: r["prefix_weight"]),
    "pseudo_inverse": lambda rows, t: mean(r["pseudo_inverse_weight"] * r["r"] for r in rows),
    "mrdr": lambda rows, t: mean(r["mrdr_expected"] + r["w"] * (r["r"] - r["mrdr_predicted"]) for r in rows),
}


@st.composite
def logs(draw):
    share, positive = st.floats(0.0, 1.0), st.floats(0.01, 1.0)
    rows = list[dict[str, float]]()
    for _ in range(draw(st.integers(1, 20))):
        row = {"r": draw(share), "p": draw(positive), "t": draw(positive), "q": draw(share), "e": draw(share)}
        rows.append(row | {name: draw(positive) for name in FURTHER} | {"w": row["t"] / row["p"]})
    return rows


def slots_of(rows):
    columns = [np.array([row[name] for row in rows]) for name in ("r", "p", "t", "q", "e")]
    further = {name: np.array([row[name] for row in rows]) for name in FURTHER if name in rows[0]}
    return Slots(np.arange(len(rows)), *columns, further)


def test_every_registered_estimator_has_a_slow_reference():
    assert set(SLOW) == set(estimators.ESTIMATORS)


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
@settings(max_examples=40, deadline=None)
@given(rows=logs(), clip=st.floats(0.5, 20.0), shrinkage=st.floats(0.0, 100.0), smoothing=st.floats(0.0, 1.0))
def test_it_equals_the_slow_reference(name, rows, **tuning):
    value = value_of(name, slots_of(rows), **tuning)
    assert value == pytest.approx(SLOW[name](rows, tuning), rel=1e-12, abs=1e-12)


# Four slots: reward, propensity, target, predicted, expected; weights 2, 1/2, 1, 4.
BY_HAND = [
    {"r": 1.0, "p": 0.25, "t": 0.5, "q": 0.5, "e": 0.25},
    {"r": 0.0, "p": 0.5, "t": 0.25, "q": 0.5, "e": 0.5},
    {"r": 1.0, "p": 0.5, "t": 0.5, "q": 0.75, "e": 0.5},
    {"r": 0.0, "p": 0.125, "t": 0.5, "q": 0.0, "e": 0.75},
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ips", 3.0 / 4.0),
        ("clipped_ips", 2.5 / 4.0),  # weights cut at 1.5: 1.5 + 1
        ("snips", 3.0 / 7.5),
        ("dm", 2.0 / 4.0),
        ("dr", 3.0 / 4.0),  # 2 + 2 * .5 - .5 * .5 + 1 * .25
        ("sndr", 2.0 / 4.0 + 1.0 / 7.5),
        ("switch_dr", 2.0 / 4.0),  # the weights of 2 and 4 are switched off: 2 - .25 + .25
        ("dr_os", (2.0 + 1.0 * 0.5 - 2 / 4.25 * 0.5 + 0.8 * 0.25) / 4.0),  # lam = 4: weights 8/8, 2/4.25, 4/5, 16/20
        ("subgaussian_ips", (2 / 1.5 + 1.0) / 4.0),
    ],
)
def test_it_equals_the_numbers_by_hand(name, value):
    tuning = {"clip": 1.5, "shrinkage": 4.0, "smoothing": 0.5}
    assert value_of(name, slots_of(BY_HAND), **tuning) == pytest.approx(value, abs=1e-15)


def test_an_unknown_estimator_is_named_with_the_known_ones():
    with pytest.raises(SettingsError, match="unknown estimator 'magic'; known: ips, clipped_ips"):
        estimators.make("magic")


def test_a_name_can_carry_its_own_setting():
    assert value_of("clipped_ips@1.5", slots_of(BY_HAND), clip=9.0) == value_of(
        "clipped_ips", slots_of(BY_HAND), clip=1.5
    )


def test_what_a_log_lacks_makes_an_estimate_unknown_not_wrong():
    assert np.isnan(value_of("mips", slots_of(BY_HAND)))


def test_several_loggers_count_by_their_precision():
    value, error = weighted_over_loggers(np.array([1.0, 4.0]), np.array([2.0, 1.0]), np.array([100.0, 100.0]))
    assert value == pytest.approx((1.0 * 50 + 4.0 * 100) / 150)
    assert error == pytest.approx(np.sqrt((1 / 3) ** 2 * 0.02 + (2 / 3) ** 2 * 0.01))


@pytest.fixture
def slates():
    """Return slot probabilities of two product policies over 3 items at 2 positions, all slates, and their rewards."""
    logging = np.array([[0.5, 0.3, 0.2], [0.2, 0.4, 0.4]])
    target = np.array([[0.1, 0.1, 0.8], [0.5, 0.25, 0.25]])
    every = np.array([(a, b) for a in range(3) for b in range(3)])
    worth = np.array([[0.2, 0.5, 0.9], [0.1, 0.7, 0.3]])
    return logging, target, every, worth


def test_the_pseudo_inverse_is_exact_for_additive_rewards(slates):
    logging, target, every, worth = slates
    at = np.arange(2)
    chance = logging[at, every].prod(axis=1)  # (9,) of each slate; exact expectations, no sampling
    weight = target[at, every] / logging[at, every]
    terms = pseudo_inverse(weight, worth[at, every])
    assert chance @ terms.numerator == pytest.approx((target * worth).sum(), abs=1e-12)


def test_the_pseudo_inverse_of_a_product_policy_needs_no_matrix(slates):
    logging, target, every, _ = slates
    shown = np.zeros((9, 6))
    for k in range(2):
        shown[np.arange(9), k * 3 + every[:, k]] = 1.0
    chance = logging[np.arange(2), every].prod(axis=1)
    together = (shown * chance[:, None]).T @ shown
    weight = target[np.arange(2), every] / logging[np.arange(2), every]
    fast = pseudo_inverse(weight, np.ones((9, 2)) / 2).numerator
    slow = [pseudo_inverse_weight(target.ravel(), together, one) for one in shown]
    np.testing.assert_allclose(fast, slow, atol=1e-10)


def test_the_pseudo_inverse_of_uniform_slates_has_a_closed_form():
    n, length = 5, 3
    every = np.array(list(itertools.permutations(range(n), length)))
    shown = np.zeros((len(every), length * n))
    for k in range(length):
        shown[np.arange(len(every)), k * n + every[:, k]] = 1.0
    together = shown.T @ shown / len(every)
    wanted = np.random.default_rng(0).dirichlet(np.full(len(every), 0.3))  # any target over slates without repetition
    target = (wanted @ shown).reshape(length, n)
    at_position = target[np.arange(length), every]
    anywhere = target.sum(axis=0)[every]
    fast = uniform_pseudo_inverse_weight(at_position, anywhere, n)
    slow = [pseudo_inverse_weight(target.ravel(), together, one) for one in shown]
    np.testing.assert_allclose(fast, slow, atol=1e-9)
    worth = np.random.default_rng(1).random((length, n))
    rewards = worth[np.arange(length), every].sum(axis=1)
    assert fast @ rewards / len(every) == pytest.approx(wanted @ rewards, abs=1e-12)


def test_cascade_dr_per_slot_is_that_of_slates_for_a_model_without_memory(slates):
    logging, target, every, worth = slates
    at = np.arange(2)
    prefix = np.cumprod(target[at, every] / logging[at, every], axis=1)
    model = np.random.default_rng(2).random((2, 3))
    expected = (target * model).sum(axis=1)  # (2,) of each position
    ahead = np.cumsum(expected[::-1])[::-1]  # from each position on
    predicted = model[at, every] + np.append(ahead[1:], 0.0)
    whole = cascade_doubly_robust(prefix, worth[at, every], predicted, np.tile(ahead, (9, 1))).numerator
    columns = [worth[at, every], np.ones((9, 2)), np.ones((9, 2)), model[at, every], np.tile(expected, (9, 1))]
    slots = Slots(np.arange(18), *(column.ravel() for column in columns), {"prefix_weight": prefix.ravel()})
    by_slot = estimators.make("cascade_dr")(slots).numerator.reshape(9, 2).sum(axis=1)
    np.testing.assert_allclose(by_slot, whole, atol=1e-12)


def test_cascade_doubly_robust_is_exact_where_the_model_is(slates):
    logging, target, every, worth = slates
    at = np.arange(2)
    chance = logging[at, every].prod(axis=1)
    prefix = np.cumprod(target[at, every] / logging[at, every], axis=1)
    rest = (target[1] * worth[1]).sum()  # what the second slot is worth under the target
    rewards = worth[at, every]
    value = (target * worth).sum()
    exact = np.stack([worth[0, every[:, 0]] + rest, worth[1, every[:, 1]]], axis=1)
    ahead = np.tile([value, rest], (9, 1))
    model = cascade_doubly_robust(prefix, rewards, exact, ahead)
    np.testing.assert_allclose(model.numerator, value, atol=1e-12)
    nothing = np.zeros((9, 2))
    assert chance @ cascade_doubly_robust(prefix, rewards, nothing, nothing).numerator == pytest.approx(
        value, abs=1e-12
    )


def test_weights_of_slates_are_exact_where_items_compete_for_one_click(slates):
    logging, target, every, worth = slates
    at = np.arange(2)
    chance, wanted = (policy[at, every].prod(axis=1) for policy in (logging, target))
    pull = np.exp(3.0 * worth[0])[every]  # (9, 2) multinomial logit: one click at most
    click = pull / (1.0 + pull.sum(axis=1, keepdims=True))
    value = wanted @ click.mean(axis=1)
    by_slot = target[at, every] / logging[at, every]
    of_slate = np.repeat((wanted / chance)[:, None], 2, axis=1)
    assert chance @ (by_slot * click).mean(axis=1) != pytest.approx(value, rel=0.02)  # what the note warns of
    assert chance @ (of_slate * click).mean(axis=1) == pytest.approx(value, abs=1e-12)


def test_topics_that_say_it_all_leave_a_tenth_of_the_error_of_a_thousand_items():
    # 1,000 items of 10 topics that alone decide the reward; policies as concentrated as those of recommenders: a tenth
    # of the items gets half of what is shown.  100 logs of 2,000 slots, seeded; with flat policies it is a seventh.
    rng = np.random.default_rng(0)
    topic = np.arange(1000) % 10
    rate = rng.uniform(0.05, 0.8, 10)
    logging, target = rng.dirichlet(np.full(1000, 0.4)), rng.dirichlet(np.full(1000, 0.4))
    logging = 0.8 * logging + 0.2 / 1000
    of_topic = np.bincount(topic, target) / np.bincount(topic, logging)
    value = target @ rate[topic]
    errors = []
    for _ in range(100):
        item = rng.choice(1000, 2000, p=logging)
        reward = (rng.random(2000) < rate[topic[item]]).astype(float)
        nothing = np.full(2000, np.nan)
        further = {"marginal_weight": of_topic[topic[item]]}
        log = Slots(np.arange(2000), reward, logging[item], target[item], nothing, nothing, further)
        errors.append([value_of(name, log) - value for name in ("ips", "mips")])
    ips, mips = np.mean(np.square(errors), axis=0)
    assert mips <= ips / 10


def test_titles_name_what_is_typed() -> None:
    from serendip.experiments.offline.estimators import title_of

    assert title_of("snips") == "SNIPS (snips)"
    assert title_of("clipped_ips@10") == title_of("clipped_ips")
    assert title_of("somebody's own") == "somebody's own"


def test_which_estimators_are_asked_where_nobody_names_any() -> None:
    """Later ones may join; none of these leaves without a word."""
    from serendip.experiments.offline.estimators import ESTIMATORS

    usual = {"ips", "clipped_ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os", "slate_ips", "slate_snips"}
    assert {name for name in ESTIMATORS.names() if ESTIMATORS.card(name).usual} >= usual
    assert not ESTIMATORS.card("mips").usual
