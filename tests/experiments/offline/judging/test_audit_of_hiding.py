"""Where items are hidden by user, an audit counts what could be shown to that user at that slate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serendip.agents.registry import make
from serendip.experiments.offline.judging.audit import audit, availability, weights
from serendip.experiments.offline.judging.audit.evidence import Weighed
from serendip.experiments.offline.judging.audit.rows import Rows, rows_of_log
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.witnesses import LoggingWitness
from serendip.simulator.catalogue import HidingRules
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

DAYS = 40


def logged(path: Path, agent: str, rules: HidingRules, **settings: Any) -> Path:
    tiny = read_world("tiny")[0]
    catalogue = replace(tiny.catalogue, new_share=0.3, release_days=DAYS)
    world = World(replace(tiny, name="shop", catalogue=catalogue, hides=rules), 2)
    player, log = make(agent, world.items, 3, 1, **settings), LoggingWitness(world, path)
    state = live(world, player, Schedule(days=DAYS), [log])
    log.close(agent, Schedule(days=DAYS), player, state)
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rules = HidingRules(clicked_days=None, most_showings=3, shown_days=6)
    return logged(tmp_path_factory.mktemp("shop") / "log", "popularity", rules, epsilon=0.3)


def off(weighed: Weighed) -> float:
    """Return by how many standard errors all weights together are off."""
    return float((weighed.weight.sum() - weighed.decisions.sum()) / np.sqrt((weighed.weight**2).sum()))


def test_a_right_log_is_sound_and_what_was_hidden_matters(shop: Path) -> None:
    assert audit(shop).sound
    rows = rows_of_log(LogSource(shop))
    zero = np.zeros(len(rows), dtype=np.int64)
    assert abs(weights.uniform(rows, zero).off()[0]) < 4.0
    blind = replace(rows, hidden=None)
    assert weights.uniform(blind, zero).off()[0] < -6.0
    for ask in (weights.by_item, weights.by_popularity):
        for positions in (False, True):
            seen, unseen = (ask(one, positions=positions) for one in (rows, blind))
            assert seen is not None
            assert unseen is not None
            assert abs(off(seen)) < 4.0
            assert off(unseen) < -4.0
    for other in (weights.seen_before, weights.by_item_seen_before, weights.of_slates, weights.by_position):
        seen, unseen = other(rows), other(blind)
        assert seen is not None
        assert unseen is not None
        assert abs(off(seen)) < 4.0
        assert off(unseen) < -4.0


def slow(rows: Rows) -> tuple[Any, Any]:
    """Return (B, M) what could be shown at each block, and what its user was shown before, slate by slate."""
    hidden = rows.hidden
    assert hidden is not None
    there, before = np.empty((2, rows.n_blocks, rows.items.n_items), dtype=bool)
    seen = dict[int, set[int]]()
    for block in range(rows.n_blocks):
        slots = np.flatnonzero(rows.block == block)
        user, day, visit = int(rows.user[slots[0]]), int(rows.day[slots[0]]), int(rows.visit[slots[0]])
        now = (day << 32) + visit
        there[block] = rows.items.available(day)
        mine = hidden.at(hidden.user == user)
        there[block, mine.item[(mine.first <= now) & (now <= mine.last)]] = False
        before[block] = np.isin(np.arange(rows.items.n_items), sorted(seen.setdefault(user, set())))
        seen[user] |= set(rows.item[slots].tolist())
    return there, before


@pytest.mark.parametrize("early", [False, True])
def test_counts_are_those_of_slate_after_slate(shop: Path, early: bool) -> None:
    """Also where a log says of items that they are hidden that are not released yet."""
    whole = rows_of_log(LogSource(shop))
    assert whole.hidden is not None
    if early:
        late = whole.items.released[whole.hidden.item] > 0
        late &= np.append(True, np.diff(whole.hidden.user * whole.items.n_items + whole.hidden.item) != 0)  # first ones
        assert late.any()
        whole = replace(whole, hidden=replace(whole.hidden, first=np.where(late, 0, whole.hidden.first)))
    rows = whole.pick((whole.user % 4 == 0) & (whole.day > 3))
    there, before = slow(rows)
    kind = np.arange(rows.items.n_items) % 5
    expected = np.stack([there[:, kind == k].sum(axis=1) for k in range(5)], axis=1)
    assert np.array_equal(availability.of_kinds(rows, kind, 5), expected)
    assert np.array_equal(availability.of_blocks(rows), there.sum(axis=1))
    came = np.random.default_rng(0).random((2, rows.n_blocks)) < 0.5
    assert np.array_equal(availability.of_items(rows, came), came.astype(int) @ there.astype(int))
    who = np.unique(rows.user, return_inverse=True)[1]
    pair, at = np.unique(who * rows.items.n_items + rows.item, return_inverse=True)
    first = np.full(len(pair), rows.n_blocks)
    np.minimum.at(first, at, rows.block)
    by_block, by_item = availability.hidden_after(rows, pair, first)
    released = rows.items.released <= whole.day.max()
    gone = before & ~there & released
    assert gone.any()
    assert np.array_equal(by_block, gone.sum(axis=1))
    assert np.array_equal(by_item, gone.sum(axis=0))


def test_propensities_that_forget_what_was_hidden_are_found(tmp_path: Path) -> None:
    path = logged(tmp_path / "log", "uniform", HidingRules(clicked_days=None))
    rows = rows_of_log(LogSource(path))
    assert weights.uniform(rows, np.zeros(len(rows), dtype=np.int64)).means()[0] == pytest.approx(1.0, abs=1e-12)
    forgetful = replace(rows, propensity=1.0 / availability.of_blocks(replace(rows, hidden=None))[rows.block])
    assert weights.uniform(forgetful, np.zeros(len(rows), dtype=np.int64)).means()[0] > 1.01
