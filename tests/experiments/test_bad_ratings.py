"""Ratings that no world can be fitted to: one line that names the row, exit code 2, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["empty"]),
        ("userId,movieId,rating,timestamp\n", ["no rows"]),
        ("userId,rating,timestamp\n1,5.0,100\n", ["item", "userId, rating, timestamp", "--columns item=COLUMN"]),
        ("userId,movieId,rating,timestamp\n1,2,5.0,100\n1,3,good,200\n", ["line 3", "rating", "good"]),
        ("userId,movieId,rating,timestamp\n1,2,5.0,100\n1,3,4.0,yesterday\n", ["line 3", "timestamp", "yesterday"]),
    ],
)
def test_ratings_that_cannot_be(refused: Callable[..., str], tmp_path: Path, text: str, named: list[str]) -> None:
    (tmp_path / "ratings.csv").write_text(text)
    line = refused("calibrate", tmp_path / "ratings.csv", "--out", tmp_path / "world")
    assert all(name in line for name in ["ratings.csv", *named]), line


def test_ratings_that_are_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "nowhere.csv" in refused("calibrate", tmp_path / "nowhere.csv", "--out", tmp_path / "world")
