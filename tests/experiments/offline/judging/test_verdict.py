"""Every border of a verdict has a case on each side, and every check is asked."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from serendip.experiments.offline.judging.verdict import BORDERS, CHECKS, Borders, judge, z_score

SOUND: dict[str, float | None] = {
    "mean_weight": 1.0, "mean_weight_z": 0.0, "unsupported_target_mass": 0.0, "effective_sample_size": 500.0,
    "n_slots": 1000.0, "n_users": 100.0, "effective_users": 90.0, "n_rewarded": 80.0, "slate_size": 1.0,
    "users_tail": 0.1, "rewards_tail": 0.1, "weights_tail": 0.1, "propensities_too_small": 0.0,
    "propensities_too_large": 0.0, "optimism": 0.0, "value": 0.2, "most_a_slot": 1.0, "above_favourites": 2.0,
    "beside_favourites": 19.0, "favourites_luck": 0.5, "sooner_after_rewards": 1.0,
}  # fmt: skip
OFF = BORDERS.invalid_off

# What changes in a sound log, the values on both sides of the border, and the words there; by the border's name.
SIDES: dict[str, tuple[dict[str, Any], str, tuple[float, float], tuple[str, str]]] = {
    "weak_z": ({}, "mean_weight_z", (3.0, 3.01), ("reliable", "weak")),
    "invalid_z": ({"mean_weight": 1.2}, "mean_weight_z", (4.0, 4.01), ("weak", "invalid")),
    "invalid_off": ({"mean_weight_z": 9.0}, "mean_weight", (1.0999, 1.11), ("weak", "invalid")),
    "weak_missing": ({}, "unsupported_target_mass", (0.01, 0.0101), ("reliable", "weak")),
    "invalid_missing": ({}, "unsupported_target_mass", (0.1, 0.101), ("weak", "invalid")),
    "weak_sample": ({}, "effective_sample_size", (30.0, 29.9), ("reliable", "weak")),
    "invalid_sample": ({}, "effective_sample_size", (10.0, 9.9), ("weak", "invalid")),
    "weak_users": ({"n_users": 20.0}, "effective_users", (15.0, 14.9), ("reliable", "weak")),
    "weak_share": ({"n_users": 800.0}, "effective_users", (160.0, 159.9), ("reliable", "weak")),
    "users_tail": ({}, "users_tail", (0.45, 0.46), ("reliable", "weak")),
    "rewards_tail": ({}, "rewards_tail", (0.6, 0.61), ("reliable", "weak")),
    "weights_tail": ({"effective_sample_size": 200.0}, "weights_tail", (0.9, 0.91), ("reliable", "weak")),
    "weights_tail_sample": ({"weights_tail": 1.0}, "effective_sample_size", (300.0, 299.9), ("reliable", "weak")),
    "items_z": ({}, "propensities_too_small", (5.0, 5.01), ("reliable", "weak")),
    "optimism": ({}, "optimism", (0.6, 0.61), ("reliable", "weak")),
    "above": ({}, "above_favourites", (1.01, 1.0), ("reliable", "weak")),
    "above_share": ({"beside_favourites": 10.0}, "above_favourites", (0.71, 0.69), ("reliable", "weak")),
    "favourites_luck": ({"above_favourites": 0.5}, "favourites_luck", (0.3, 0.31), ("reliable", "weak")),
    "sooner": ({}, "sooner_after_rewards", (3.0, 3.01), ("reliable", "weak")),
}


def word(**changes: Any) -> str:
    return judge(SOUND | changes).word


def test_a_sound_log_is_reliable_and_says_why() -> None:
    verdict = judge(SOUND)
    assert verdict.word == "reliable"
    assert verdict.reasons == ["The mean weight is 1.000 and 500 of 1000 slots are left in effect."]


def test_every_border_has_its_case() -> None:
    assert SIDES.keys() == {field.name for field in fields(Borders)}


@pytest.mark.parametrize("border", SIDES)
def test_a_border_parts_two_words(border: str) -> None:
    beside, name, values, words = SIDES[border]
    assert tuple(word(**beside, **{name: value}) for value in values) == words


@pytest.mark.parametrize("border", SIDES)
def test_a_border_is_where_it_is_said_to_be(border: str) -> None:
    """With all other checks left out: the word changes at the border's own value."""
    beside, name, (inside, beyond), _ = SIDES[border]
    at = getattr(BORDERS, border)
    scale = SOUND["n_users"] if border == "weak_share" else 1.0
    scale = beside.get("n_users", scale) if border == "weak_share" else beside.get("beside_favourites", scale)
    middle = 1.0 + at if border == "invalid_off" else at * scale
    assert min(inside, beyond) - 1e-9 <= middle <= max(inside, beyond) + 1e-9, name


