"""Paths that are given to Arrow are absolute: a relative one such as `s3:x` it takes for an address."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READS_OR_WRITES = re.compile(r"\bpq\.(ParquetFile|ParquetWriter|read_\w+|write_\w+)\(")


def relative(text: str) -> list[str]:
    """Return the lines that give Parquet's library a path as it came."""
    fine = (".absolute()", "ParquetFile(stream)")  # a stream is no path
    return [
        line.strip()
        for line in text.splitlines()
        if READS_OR_WRITES.search(line) and not any(word in line for word in fine)
    ]


def test_parquet_files_are_named_by_absolute_paths() -> None:
    floors = ("api", "simulator", "agents", "envs", "experiments")
    found = {
        str(path.relative_to(ROOT)): lines
        for floor in floors
        for path in (ROOT / floor).rglob("*.py")
        if (lines := relative(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_a_relative_one_would_be_found() -> None:
    assert relative("    table = pq.read_table(path)\n    pq.write_table(table, path.absolute())") == [
        "table = pq.read_table(path)"
    ]
