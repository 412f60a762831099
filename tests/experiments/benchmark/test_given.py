"""A data set that says itself what is held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from serendip.experiments.benchmark.data import read_events
from serendip.experiments.benchmark.splits import split
from serendip.simulator.errors import DataError


def folder(path: Path, test: str) -> Path:
    clicks = np.ones((3, 12))
    clicks[:, 11] = 0.0
    clicks[0, 0] = 0.0
    both = scipy.sparse.block_array([[None, clicks], [clicks.T, None]]).tocsr()
    scipy.sparse.save_npz(path / "s_adj_mat.npz", both)
    (path / "test.txt").write_text(test)
    return path


def test_the_file_is_the_test_and_nothing_else_is(tmp_path: Path) -> None:
    events = read_events(folder(tmp_path, "0 11\n1 11 3\n2\n"), given=True)  # 3 was learned from: it stays
    assert events.shape == (3, 12)
    parts = split(events, "given", 0)
    assert parts.test.asked.nonzero()[0].tolist() == [0, 1]
    assert parts.test.asked.nonzero()[1].tolist() == [11, 11]
    assert np.diff(parts.validation.asked.indptr).tolist() == [1, 1, 1]
    assert parts.train.nnz == 32 - 3
    assert parts.train[:, [11]].nnz == 0


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"test.txt, line 2"):
        read_events(folder(tmp_path, "0 11\n1 x\n"), given=True)


def test_without_such_a_file_it_cannot_be_asked_for(tmp_path: Path) -> None:
    (folder(tmp_path, "") / "test.txt").unlink()
    with pytest.raises(DataError, match="strong"):
        split(read_events(tmp_path, given=True), "given", 0)


def test_the_other_protocols_do_not_read_it(tmp_path: Path) -> None:
    assert read_events(folder(tmp_path, "0 11\n1 11\n")).given is None
    assert read_events(tmp_path).shape == (3, 11)
