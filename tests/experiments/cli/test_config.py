"""Flags from a file, and a process that is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.cli.config import with_config


def test_flags_of_a_file_stand_where_the_command_line_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        'study = "discovery"\nagents = ["uniform", "ease-greedy"]\ndays = 7\nfirst_seed = 3\ntruth = true\nx = false\n'
    )
    assert with_config(["run", "--config", str(file), "--days", "9"]) == [
        "run", "discovery", "--days", "9", "--agents", "uniform", "ease-greedy", "--first-seed", "3", "--truth",
    ]  # fmt: skip
    assert with_config(["run", "other", "--config", str(file)])[:2] == ["run", "other"]
    assert with_config(["list"]) == ["list"]
    file.write_text('agents = ["ease-epsilon:epsilon=0.3", "greedy:belief=point,model=ease"]\nworld = "c:worlds/mine"')
    assert len(with_config(["run", "discovery", "--config", str(file)])) == 7


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("days = ", "not TOML"),
        ("days = " + "[" * 20_000 + "]" * 20_000, "nested too deep"),
        ("days = " + "9" * 5_000, "not TOML"),
        ("[a]\nb = 1", "a is no flag's value"),
        (None, "no such file"),
        ("nonsense = 1", "nonsense"),
        ('agents = ["uniform", "mine.py:Mine"]', "agents names code (mine.py:Mine)"),
        ('agents = ["mine.py:Mine:x=1"]', "names code"),
        ('use = ["package.module:CARD"]', "use names code"),
        ('study = "mine.py:CARD"', "study names code"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    text: str | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "study.toml").write_text(text)
    assert main(["run", "discovery", "--config", str(tmp_path / "study.toml")]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM is a Unix thing")
def test_a_process_that_is_asked_to_end_says_how_to_go_on(tmp_path: Path) -> None:
    code = "import sys; from serendip.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"
    words = [
        "run",
        "discovery",
        "--world",
        "tiny",
        "--agents",
        "uniform",
        "--seeds",
        "40",
        "--days",
        "200",
        "--jobs",
        "1",
    ]
    process = subprocess.Popen([sys.executable, "-c", code, *words, "--out", str(tmp_path / "out")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip
    until = time.monotonic() + 60
    while not (tmp_path / "out" / "study.json").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "the same command goes on where it stopped" in said
