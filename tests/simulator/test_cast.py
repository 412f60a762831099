"""A cast lives through the same days as the whole world does: rows, order and batching change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serendip.simulator.settings import preset_names
from serendip.simulator.world import World, make_world

DAYS = 12


def live(world: World, names: Any, day_of: Any = lambda day: day) -> dict[tuple[int, int, int], tuple[bool, ...]]:
    """Return what was clicked by (name of the user, day, visit), on slates that hang on name, day and visit alone."""
    state, seen = world.start(), dict[tuple[int, int, int], tuple[bool, ...]]()
    for day in range(DAYS):
        when = day_of(day)
        users, n_slates = world.come(state, when)
        for visit in range(int(n_slates.max(initial=0))):
            now = users[n_slates > visit]
            items = np.stack([slate(world, int(names[u]), day, visit) for u in now])
            clicked = world.show(state, when if isinstance(when, int) else when[now], visit, now, items)
            for user, row in zip(now, clicked, strict=True):
                seen[int(names[user]), day, visit] = tuple(row)
        world.night(state, when)
    seen_alive = {(int(name), -1, 0): (bool(alive),) for name, alive in zip(names, state["alive"], strict=True)}
    return seen | seen_alive


def slate(world: World, name: int, day: int, visit: int) -> Any:
    rng = np.random.default_rng((name, day, visit))
    return rng.permutation(world.n_items)[: world.settings.slate_size]


@pytest.mark.parametrize("preset", preset_names())
def test_a_cast_in_any_order_lives_the_same_days(preset: str) -> None:
    world = make_world(preset, 3)
    order = np.random.default_rng(0).permutation(world.n_users)[:60]
    whole = live(world, world.user_ids)
    some = live(world.cast(order, order), order)
    assert len(some) > len(order)
    assert some == {key: value for key, value in whole.items() if key[0] in set(order.tolist())}


def test_a_day_can_be_told_user_by_user() -> None:
    world = make_world("tiny", 3)
    each = live(world, world.user_ids, lambda day: np.full(world.n_users, day))
    assert each == live(world, world.user_ids)


def test_a_user_cast_twice_with_other_luck_lives_two_lives() -> None:
    world = make_world("tiny", 3)
    users = np.repeat(np.arange(50), 2)
    twice = live(world.cast(users, np.arange(100) << 40), np.arange(100))
    once, again = ({key[1:] for key in twice if key[0] % 2 == side and key[1] >= 0} for side in (0, 1))
    assert world.cast(users, users).n_users == 100
    assert once != again
