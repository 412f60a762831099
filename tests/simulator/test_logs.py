"""Writing and reading a log: what comes back is what went in, and the same log is the same bytes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import DECISIONS, Decisions, LogMeta, LogWriter, open_log, organic_table

N_ITEMS, SLATE = 9, 3
ITEMS = Items((np.arange(N_ITEMS) % 4).astype(np.int32), np.array([0] * 8 + [2], np.int32))
META = LogMeta("a run", ("one", "two"), SLATE, 3, seed=5, key=-(2**62), world={"n": 1}, agents=({"a": 1}, {"b": [2]}))


def users_table(n):
    days = {"first_day": np.zeros(n, int), "last_day": np.full(n, 2), "censored": [True] * n}
    return pa.table({"user_id": np.arange(n), "cohort": ["low"] * n, **days})


def moment(day, visit, n_users, seed=0):
    """Return visits, slates, feedback and state of one day and visit number."""
    rng = np.random.default_rng([seed, day, visit])
    visits = Visits(np.arange(n_users), day, np.full(n_users, visit, np.int32), ITEMS.available(day))
    items = np.stack([rng.permutation(N_ITEMS - 1)[:SLATE] for _ in range(n_users)]).reshape(n_users, SLATE)
    propensities = rng.uniform(0.01, 1.0, (n_users, SLATE))
    slates = Slates(items, propensities, propensities.prod(axis=1), rng.random(n_users) < 0.5)
    return visits, slates, Feedback(rng.random((n_users, SLATE)) < 0.3), rng.random((n_users, 3)).astype(np.float32)


def write(path, n_users=20, *, rows_per_part=1 << 19, pieces=1, with_state=True, **options):
    """Write a small log, the visits of each moment in `pieces` appends."""
    writer = LogWriter(path, rows_per_part)
    for day in range(3):
        for visit in range(2):
            visits, slates, feedback, state = moment(day, visit, n_users)
            for rows in np.array_split(np.arange(n_users), pieces):
                part = visits.rows(rows), slates.rows(rows), Feedback(feedback.clicked[rows])
                writer.append(*part, state=state[rows] if with_state else None, policy=day % 2, policy_version=day)
    writer.close(options.pop("meta", META), users_table(n_users), ITEMS, **options)
    return open_log(path)


def same(one: Decisions, other: Decisions):
    for spec in dataclasses.fields(Decisions):
        np.testing.assert_array_equal(getattr(one, spec.name), getattr(other, spec.name), err_msg=spec.name)


def bytes_of(path: Path):
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def test_what_comes_back_is_what_went_in(tmp_path):
    log = write(tmp_path)
    found = log.decisions()
    moments = [moment(day, visit, 20) for day in range(3) for visit in range(2)]
    assert len(found) == 6 * 20 * SLATE
    np.testing.assert_array_equal(found.user_id, np.concatenate([np.repeat(v.user_ids, SLATE) for v, *_ in moments]))
    np.testing.assert_array_equal(found.day, np.repeat([0, 1, 2], 2 * 20 * SLATE))
    np.testing.assert_array_equal(found.visit, np.tile(np.repeat([0, 1], 20 * SLATE), 3))
    np.testing.assert_array_equal(found.position, np.tile(np.arange(SLATE), 6 * 20))
    np.testing.assert_array_equal(found.item_id, np.concatenate([s.items.ravel() for _, s, *_ in moments]))
    np.testing.assert_array_equal(found.propensity, np.concatenate([s.propensities.ravel() for _, s, *_ in moments]))
    whole = np.concatenate([np.repeat(s.slate_propensities, SLATE) for _, s, *_ in moments])
    np.testing.assert_array_equal(found.slate_propensity, whole)
    clicked = np.concatenate([f.clicked.ravel() for _, _, f, _ in moments])
    np.testing.assert_array_equal(found.clicked, clicked)
    np.testing.assert_array_equal(found.reward, clicked.astype(np.float32))
    np.testing.assert_array_equal(
        found.explored, np.concatenate([np.repeat(s.explored, SLATE) for _, s, *_ in moments])
    )
    np.testing.assert_array_equal(found.policy, found.day % 2)
    np.testing.assert_array_equal(found.policy_version, found.day)
    np.testing.assert_array_equal(found.state, np.concatenate([np.repeat(s, SLATE, axis=0) for *_, s in moments]))


def test_types_are_those_of_the_format(tmp_path):
    log = write(tmp_path)
    found = log.decisions()
    kinds = {"user_id": np.int64, "day": np.int32, "visit": np.int32, "position": np.int16, "item_id": np.int64}
    kinds |= {"propensity": np.float64, "slate_propensity": np.float64, "clicked": np.bool_, "reward": np.float32}
    kinds |= {"explored": np.bool_, "policy": np.int16, "policy_version": np.int32, "state": np.float32}
    for name, kind in kinds.items():
        assert getattr(found, name).dtype == kind, name
    assert pq.read_schema(log.parts[0]).equals(DECISIONS)
    assert pq.read_metadata(log.parts[0]).row_group(0).column(0).compression == "ZSTD"


def test_the_tables_beside_the_decisions_come_back(tmp_path):
    visits, slates, feedback, _ = moment(0, 0, 5)
    before = dataclasses.replace(visits, day=-1)
    organic = organic_table(before, slates.items, feedback.clicked)
    log = write(tmp_path, organic=organic, truth=pa.table({"user_id": [1], "breadth": [0.5]}))
    assert dataclasses.replace(log.meta, contents=None) == META
    assert log.organic().equals(organic)
    assert log.organic()["day"].to_pylist() == [-1] * 15
    assert log.truth().column_names == ["user_id", "breadth"]
    np.testing.assert_array_equal(log.items().topic, ITEMS.topic)
    np.testing.assert_array_equal(log.items().released, ITEMS.released)
    assert log.users()["user_id"].to_pylist() == list(range(20))
    assert log.users()["cohort"].to_pylist() == ["low"] * 20


def test_what_may_be_absent_is_none(tmp_path):
    log = write(tmp_path, with_state=False)
    assert log.organic() is None
    assert log.truth() is None
    assert log.decisions().state is None


def test_an_unknown_slate_propensity_is_null(tmp_path):
    visits, slates, feedback, _ = moment(0, 0, 4)
    writer = LogWriter(tmp_path)
    writer.append(visits, dataclasses.replace(slates, slate_propensities=None), feedback)
    writer.close(META, users_table(4), ITEMS)
    log = open_log(tmp_path)
    assert np.isnan(log.decisions().slate_propensity).all()
    assert pq.read_table(log.parts[0])["slate_propensity"].null_count == 4 * SLATE


def test_a_state_unknown_in_part_makes_those_rows_null(tmp_path):
    writer = LogWriter(tmp_path)
    for visit, known in ((0, True), (1, False)):
        visits, slates, feedback, state = moment(0, visit, 4)
        writer.append(visits, slates, feedback, state=state if known else None)
    writer.close(META, users_table(4), ITEMS)
    log = open_log(tmp_path)
    assert pq.read_table(log.parts[0])["state"].null_count == 4 * SLATE
    assert log.decisions().state is None  # a batch with a gap has no state


@pytest.mark.parametrize("pieces", [2, 7, 20])
def test_parts_do_not_hang_on_how_the_rows_were_appended(tmp_path, pieces):
    write(tmp_path / "one", rows_per_part=50)
    log = write(tmp_path / "other", rows_per_part=50, pieces=pieces)
    assert [pq.read_metadata(part).num_rows for part in log.parts] == [50] * 7 + [10]
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "other")


@settings(max_examples=12, deadline=None)
@given(n_users=st.integers(1, 12), rows_per_part=st.integers(5, 400), n_rows=st.integers(1, 500))
def test_any_size_of_part_and_of_batch_reads_back_the_same(tmp_path_factory, n_users, rows_per_part, n_rows):
    path = tmp_path_factory.mktemp("log")
    log = write(path / "parts", n_users, rows_per_part=rows_per_part)
    sizes = [pq.read_metadata(part).num_rows for part in log.parts]
    assert set(sizes[:-1]) <= {rows_per_part}
    assert sum(sizes) == 6 * SLATE * n_users
    same(log.decisions(), write(path / "whole", n_users).decisions())
    batches = list(log.batches(n_rows))
    assert max(len(batch) for batch in batches) <= n_rows
    np.testing.assert_array_equal(np.concatenate([b.item_id for b in batches]), log.decisions().item_id)


def test_a_log_written_twice_is_the_same_bytes(tmp_path):
    write(tmp_path / "one")
    write(tmp_path / "other")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "other")


def test_a_log_read_and_written_again_is_the_same_bytes(tmp_path):
    log = write(tmp_path / "one")
    found = log.decisions()
    writer = LogWriter(tmp_path / "other")
    shape = (-1, SLATE)
    for day in range(3):
        for visit in range(2):
            rows = found.rows((found.day == day) & (found.visit == visit))
            users = rows.user_id.reshape(shape)[:, 0]
            visits = Visits(users, day, rows.visit.reshape(shape)[:, 0], ITEMS.available(day))
            whole, explored = rows.slate_propensity.reshape(shape)[:, 0], rows.explored.reshape(shape)[:, 0]
            slates = Slates(rows.item_id.reshape(shape), rows.propensity.reshape(shape), whole, explored)
            state = rows.state.reshape(-1, SLATE, 3)[:, 0]
            feedback = Feedback(rows.clicked.reshape(shape))
            writer.append(visits, slates, feedback, state=state, policy=day % 2, policy_version=day)
    writer.close(log.meta, log.users(), log.items())
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "other")


def test_no_visits_are_no_rows(tmp_path):
    writer = LogWriter(tmp_path)
    visits, slates, feedback, state = moment(0, 0, 4)
    none = np.zeros(0, int)
    writer.append(visits.rows(none), slates.rows(none), Feedback(feedback.clicked[none]), state=state[none])
    writer.append(visits, slates, feedback, state=state)
    writer.close(META, users_table(4), ITEMS)
    assert len(open_log(tmp_path).decisions()) == 4 * SLATE


def test_a_log_is_not_written_over_another(tmp_path):
    write(tmp_path)
    with pytest.raises(DataError, match="holds a log already; give another folder"):
        LogWriter(tmp_path)


def test_a_log_cut_off_while_it_is_written_is_no_log(tmp_path):
    writer = LogWriter(tmp_path, rows_per_part=10)
    writer.append(*moment(0, 0, 20)[:3])
    assert not list(tmp_path.rglob("*.tmp"))
    assert [pq.read_metadata(part).num_rows for part in sorted(tmp_path.rglob("part-*"))] == [10] * 6
    with pytest.raises(DataError, match="not a log, or one whose writing was cut off"):
        open_log(tmp_path)


def test_rows_pick_every_column(tmp_path):
    found = write(tmp_path).decisions()
    mask = found.clicked
    picked = found.rows(mask)
    assert len(picked) == int(mask.sum())
    np.testing.assert_array_equal(picked.state, found.state[mask])
    assert found.rows(slice(2, 5)).item_id.tolist() == found.item_id[2:5].tolist()
