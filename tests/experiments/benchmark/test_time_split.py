"""A split at two moments: nothing that is learned, folded in or decides who takes part happened after what is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from serendip.experiments.benchmark.data import Events, read_events
from serendip.experiments.benchmark.splits import split
from serendip.simulator import randomness
from serendip.simulator.errors import DataError


def events(n_users: int = 30, n_items: int = 50, n_days: int = 100) -> Events:
    """Return clicks, each pair once; item i is out from day i on, so that the last ones are new at the end."""
    rng = randomness.generator(0, "clicks")
    pairs = rng.permutation(n_users * n_items)[: n_users * 20]
    items = pairs % n_items
    times = items + rng.integers(0, n_days - items)
    order = np.argsort(times, kind="stable")
    return Events(pairs[order] // n_items, items[order], times[order].astype(np.float64), True)


def test_nothing_from_later_is_known() -> None:
    found = events()
    first, second = np.quantile(found.times, [0.8, 0.9], method="higher")
    when = dict(zip(zip(found.users.tolist(), found.items.tolist(), strict=True), found.times.tolist(), strict=True))
    parts = split(found, "time", 0, 3)
    learned = np.unique(found.items[found.times < first])
    assert parts.train.shape[1] == len(learned)
    assert parts.train.nnz == sum(time < first for time in when.values())  # every user has three by then
    for part, low, high in ((parts.validation, first, second), (parts.test, second, np.inf)):
        known, asked = part.known.tocoo(), part.asked.tocoo()
        rows = {row: set(learned[known.col[known.row == row]]) for row in range(part.known.shape[0])}
        users = {}
        for row, items in rows.items():
            of = [
                u for u in range(30) if items == {i for (v, i), t in when.items() if v == u and t < low} & set(learned)
            ]
            assert len(of) == 1
            users[row] = of[0]
        times = [when[users[row], int(learned[col])] for row, col in zip(asked.row, asked.col, strict=True)]
        assert all(low <= time < high for time in times)
        assert len(times) > 10


def test_who_takes_part_is_decided_by_what_was_known() -> None:
    """A user whose clicks come late has as many as the others in the end, and is neither learned from nor asked."""
    found = events()
    late = np.full(20, 99.5)
    more = Events(
        np.append(found.users, np.full(20, 30)),
        np.append(found.items, np.arange(20)),
        np.append(found.times, late),
        True,
    )
    parts = split(more, "time", 0, 3)
    assert parts.train.shape[0] == 30
    assert parts.test.known.shape[0] <= 30
    assert np.diff(parts.test.known.indptr).min() >= 3


def test_times_are_needed_and_enough_of_them(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("user,item\n" + "".join(f"{u},{i}\n" for u in range(5) for i in range(9)))
    with pytest.raises(DataError, match="needs times"):
        split(read_events(tmp_path / "r.csv"), "time", 0)
    with pytest.raises(DataError, match="nobody has 99 positives"):
        split(events(), "time", 0, 99)
