"""Events in order, with an index by user, and what a belief is told of them."""

import numpy as np
import pytest

from serendip.agents.beliefs.belief import Situation
from serendip.agents.event_log import EventLog, Shown
from serendip.agents.history import History
from serendip.agents.registry import make
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.world import make_world

N_ITEMS = 12
ITEMS = Items((np.arange(N_ITEMS) % 4).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))


def some(rng, n, day=0, n_users=6):
    columns = rng.integers(0, n_users, n), np.full(n, day), np.zeros(n), np.zeros(n), rng.integers(0, N_ITEMS, n)
    return Shown(*(column.astype(np.int32) for column in columns), rng.random(n) < 0.3)


def same(one: Shown, other: Shown):
    for name in Shown.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def slow_rows(batches, row):
    """Return (day, item, clicked) of a user's slots in order."""
    return [
        (int(b.day[j]), int(b.items[j]), bool(b.clicked[j])) for b in batches for j in range(len(b)) if b.rows[j] == row
    ]


@pytest.mark.parametrize("tail", [4, 1 << 14])
def test_slots_of_users_are_read_back_in_order(tail, monkeypatch):
    monkeypatch.setattr("serendip.agents.event_log._SHORTEST_TAIL", tail)
    rng, log = np.random.default_rng(0), EventLog()
    batches = [some(rng, 9, day) for day in range(20)]
    for number, batch in enumerate(batches):
        log.append(batch)
        rows = np.array([5, 2, 9, 0])  # 9 is nobody
        shown, starts = log.of(rows)
        for at, row in enumerate(rows.tolist()):
            mine = slice(starts[at], starts[at + 1])
            found = list(zip(*(getattr(shown, n)[mine].tolist() for n in ("day", "items", "clicked")), strict=True))
            assert found == slow_rows(batches[: number + 1], row)
    assert len(log) == log.n_ever == 180
    same(log.since(171), batches[-1])


def test_trimming_leaves_the_latest_slots_of_each_user():
    rng, log = np.random.default_rng(1), EventLog(most=5)
    batches = [some(rng, 9, day) for day in range(20)]
    for batch in batches:
        log.append(batch)
    log.trim()
    assert log.n_ever == 180
    shown, starts = log.of(np.arange(6))
    for row in range(6):
        assert shown.day[starts[row] : starts[row + 1]].tolist() == [d for d, _, _ in slow_rows(batches, row)[-5:]]
    log.append(batches[0])
    same(log.since(180), batches[0])
    twin = EventLog()
    twin.restore(log.arrays())
    same(twin.all(), log.all())
    assert twin.n_ever == 189


def test_slates_are_runs_of_rising_positions():
    position = np.array([0, 1, 2, 0, 1, 0, 0, 1], dtype=np.int32)
    rows = np.array([3, 3, 3, 3, 3, 4, 4, 4], dtype=np.int32)
    day = np.array([0, 0, 0, 0, 0, 0, 1, 1], dtype=np.int32)
    shown = Shown(rows, day, np.zeros_like(day), position, position, np.zeros(8, dtype=bool))
    assert shown.slate_starts().tolist() == [0, 3, 5, 6, 8]
    assert shown.at(slice(0, 0)).slate_starts().tolist() == [0]


def test_counts_add_up_the_events():
    history, rng = History(N_ITEMS), np.random.default_rng(2)
    for day in range(4):
        users = np.sort(rng.choice(9, 5, replace=False)) * 3
        items = np.stack([rng.permutation(N_ITEMS)[:3] for _ in users])
        visits = Visits(users, day, np.zeros(5, np.int32), np.ones(N_ITEMS, dtype=bool))
        slates = Slates(items, np.ones((5, 3)), None, np.zeros(5, dtype=bool))
        history.append(visits, slates, Feedback(rng.random((5, 3)) < 0.5))
    shown, n = history.events.all(), history.n_users
    clicks, exposures = np.zeros((n, N_ITEMS)), np.zeros((n, N_ITEMS))
    np.add.at(exposures, (shown.rows, shown.items), 1)
    np.add.at(clicks, (shown.rows, shown.items), shown.clicked)
    np.testing.assert_array_equal(history.exposures.matrix(n).toarray(), exposures)
    np.testing.assert_array_equal(history.clicks.matrix(n).toarray(), clicks)


def test_a_situation_tells_fading_exposures_and_visits():
    history = History(N_ITEMS)
    for day, visit, items in ((-2, 0, [1, 5]), (0, 0, [0, 4]), (0, 1, [4, 2]), (3, 0, [4, 1])):
        one = Visits(np.array([7]), day, np.array([visit], np.int32), np.ones(N_ITEMS, dtype=bool))
        history.append(
            one, Slates(np.array([items]), np.ones((1, 2)), None, np.array([False])), Feedback(np.zeros((1, 2), bool))
        )
    visits = Visits(np.array([9, 7]), 5, np.zeros(2, np.int32), np.ones(N_ITEMS, dtype=bool))
    situation = Situation(visits, history, ITEMS)
    assert situation.days_since_visit.tolist() == [np.inf, 2.0]
    assert situation.n_visits.tolist() == [0, 2]
    old, new = np.exp(-5 / 2), np.exp(-2 / 2)
    expected = [[0.0] * 4, [3 * old + new, new, old, 0.0]]  # items 0 and 4 are of topic 0
    np.testing.assert_allclose(situation.topic_exposures(2.0), expected)
    of_items = situation.item_exposures(2.0).toarray()
    np.testing.assert_allclose(of_items[1], [old, new, old, 0, 2 * old + new, *[0.0] * 7])
    assert not of_items[0].any()


def test_a_memory_made_from_a_log_holds_the_same_events(tmp_path):
    from serendip.experiments.online.unit import LoggingWitness
    from serendip.simulator.logs import open_log

    world, schedule = make_world("tiny", 3), Schedule(days=4)
    agent = make("ease-epsilon", world.items, world.settings.slate_size, 3)
    witness = LoggingWitness(world, tmp_path / "log")
    state = live(world, agent, schedule, [witness])
    witness.close("ease-epsilon", schedule, agent, state)
    again = History.from_log(open_log(tmp_path / "log"), world.n_items)
    same(again.events.all(), agent.history.events.all())
