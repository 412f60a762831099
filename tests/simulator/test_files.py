"""Files are there whole or not at all, follow no planted link, and obey the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serendip.agents.saving import read_folder, write_folder
from serendip.simulator.files import whole_file, write_whole
from serendip.simulator.settings_json import write_json

posix = pytest.mark.skipif(os.name == "nt", reason="permissions and links work in another way there")


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "naïve")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "naïve"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_is_raised_meanwhile_leaves_the_old_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")

    def fail() -> None:
        with whole_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@posix
def test_the_umask_is_obeyed(tmp_path: Path, umask: None) -> None:
    write_json(tmp_path / "a.json", {})
    write_folder(tmp_path / "agent", {}, {"x": np.zeros(3)})
    for path in (tmp_path / "a.json", tmp_path / "agent" / "arrays.safetensors", tmp_path / "agent" / "agent.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640, path
    assert read_folder(tmp_path / "agent")[1]["x"].tolist() == [0.0, 0.0, 0.0]


@posix
def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("a.json.tmp", ".a.json.0123.tmp", "a.json"):
        (tmp_path / name).symlink_to(victim)
    write_json(tmp_path / "a.json", {"a": 1})
    assert victim.read_text() == "precious"
    assert not (tmp_path / "a.json").is_symlink()


@posix
def test_what_a_killed_writer_left_is_removed_and_a_living_one_is_not(tmp_path: Path) -> None:
    (tmp_path / ".a.json.0123456789abcdef.tmp").write_text("half")
    with whole_file(tmp_path / "a.json") as first:
        first.write_text("first")
        write_json(tmp_path / "a.json", "second")
    assert (tmp_path / "a.json").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
