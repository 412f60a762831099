"""Items that come, go stale and differ; weeks that have a rhythm; tastes that drift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serendip.simulator.arrays import to_numpy
from serendip.simulator.catalogue import CatalogueSettings, draw_catalogue, staleness
from serendip.simulator.dynamics.drift import drift_tastes
from serendip.simulator.errors import SettingsError
from serendip.simulator.organic import organic_history
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.world import World, make_world


def test_new_items_appear_evenly() -> None:
    catalogue = draw_catalogue(CatalogueSettings(n_items=1000, new_share=0.8, release_days=100), 0)
    counts = np.bincount(catalogue.released, minlength=101)
    assert counts[0] == 200
    assert set(counts[1:].tolist()) == {8}
    items = catalogue.items()
    assert items.available(0).sum() == 200
    assert items.available(50).sum() == 600
    assert items.available(100).all()


def test_topics_have_sizes_that_fall_off() -> None:
    sizes = np.bincount(draw_catalogue(CatalogueSettings(n_items=10_000, n_topics=50, topic_skew=1.0), 0).topic)
    assert len(sizes) == 50
    assert sizes.min() >= 1
    assert sizes[0] / sizes[9] == pytest.approx(10.0, rel=0.05)
    assert (np.diff(sizes) <= 1).all()


def test_exponential_quality_gives_a_power_law_of_popularity() -> None:
    """Hill's estimate of the exponent of exp(quality) is 1 / spread; 5 standard errors, a false alarm in 10^6."""
    n = 100_000
    settings = CatalogueSettings(n_items=n, quality_spread=0.5, quality_shape="exponential")
    quality = np.sort(draw_catalogue(settings, 0).quality.astype(float))[::-1]
    top = 5_000
    exponent = 1.0 / (quality[:top] - quality[top]).mean()
    assert abs(exponent - 2.0) < 5.0 * 2.0 / np.sqrt(top)


def test_items_grow_stale_by_hand() -> None:
    lost = staleness(np.array([[0, 5, 10]]), 10, 2.0, 5.0)
    assert lost[0].tolist() == pytest.approx([2.0 * (1 - np.exp(-2.0)), 2.0 * (1 - np.exp(-1.0)), 0.0])
    world = make_world("news", 0)
    users, items = np.array([3]), np.array([[7, 11]])
    old = world.match(users, items, 400) - world.match(users, items, 0)
    assert (old < -1.5).all()
    each = world.match(np.array([3, 3]), np.array([[7, 11], [7, 11]]), np.array([0, 400]))
    assert each[0].tolist() == world.match(users, items, 0)[0].tolist()
    assert each[1].tolist() == world.match(users, items, 400)[0].tolist()


def test_what_users_did_before_is_among_what_was_there() -> None:
    world = make_world("news", 0)
    there = world.items.available(0)
    for day in organic_history(world):
        assert there[day.items].all()
        assert (np.sort(day.items, axis=1)[:, 1:] != np.sort(day.items, axis=1)[:, :-1]).all()
        assert (day.clicked.sum(axis=1) == 1).all()


def test_weeks_have_a_rhythm() -> None:
    base, _ = read_world("tiny")
    world = World(replace(base, weekday=(1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 100.0)), 0)
    state = world.start()
    visits = [len(world.come(state, day)[0]) for day in range(14)]
    assert visits[1] == visits[8] == 0
    assert visits[6] > 90
    days = np.full(world.n_users, 6)
    days[:50] = 1
    users = to_numpy(world.come(state, days)[0])
    assert users.min() >= 50


def test_tastes_drift_towards_what_is_clicked() -> None:
    taste = np.array([[1.0, -2.0], [0.0, 3.0]], dtype=np.float32)
    users, topics, clicked = np.array([0, 1]), np.array([[1, 0], [1, 0]]), np.array([[True, False], [True, True]])
    drift_tastes(taste, users, topics, topics, None, clicked, 0.5, 2.0)
    assert taste.tolist() == [[1.0, 0.0], [1.0, 3.0]]  # half of the way from -2 to 2; 3 is above the ceiling
    rng = np.random.default_rng(0)
    factors, tastes = rng.normal(size=(5, 3)), rng.normal(size=(1, 3))
    before = factors[2] @ tastes[0]
    drift_tastes(tastes, np.array([0]), np.array([[0]]), np.array([[2]]), factors, np.array([[True]]), 0.25, 9.0)
    assert factors[2] @ tastes[0] == pytest.approx(before + 0.25 * (9.0 - before))


def test_drift_lives_in_the_state_and_not_in_the_world() -> None:
    world = make_world("growing", 0)
    state, before = world.start(), np.array(world.people.taste)
    users, _ = world.come(state, 0)
    items = np.tile(np.arange(5), (len(users), 1))
    clicked = world.show(state, 0, 0, users, items)
    assert clicked.any()
    assert np.array_equal(world.people.taste, before)
    assert not np.array_equal(state["taste"], before)
    moved = world.match(users, items, 0, state) - world.match(users, items, 0)
    assert (moved[clicked] >= 0.0).all()


@pytest.mark.parametrize(
    ("catalogue", "named"),
    [
        ({"new_share": 1.0}, "new_share"),
        ({"new_share": 0.5}, "release_days"),
        ({"staleness_days": 0.0}, "staleness_days"),
        ({"staleness": -1.0}, "staleness"),
        ({"topic_skew": float("nan")}, "topic_skew"),
    ],
)
def test_a_catalogue_that_cannot_be_is_refused(catalogue: dict[str, float], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        CatalogueSettings(**catalogue)  # type: ignore[arg-type]


def test_a_slate_longer_than_the_first_days_catalogue_is_refused() -> None:
    with pytest.raises(SettingsError, match="first day"):
        WorldSettings(slate_size=60, catalogue=CatalogueSettings(n_items=100, new_share=0.5, release_days=9))
