"""`serendip new` writes parts that keep their contracts; `test_own_parts.py` runs them beside the shipped ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from serendip.experiments.__main__ import main


@pytest.mark.parametrize("kind", ["agent", "dynamics", "estimator", "model", "study"])
def test_a_new_part_passes_its_own_test(kind: str, tmp_path: Path) -> None:
    assert main(["new", kind, "mine", "--folder", str(tmp_path)]) == 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        capture_output=True, text=True, cwd=tmp_path, env=environment, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr


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
