"""What was before the first day is written a row group at a time: the same file as in one piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.simulator.logs import organic_table, writing
from serendip.simulator.organic import organic_history
from serendip.simulator.world import make_world


def test_tables_one_by_one_are_the_file_of_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables: list[Any] = [organic_table(o.visits, o.items, o.clicked) for o in organic_history(make_world("tiny", 0))]
    whole = pa.concat_tables(tables)
    writing._write_tables(tmp_path / "some.parquet", tables)
    writing._write_tables(tmp_path / "one.parquet", [whole])
    assert (tmp_path / "some.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()
    monkeypatch.setattr(writing, "_GROUP", len(whole) // 3)
    writing._write_tables(tmp_path / "groups.parquet", tables)
    found: Any = pq.ParquetFile(tmp_path / "groups.parquet")
    assert found.read().equals(whole)
    assert [found.metadata.row_group(k).num_rows for k in range(3)] == [len(whole) // 3] * 3


def test_no_tables_are_no_file(tmp_path: Path) -> None:
    writing._write_tables(tmp_path / "none.parquet", [])
    assert not (tmp_path / "none.parquet").exists()


def test_users_a_block_at_a_time_did_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> list[bytes]:
        past = list(organic_history(make_world("tiny", 0)))
        days = sorted({o.visits.day for o in past})
        assert [o.visits.day for o in past] == sorted(o.visits.day for o in past)
        return [
            b"".join(getattr(o, name).tobytes() for o in past if o.visits.day == day)
            for day in days
            for name in ("items", "clicked")
        ]

    whole = told()
    monkeypatch.setattr("serendip.simulator.arrays.AT_ONCE", 7)
    assert told() == whole
