"""`serendip new` writes parts that work, and tests that hold them to their contracts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serendip.experiments.__main__ import main

TRY: dict[str, list[str]] = {
    "agent": ["run", "discovery", "--world", "tiny", "--agents", "mine.py:Mine", "uniform"],
    "study": ["run", "mine.py:CARD"],
    "dynamics": ["run", "discovery", "--world", "world", "--agents", "uniform", "--use", "mine.py:CARD"],
    "model": [
        "run",
        "discovery",
        "--world",
        "tiny",
        "--agents",
        "greedy:belief=point,model=mine",
        "--use",
        "mine.py:CARD",
    ],
}


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from serendip.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize("kind", ["agent", "dynamics", "estimator", "model", "study"])
def test_a_new_part_passes_its_own_test_and_runs_beside_the_shipped_ones(kind: str, tmp_path: Path) -> None:
    assert main(["new", kind, "mine", "--folder", str(tmp_path)]) == 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        capture_output=True, text=True, cwd=tmp_path, env=environment, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr
    if kind in TRY:
        (tmp_path / "world").mkdir()
        world: dict[str, Any] = {"base": "tiny", "name": "mine", "dynamics": {"kind": "mine"}}
        (tmp_path / "world" / "world.json").write_text(json.dumps(world))
        done = command(*TRY[kind], "--seeds", "2", "--days", "3", "--jobs", "2", "--out", "out", cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "agent", "mine", "--folder", str(tmp_path)]) == 0
    (tmp_path / "mine.py").write_text("kept")
    assert main(["new", "agent", "mine", "--folder", str(tmp_path)]) == 2
    assert (tmp_path / "mine.py").read_text() == "kept"
    assert main(["new", "agent", "../evil", "--folder", str(tmp_path)]) == 2
    assert "a name is lower case letters" in capsys.readouterr().err


def test_the_doctor_says_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "numpy" in said
    assert "extra play" in said
    assert "memory: " in said
