import numpy as np
import pytest

from serendip.agents.history import History
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Slates, Visits

N_ITEMS = 12


def batch(rng, day, visit, n=7):
    users = np.sort(rng.choice(20, n, replace=False)) * 1_000_003 - 5
    items = np.stack([rng.permutation(N_ITEMS)[:3] for _ in range(n)])
    visits = Visits(users, day, np.full(n, visit, dtype=np.int32), np.ones(N_ITEMS, dtype=bool))
    slates = Slates(items, np.ones((n, 3)), None, np.zeros(n, dtype=bool))
    return visits, slates, Feedback(rng.random((n, 3)) < 0.4)


def dense(batches, n_items=N_ITEMS):
    """Count clicks and exposures slowly, in dictionaries."""
    clicks, exposures = {}, {}
    for visits, slates, feedback in batches:
        for b, user in enumerate(visits.user_ids):
            for item, clicked in zip(slates.items[b], feedback.clicked[b], strict=True):
                exposures.setdefault(int(user), np.zeros(n_items))[item] += 1
                clicks.setdefault(int(user), np.zeros(n_items))[item] += clicked
    return clicks, exposures


@pytest.mark.parametrize("often", [False, True])
def test_rows_agree_with_a_slow_count(often):
    rng = np.random.default_rng(0)
    history, batches = History(N_ITEMS), []
    for day in range(30):
        batches.append(batch(rng, day, 0))
        history.append(*batches[-1])
        if often and day % 3 == 0:
            history.interactions()  # sorts the tail in
    clicks, exposures = dense(batches)
    users = np.array([7, *clicks, 8])  # two unknown ones
    zero = np.zeros(N_ITEMS)
    np.testing.assert_array_equal(history.clicks_of(users).toarray(), [clicks.get(u, zero) for u in users.tolist()])
    np.testing.assert_array_equal(
        history.exposures_of(users).toarray(), [exposures.get(u, zero) for u in users.tolist()]
    )
    np.testing.assert_array_equal(history.clicks.item_totals, sum(clicks.values()))
    np.testing.assert_array_equal(history.exposures.item_totals, sum(exposures.values()))
    data = history.interactions()
    np.testing.assert_array_equal(data.clicks.toarray(), [clicks[u] > 0 for u in history.user_ids.tolist()])
    np.testing.assert_array_equal(history.n_exposures_of(users[1:3]), [exposures[u].sum() for u in users[1:3].tolist()])


def test_order_of_events_changes_nothing():
    rng = np.random.default_rng(1)
    batches = [batch(rng, day, 0) for day in range(10)]
    one, other = History(N_ITEMS), History(N_ITEMS)
    for visits, slates, feedback in batches:
        one.append(visits, slates, feedback)
    for visits, slates, feedback in batches[::-1]:
        for part in (slice(4, None), slice(0, 4)):
            other.append(visits.rows(part), slates.rows(part), Feedback(feedback.clicked[part]))
    a, b = one.interactions(), other.interactions()
    for left, right in ((a.clicks, b.clicks), (a.exposures, b.exposures)):
        np.testing.assert_array_equal(left.indices, right.indices)
        np.testing.assert_array_equal(left.indptr, right.indptr)
    np.testing.assert_array_equal(one.user_ids, other.user_ids)


def test_a_long_tail_is_sorted_in(monkeypatch):
    monkeypatch.setattr("serendip.agents.history._SHORTEST_TAIL", 8)
    test_rows_agree_with_a_slow_count(False)


def test_saved_and_restored_is_the_same_memory():
    rng = np.random.default_rng(2)
    history = History(N_ITEMS)
    for day in range(5):
        history.append(*batch(rng, day, 0))
    other = History(N_ITEMS)
    other.restore(history.arrays())
    more = batch(rng, 6, 0)
    history.append(*more)
    other.append(*more)
    for name, array in history.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name])
    np.testing.assert_array_equal(history.clicks.item_totals, other.clicks.item_totals)


def test_empty_memory_answers():
    history = History(N_ITEMS)
    assert history.clicks_of(np.array([3, 4])).shape == (2, N_ITEMS)
    assert history.interactions().clicks.shape == (0, N_ITEMS)
    history.append_slots(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool))


def test_an_item_of_another_catalogue_is_an_error():
    one = np.array([1])
    with pytest.raises(DataError, match="item 12 is not of this catalogue"):
        History(N_ITEMS).append_slots(one, np.array([12]), one > 0)
