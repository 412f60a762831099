"""What a visitor must not be shown is in the log, and who replays it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.agents.registry import make
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Items, Visits
from serendip.simulator.logs import LogMeta, LogWriter, seal

N_USERS, N_ITEMS, SLATE, DAYS, KEY = 9, 12, 3, 3, 11
ITEMS = Items((np.arange(N_ITEMS) % 4).astype(np.int32), np.where(np.arange(N_ITEMS) == 5, 2, 0).astype(np.int32))


def visits_on(day: int, visit: int) -> Visits:
    """Each user has blocked some items, others every day; one has blocked nothing."""
    visits = Visits(np.arange(N_USERS), day, np.full(N_USERS, visit, np.int32), ITEMS.available(day))
    users = np.repeat(np.arange(1, N_USERS), 4)
    blocked = (users * 5 + np.tile(np.arange(4), N_USERS - 1) * 3 + day + visit) % N_ITEMS
    return visits.without(users, blocked)


def logged(path: Path) -> LogSource:
    agent = make("popularity", ITEMS, SLATE, 1, epsilon=0.4)
    writer = LogWriter(path)
    for day in range(DAYS):
        for visit in range(2):
            visits = visits_on(day, visit)
            slates = agent.act(visits, KEY)
            feedback = Feedback(slates.items % 3 == 0)
            writer.append(visits, slates, feedback)
            agent.observe(visits, slates, feedback)
    days = {"first_day": np.zeros(N_USERS, int), "last_day": np.full(N_USERS, 2), "censored": [True] * N_USERS}
    users = pa.table({"user_id": np.arange(N_USERS), "cohort": ["low"] * N_USERS, **days})
    writer.close(LogMeta("run", ("popularity",), SLATE, DAYS, key=KEY), users, ITEMS)
    return LogSource(path)


def test_a_replay_meets_the_same_visits_and_gives_the_logged_propensities(tmp_path: Path) -> None:
    agent = make("popularity", ITEMS, SLATE, 1, epsilon=0.4)
    steps = list(logged(tmp_path).steps())
    assert len(steps) == DAYS * 2
    for step in steps:
        asked = visits_on(step.visits.day, int(step.visits.visit[0]))
        np.testing.assert_array_equal(step.visits.available, asked.available)
        mixture = agent.mixture(step.visits, KEY)
        np.testing.assert_array_equal(mixture.at_position(step.items), step.propensity)
        np.testing.assert_array_equal(mixture.of_slate(step.items), step.slate_propensity)
        row = int(np.flatnonzero(step.visits.user_ids == 4)[0])
        alone = Visits(step.visits.user_ids[[row]], step.visits.day, step.visits.visit[[row]], ITEMS.available(0))
        assert (agent.mixture(alone, KEY).at_position(step.items[[row]]) != step.propensity[[row]]).any()


def test_only_what_was_there_is_hidden(tmp_path: Path) -> None:
    logged(tmp_path)
    table = pq.read_table(tmp_path / "hidden.parquet")
    assert table.num_rows > 0
    assert all(
        day >= 2 for item, day in zip(*(table[n].to_pylist() for n in ("item_id", "day")), strict=True) if item == 5
    )


def test_a_hidden_item_that_was_shown_and_one_that_there_is_not_are_errors(tmp_path: Path) -> None:
    source = logged(tmp_path)
    first = next(source.steps())
    file = tmp_path / "hidden.parquet"
    table = pq.read_table(file)
    once: dict[str, list[int]] = {"user_id": [0], "day": [0], "visit": [0]}
    until: dict[str, list[int]] = {"last_day": [0], "last_visit": [0]}
    shown = pa.table(once | {"item_id": [int(first.items[0, 0])]} | until).cast(table.schema)
    pq.write_table(pa.concat_tables([table, shown]), file)
    seal(tmp_path)
    with pytest.raises(DataError, match=r"day 0: a slate holds an item that hidden\.parquet says"):
        list(LogSource(tmp_path).steps())
    pq.write_table(pa.table(once | {"item_id": [N_ITEMS]} | until).cast(table.schema), file)
    seal(tmp_path)
    with pytest.raises(DataError, match="item_id"):
        LogSource(tmp_path)
    until["last_day"] = [-1]
    pq.write_table(pa.table(once | {"item_id": [0]} | until).cast(table.schema), file)
    seal(tmp_path)
    with pytest.raises(DataError, match="last_day is -1; it is before the first day and visit"):
        LogSource(tmp_path)


def test_what_is_hidden_twice_at_once_is_an_error(tmp_path: Path) -> None:
    """Counts of what could be shown would take it off twice."""
    logged(tmp_path)
    file = tmp_path / "hidden.parquet"
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table, table.slice(3, 1)]), file)
    seal(tmp_path)
    with pytest.raises(DataError, match=rf"row {table.num_rows}.*hidden from the user by another row then, too"):
        LogSource(tmp_path)
