"""Names, worlds and folders that cannot be run: one line that names the place, exit code 2, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "unicorn"], ["unicorn", "discovery"]),
        (["run", "discovery", "--world", "unicorn", "--agents", "uniform"], ["unicorn", "default", "tiny", "folder"]),
        (["run", "discovery", "--world", "tiny", "--agents", "unicorn"], ["unicorn", "uniform", "popularity"]),
        (["run", "discovery", "--world", "tiny", "--agents", "uniform", "uniform"], ["uniform", "twice"]),
        (["run", "discovery", "--batch-size", "0"], ["--batch-size", "'0'"]),
    ],
)
def test_names_that_are_unknown_to_a_run(
    refused: Callable[..., str], tmp_path: Path, arguments: list[str], named: list[str]
) -> None:
    line = refused(*arguments, "--out", tmp_path / "results")
    assert all(name in line for name in named)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", ["not valid JSON"]),
        ("[]", ["object"]),
        ('{"unicorns": 1}', ["unicorns", "slate_size"]),
        ('{"slate_size": "five"}', ["slate_size", "'five'"]),
        ('{"slate_size": 0}', ["slate_size", "1 to 1,000,000"]),
        ('{"dynamics": {"kind": "unicorn"}}', ["unicorn", "repertoire"]),
        ('{"dynamics": {"kind": "repertoire", "horn": 1}}', ["horn", "discovery_effect"]),
    ],
)
def test_a_world_with_a_setting_that_cannot_be(
    refused: Callable[..., str], tmp_path: Path, text: str, named: list[str]
) -> None:
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "world.json").write_text(text)
    line = refused(
        "run", "discovery", "--agents", "uniform", "--world", tmp_path / "world", "--out", tmp_path / "results"
    )
    assert all(name in line for name in ["world.json", *named]), line


def test_results_where_a_file_is(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "results").write_text("something else")
    assert "results" in refused(
        "run", "discovery", "--agents", "uniform", "--world", "tiny", "--out", tmp_path / "results"
    )


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_a_folder_without_results(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    assert name in refused("plot", tmp_path / name)
