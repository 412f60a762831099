"""Informed greed knows the numbers that the world was drawn by, and nothing of its users."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.uncertainty.cells import measures, sized
from serendip.experiments.uncertainty.choosing import arms_in, fresh_cells, tuning_cells
from serendip.experiments.uncertainty.declaration import read_declaration
from serendip.experiments.uncertainty.informed import INFORMED, player, true_people, true_shelf
from serendip.simulator.arrays import to_numpy
from serendip.simulator.errors import SettingsError

INFORMED_ARM = "informed"


def test_the_prior_is_the_one_that_users_are_drawn_from() -> None:
    world = sized("default", 20_000, 3)
    people, taste = true_people(world), to_numpy(world.people.taste)
    liked = taste > -0.6  # between the means 1 and -2.2, more than three spreads from either
    expected = people.weight @ people.liked
    error = np.sqrt(expected * (1.0 - expected) / len(taste))
    assert (np.abs(liked.mean(axis=0) - expected) < 5.0 * error + 2e-3).all()  # five errors; each likes at least one
    assert taste[liked].mean() == pytest.approx(people.mean[1], abs=0.02)
    assert taste[~liked].std() == pytest.approx(people.spread[0], abs=0.02)


def test_clicks_follow_the_shelf_that_is_known() -> None:
    world = sized("default", 50, 3)
    shelf, items = true_shelf(world), np.tile(np.arange(5), (50, 1))
    taste = to_numpy(world.people.taste)[:, np.asarray(world.items.topic)[:5]]
    weight = np.exp(taste + shelf.quality[:5] + shelf.examination)
    ours = weight / (np.e + weight.sum(axis=1, keepdims=True))
    users = np.arange(50)
    theirs = world.choice.probabilities(world.utility(world.start(), users, items))
    np.testing.assert_allclose(ours, to_numpy(theirs), rtol=1e-4)


def test_it_does_better_than_who_learns_the_population_and_worse_than_who_knows_the_users() -> None:
    learns, knows, sees = (
        np.mean([measures(sized("default", 60, seed), agent, 30)["early_clicks"] for seed in (0, 1)])
        for agent in ("choice-greedy", INFORMED, "oracle-growth")
    )
    assert learns < knows < sees


@pytest.mark.parametrize(
    ("world", "said"), [("factors", "not for topics"), ("hawkes", "other dynamics"), ("news", "choice")]
)
def test_a_world_of_another_kind_is_refused(world: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        player(INFORMED, sized(world, 20, 0))


def test_it_takes_no_part_where_tastes_are_for_no_topics() -> None:
    declared = read_declaration().only(arms=["greed", INFORMED_ARM])
    assert [arm.name for arm in arms_in(declared, "default")] == ["greed", INFORMED_ARM]
    for world in ("factors", "nonlinear"):
        assert [arm.name for arm in arms_in(declared, world)] == ["greed"]
        assert {cell.arm.name for cell in tuning_cells(declared, world)} == {"greed"}
        assert {cell.arm.name for cell in fresh_cells(declared, world, {"greed": None})} == {"greed"}
