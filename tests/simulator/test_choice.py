"""The multinomial logit: by hand, and against its own draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from serendip.simulator import randomness
from serendip.simulator.choice import CHOICES, make_choice
from serendip.simulator.choice.multinomial_logit import MultinomialLogit
from serendip.simulator.errors import SettingsError

ALARM = 1e-6


def test_probabilities_by_hand() -> None:
    """Utilities log 2 and log 4, no click log 1, examination 1/2: weights 2, 4 / 2 and 1 of 5."""
    model = MultinomialLogit(outside=0.0, examination=0.5)
    utility = np.log(np.array([[2.0, 4.0]]))
    assert model.probabilities(utility)[0].tolist() == pytest.approx([2 / 5, 2 / 5])
    ends = {0.0: [True, False], 0.39: [True, False], 0.41: [False, True], 0.79: [False, True], 0.81: [False, False]}
    for point, clicked in ends.items():
        assert model.click(utility, lambda _, point=point: np.array([point]))[0].tolist() == clicked


@pytest.mark.parametrize("kind", CHOICES)
def test_clicks_follow_the_probabilities(kind: str) -> None:
    """One chi-square of slot counts a model; false alarm 1e-6 each."""
    model = make_choice({"kind": kind})
    n = 200_000
    utility = np.tile(np.array([0.5, -1.0, 2.0, 0.0], dtype=np.float32), (n, 1))
    clicked = model.click(utility, lambda slot: randomness.uniform(4, np.arange(n), slot))
    expected = model.probabilities(utility[:1])[0].astype(np.float64)
    z = (clicked.mean(axis=0) - expected) / np.sqrt(expected * (1.0 - expected) / n)
    assert np.abs(z).max() < stats.norm.isf(ALARM / 8)


@pytest.mark.parametrize("kind", CHOICES)
def test_torch_chooses_like_numpy(kind: str) -> None:
    model = make_choice({"kind": kind})
    users = np.arange(50_000)
    utility = (6.0 * randomness.uniform(1, users[:, None], np.arange(5)) - 3.0).astype(np.float32)
    ours = model.click(utility, lambda slot: randomness.uniform(2, users, slot))
    theirs = model.click(torch.from_numpy(utility), lambda slot: randomness.uniform(2, torch.from_numpy(users), slot))
    assert (ours != theirs.numpy()).any(axis=1).sum() <= 5  # rounding may move a click: 1 slot in 10,000


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kind": "guess"}, "multinomial-logit"),
        ({"examination": 0.0}, "examination"),
        ({"examination": float("nan")}, "examination"),
        ({"outside": float("inf")}, "outside"),
        ({"outsied": 1.0}, "outside"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        make_choice(settings)
