"""Draws without replacement: against the law that they follow, and against a slow and obvious way."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.simulator import randomness
from serendip.simulator.calibration.drawing import draw_days_of, draw_items, first_of_topic

N = 40_000


def test_items_follow_plackett_luce() -> None:
    """P(first i, then j) = w_i w_j / (1 - w_i); 12 shares at 4 standard errors: a false alarm in 1,300."""
    weight = np.array([[0.7, 0.2, 0.06, 0.04]])
    drawn = draw_items(weight, np.zeros(N, int), np.full(N, 2), randomness.generator(0, "pl")).reshape(N, 2)
    for i in range(4):
        for j in range(4):
            share = float(np.mean((drawn[:, 0] == i) & (drawn[:, 1] == j)))
            p = 0.0 if i == j else weight[0, i] * weight[0, j] / (1.0 - weight[0, i])
            assert abs(share - p) <= 4.0 * np.sqrt(p * (1.0 - p) / N)


def test_all_items_are_drawn_once_however_little_they_weigh() -> None:
    weight = np.exp(-np.arange(300.0))[None]
    drawn = draw_items(weight, np.zeros(3, int), np.full(3, 300), randomness.generator(0, "all")).reshape(3, 300)
    assert (np.sort(drawn, axis=1) == np.arange(300)).all()
    assert (drawn[:, 0] < 12).all()  # e^-12 each


def test_days_are_distinct_in_order_and_evenly_spread() -> None:
    n = np.full(20_000, 10)
    user, day = draw_days_of(n, np.full(20_000, 3), np.full(20_000, 3), randomness.generator(0, "days"))
    days = day.reshape(-1, 4)
    assert (days[:, 0] == 0).all()
    assert (np.diff(days, axis=1) > 0).all()
    assert days.max() == 10
    share = np.bincount(days[:, 1:].ravel(), minlength=11)[1:] / 20_000
    assert share == pytest.approx(np.full(10, 0.3), abs=4.5 * np.sqrt(0.21 / 20_000))
    assert np.array_equal(user, np.repeat(np.arange(20_000), 4))
    first = draw_days_of(n, np.full(20_000, 3), np.full(20_000, 1), randomness.generator(0, "days"))[1]
    assert np.mean(first[1::2]) == pytest.approx(11.0 / 4.0, abs=0.06)  # the first of three of ten


def test_first_of_topic_is_the_first() -> None:
    rng = randomness.generator(0, "topics")
    user, topic = np.sort(rng.integers(0, 9, 200)), rng.integers(0, 5, 200)
    slow = [
        (u, k) not in set(zip(user[:n], topic[:n], strict=True))
        for n, (u, k) in enumerate(zip(user, topic, strict=True))
    ]
    assert first_of_topic(user, topic, 5).tolist() == slow
