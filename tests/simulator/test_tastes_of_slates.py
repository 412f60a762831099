"""Tastes from the likelihood of clicks given what was shown: who chose the slates does not matter."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.simulator.calibration.from_logs.choices import Choices, expose
from serendip.simulator.calibration.from_logs.personas import fit_tastes
from serendip.simulator.calibration.from_logs.showings import Showings

N_USERS, N_TOPICS, N_ITEMS, LENGTH, GAMMA = 240, 16, 64, 3, 0.9
CHOICES = Choices(
    liked=0.0, other=-3.2, spread=0.5, liked_share=0.1, quality_scale=1.0, satiation=0.0, satiation_days=4
)


def slates(follows_clicks, n_slates=40, seed=0):
    """Return the slots of users who like 3 of 16 topics, all of their kind alike, with their tastes and qualities.

    Where the policy follows clicks it shows, most of the time, what the user clicked most so far.
    """
    rng = np.random.default_rng(seed)
    topic = np.arange(N_ITEMS) % N_TOPICS
    pools = np.array([rng.choice(N_TOPICS, 4, replace=False) for _ in range(4)])
    liked = np.zeros((N_USERS, N_TOPICS), bool)
    for user in range(N_USERS):
        liked[user, rng.choice(pools[user % 4], 3, replace=False)] = True
    taste = np.where(liked, 0.0, -3.2) + 0.5 * rng.standard_normal(liked.shape)
    quality = 0.5 * rng.standard_normal(N_ITEMS)
    organic = np.zeros((N_USERS, N_TOPICS))
    for user in range(N_USERS):
        organic[user, rng.choice(np.flatnonzero(liked[user]))] = 2.0
    clicks, columns, users = organic.copy(), [], np.arange(N_USERS)
    for number in range(n_slates):
        score = rng.random((N_USERS, N_ITEMS))
        if follows_clicks:
            score += 3.0 * (rng.random((N_USERS, 1)) < 0.9) * clicks[:, topic]
        shown = np.argsort(-score, axis=1)[:, :LENGTH]
        weight = GAMMA ** np.arange(LENGTH) * np.exp(taste[users[:, None], topic[shown]] + quality[shown])
        upper = np.cumsum(weight / (1.0 + weight.sum(axis=1, keepdims=True)), axis=1)
        slot = (rng.random((N_USERS, 1)) > upper).sum(axis=1)
        clicked = np.arange(LENGTH) == slot[:, None]
        np.add.at(clicks, (users, topic[shown[users, np.minimum(slot, LENGTH - 1)]]), slot < LENGTH)
        place, slate = np.tile(np.arange(LENGTH), (N_USERS, 1)), np.repeat(number * N_USERS + users, LENGTH)
        who, when = np.repeat(users, LENGTH), np.full(N_USERS * LENGTH, number)
        columns.append((who, topic[shown].ravel(), slate, when, place.ravel(), shown.ravel(), clicked.ravel()))
    names = ("user", "topic", "slate", "day", "position", "item", "clicked")
    return (
        dict(zip(names, map(np.concatenate, zip(*columns, strict=True)), strict=True)),
        organic,
        liked,
        quality,
        topic,
    )


@pytest.mark.parametrize("follows_clicks", [False, True])
def test_liked_topics_come_back_whoever_chose_the_slates(follows_clicks):
    slots, organic, liked, quality, topic = slates(follows_clicks)
    showings = Showings.of(slots, GAMMA, CHOICES, organic)
    found = fit_tastes(showings, topic, CHOICES, organic, np.random.default_rng(0))
    drawn = found.draw(np.random.default_rng(1)) > np.mean(found.means)
    # 3 of 16 are liked; click rates of a policy that follows clicks say 3 to 4 times as many of what it shows
    assert 2.2 < drawn.sum(axis=1).mean() < 4.2
    assert (drawn & liked).sum() > 0.5 * drawn.sum()  # by chance: .19
    within = quality - (np.bincount(topic, quality) / np.bincount(topic))[topic]
    assert np.corrcoef(found.quality, within)[0, 1] > (0.8 if not follows_clicks else 0.5)


def test_a_slate_adds_what_the_formula_says():
    slots = {
        "user": np.array([0, 0, 0]),
        "topic": np.array([1, 0, 1]),
        "slate": np.array([0, 0, 0]),
        "day": np.array([0, 0, 0]),
        "position": np.array([0, 1, 2]),
        "item": np.array([1, 0, 3]),
        "clicked": np.array([0.0, 1.0, 0.0]),
    }
    showings = Showings.of(slots, 0.8, CHOICES, np.zeros((1, 2)))
    quality, grid = np.array([0.1, 0.2, 0.0, -0.3]), np.array([-1.0, 0.5])
    weight = showings.weights(quality)
    np.testing.assert_allclose(weight, [0.8 * np.exp(0.1), np.exp(0.2) + 0.64 * np.exp(-0.3)])
    rest = showings.rest(weight, np.array([2.0, 3.0]))
    np.testing.assert_allclose(rest, [1.0 + 3.0 * weight[1], 1.0 + 2.0 * weight[0]])
    found = showings.likelihood(weight, rest, grid)
    wanted = [grid - np.log(rest[0] + weight[0] * np.exp(grid)), -np.log(rest[1] + weight[1] * np.exp(grid))]
    np.testing.assert_allclose(found, np.stack(wanted) + np.log(rest)[:, None])  # but for what no taste changes
    assert expose(slots["user"], slots["topic"], slots["slate"], slots["day"])[1].tolist() == [1, 0, 1]
