"""A look at a file says what was guessed, and counts what is kept and dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serendip.experiments.__main__ import main

ROWS = [  # user, item, rating: anna has two positives of three rows, one of them twice
    ("anna", "i1", 5),
    ("anna", "i1", 5),
    ("anna", "i2", 4),
    ("anna", "i3", 1),
    ("bert", "i1", 5),
]


def test_a_look_counts_what_is_kept_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(f"{u}\t{i}\t{r}\t{1_000_000_000 + n}\n" for n, (u, i, r) in enumerate(ROWS)))
    assert main(["look", str(path), "--min-events", "2"]) == 0
    out = capsys.readouterr().out
    assert "5 rows of 2 users and 3 items; 2001-09-09 to 2001-09-09, seconds" in out
    assert "4 positives (80.0%): a rating of 4 or more" in out
    assert "  1 (user)  2 (item)  3 (rating)  4 (time)\n  anna      i1        5           1000000000\n" in out
    assert "dropped: 1 rows that are no positives" in out
    assert "dropped: 1 positives that repeat a user and an item" in out
    assert (
        "drops 1 users with fewer than 2 positives (--min-events), and keeps 2 positives of 1 users and 2 items" in out
    )
    assert "1 items with 1 positives" in out
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_look_takes_what_a_person_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "seen.csv").write_text("who,what,share\na,x,0.9\nb,x,0.2\n")
    words = ["--columns", "user=who", "item=what", "--positive", "share>=0.8"]
    assert main(["look", str(tmp_path / "seen.csv"), *words]) == 0
    out = capsys.readouterr().out
    assert "1 positives (50.0%): share >= 0.8" in out
    assert "no times, so the order of rows" in out


def test_what_cannot_be_read_is_one_line(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text("who,what,share\na,x,1\n")
    assert "--columns user=COLUMN" in refused("look", tmp_path / "seen.csv")
    assert "no condition" in refused("look", tmp_path / "seen.csv", "--positive", "much")
    assert "unknown name" in refused("look", tmp_path / "seen.csv", "--columns", "who=who")