@pytest.mark.parametrize("z", [3.5, -3.5])
def test_a_mean_weight_too_small_is_as_bad_as_one_too_large(z: float) -> None:
    assert word(mean_weight_z=z) == "weak"
    assert word(mean_weight_z=3 * z, mean_weight=1.0 + z / 10) == "invalid"
    assert word(mean_weight_z=3 * z, mean_weight=1.0 + z / 100) == "weak"  # significant, and hardly off


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mean_weight_z": None}, "invalid"),
        ({"mean_weight": None}, "reliable"),
        ({"n_rewarded": 0.0}, "invalid"),
        ({"n_rewarded": None}, "invalid"),
        ({"value": 1.01}, "invalid"),
        ({"value": 1.0}, "reliable"),
        ({"value": None}, "reliable"),
        ({"most_a_slot": None, "value": 9.0}, "reliable"),
        ({"rows_are_users": 1.0}, "weak"),
        ({"effective_users": None, "n_users": 9.0}, "weak"),
        ({"effective_users": None, "n_users": 16.0}, "reliable"),
        ({"slate_size": 2.0}, "weak"),
        ({"slate_size": 2.0, "mean_slate_weight": 0.6}, "weak"),
        ({"slate_size": 2.0, "slates_hold": 1.0}, "reliable"),
        ({"slate_size": None}, "reliable"),
        ({"propensities_too_large": 5.5}, "reliable"),
        ({"propensities_too_large": 5.5, "mean_weight_z": -2.1}, "weak"),
        ({"propensities_too_large": 5.0, "mean_weight_z": -2.1}, "reliable"),
        ({"propensities_too_large": 5.5, "mean_weight_z": -2.0}, "reliable"),
        ({"propensities_too_small": None, "propensities_too_large": None}, "reliable"),
        ({"propensities_estimated": 1.0}, "weak"),
        ({"optimism": None, "users_tail": None, "rewards_tail": None, "weights_tail": None}, "reliable"),
        ({"unsupported_target_mass": None}, "reliable"),
        ({"effective_sample_size": None}, "invalid"),
    ],
)
def test_what_else_decides(changes: dict[str, Any], expected: str) -> None:
    assert word(**changes) == expected


def test_what_is_invalid_comes_before_what_is_weak() -> None:
    verdict = judge(SOUND | {"optimism": 2.0, "n_rewarded": 0.0})
    assert verdict.word == "invalid"
    assert "reward" in verdict.reasons[0]
    assert "lucky" in verdict.reasons[1]


def test_each_check_can_speak() -> None:
    spoiled: dict[str, float | None] = SOUND | {
        "mean_weight_z": 9.0, "mean_weight": 2.0, "unsupported_target_mass": 0.5, "effective_sample_size": 1.0,
        "weights_tail": 2.0, "effective_users": 2.0, "n_rewarded": 0.0, "value": 9.0, "slate_size": 3.0,
        "propensities_too_small": 9.0, "optimism": 9.0, "propensities_estimated": 1.0, "sooner_after_rewards": 9.0,
    }  # fmt: skip
    assert len(judge(spoiled).reasons) == len(CHECKS)


def test_the_standard_score_by_hand() -> None:
    assert z_score(1.2, 0.1, 50) == pytest.approx(2.0 * 1.2**0.5)
    assert z_score(0.81, 0.1, 50) == pytest.approx(-1.9 * 0.9)
    assert z_score(1.0, 0.0, 50) == 0.0
    assert z_score(1.3, 0.0, 50) == 1e6
    assert z_score(0.7, float("nan"), 50) == -1e6
    assert z_score(1.2, 0.1, 2) is not None
    assert z_score(1.2, 0.1, 1) is None
    assert z_score(-0.1, 0.1, 5) == 0.0
