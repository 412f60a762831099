"""Data that nothing can be benchmarked on: one line that says where and why, exit code 2, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from serendip.experiments.benchmark.data import read_events
from serendip.simulator.errors import DataError

HEADER = "userId,movieId,rating,timestamp\n"
NINE = "".join(f"{{user}},{item},5,{item}\n" for item in range(9))


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("r.csv", "", ["empty", "user and item"]),
        ("r.csv", HEADER, ["no rows"]),
        ("r.csv", HEADER + "1,1,0,7\n", ["no rating is above 0", "--min-rating"]),
        ("r.csv", "userId,rating\n1,5\n", ["item", "movieId", "--columns item=COLUMN"]),
        ("r.csv", HEADER + "1,1,good,7\n", ["line 2", "good"]),
        ("r.csv", HEADER + "1,1,5,7\n1,2,nan,8\n", ["line 3", "nan"]),
        ("r.csv", HEADER + "1,1,5,yesterday\n", ["line 2", "yesterday"]),
        ("r.csv", HEADER + "1,1,5,inf\n", ["line 2", "inf"]),
        ("r.csv", HEADER + "1,1\n", ["line 2"]),
        ("r.csv", HEADER + "1,1,5,7,8\n", ["line 2", "5 cells", "has 4"]),
        ("r.csv", HEADER + "1,1,1_0,7\n", ["line 2", "1_0"]),
        ("r.csv", HEADER + ",1,5,7\n", ["line 2", "userId is empty"]),
        ("r.csv", HEADER + "1, ,5,7\n", ["line 2", "movieId is empty"]),
        ("r.csv", HEADER + '1,"1,5,7\n' + NINE.format(user="anna"), ["quote"]),
        ("r.csv", HEADER + '1,"1,5,7\n2,1",5,7\n' + NINE.format(user="anna"), ["line 2", "not closed"]),
        ("r.csv", HEADER + NINE.format(user="anna"), ["two users", "--min-events"]),
        ("r.csv", HEADER + "".join(NINE.format(user=user) for user in range(5)), ["5 are too few", "ten"]),
        ("clicks.txt", "", ["empty"]),
        ("clicks.txt", "anna film\nanna film again\n", ["line 2", "anna film again"]),
        ("matrix.npz", "no matrix", ["not a SciPy matrix", "save_npz"]),
    ],
)
def test_files_that_cannot_be(
    refused: Callable[..., str], tmp_path: Path, name: str, text: str, named: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    line = refused("benchmark", tmp_path / name, "--out", tmp_path / "out")
    assert all(word in line for word in named), line


@pytest.mark.parametrize("name", ["r.csv", "clicks.txt"])
def test_what_is_no_text(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refused("benchmark", tmp_path / name, "--out", tmp_path / "out")


@pytest.mark.parametrize(("value", "named"), [(-2.0, "-2"), (np.nan, "nan"), (np.inf, "inf")])
def test_a_matrix_with_a_value_that_cannot_be(
    refused: Callable[..., str], tmp_path: Path, value: float, named: str
) -> None:
    clicks = np.ones((12, 9))
    clicks[3, 2] = value
    scipy.sparse.save_npz(tmp_path / "m.npz", scipy.sparse.csr_array(clicks))
    line = refused("benchmark", tmp_path / "m.npz", "--out", tmp_path / "out")
    assert f"row 3, column 2 is {named};" in line


@pytest.mark.parametrize(("at", "value"), [(8, 99), (6, 1)])  # a packing that nobody knows; a locked archive
def test_an_archive_that_cannot_be_unpacked(refused: Callable[..., str], tmp_path: Path, at: int, value: int) -> None:
    scipy.sparse.save_npz(tmp_path / "m.npz", scipy.sparse.coo_array(np.eye(4)))
    whole = bytearray((tmp_path / "m.npz").read_bytes())
    for mark, place in ((b"PK\x03\x04", at), (b"PK\x01\x02", at + 2)):
        start = whole.find(mark)
        while start >= 0:
            whole[start + place] = value
            start = whole.find(mark, start + 4)
    (tmp_path / "m.npz").write_bytes(whole)
    assert "not a SciPy matrix" in refused("benchmark", tmp_path / "m.npz", "--out", tmp_path / "out")


def test_an_order_in_time_that_is_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "m.npz", scipy.sparse.csr_array(np.ones((12, 9))))
    line = refused("benchmark", tmp_path / "m.npz", "--protocol", "last", "--out", tmp_path / "out")
    assert "order in time" in line
    line = refused("benchmark", tmp_path / "m.npz", "--models", "popularity", "gru", "--out", tmp_path / "out")
    assert "gru" in line


def test_what_is_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "no such file" in refused("benchmark", tmp_path / "none.csv", "--out", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    assert "ratings.csv" in refused("benchmark", tmp_path / "empty", "--out", tmp_path / "out")
    assert "ease" in refused("benchmark", tmp_path / "none.csv", "--models", "magic", "--out", tmp_path / "out")
    assert "trials must be" in refused("benchmark", tmp_path / "none.csv", "--trials", "0", "--out", tmp_path / "out")


def test_what_only_looks_bad_is_read(tmp_path: Path) -> None:
    """Text ids, a byte-order mark, blank lines, repeated pairs, stored zeros."""
    text = "\ufeff" + HEADER + "\n".join(f"{user},{item},5,{item}" for user in "ab" for item in [*range(9), 3])
    (tmp_path / "r.csv").write_text(text + "\n\n", encoding="utf-8")
    assert len(read_events(tmp_path / "r.csv").users) == 18
    (tmp_path / "c.txt").write_text("".join(f"{user} i{item}\n\n" for user in "ab" for item in range(5)))
    assert read_events(tmp_path / "c.txt").shape == (2, 5)
    clicks = scipy.sparse.csr_array(np.ones((4, 9)))
    clicks.data[0] = 0.0
    scipy.sparse.save_npz(tmp_path / "m.npz", clicks)
    assert len(read_events(tmp_path / "m.npz").users) == 35


@pytest.mark.parametrize("line", ["0 -1\n", "-2 1\n", "0 99999999999\n", "0 one\n"])
def test_a_test_of_ids_that_cannot_be(tmp_path: Path, line: str) -> None:
    scipy.sparse.save_npz(tmp_path / "m.npz", scipy.sparse.csr_array(np.ones((12, 9))))
    (tmp_path / "test.txt").write_text("1 2\n" + line)
    with pytest.raises(DataError, match="line 2"):
        read_events(tmp_path / "m.npz", given=True)
