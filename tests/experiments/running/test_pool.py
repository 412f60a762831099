"""A run that is stopped leaves one line, and no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals work in another way there")


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a run that would take minutes, in a process group of its own, and wait until its workers are there."""
    run = ["run", "discovery", "--world", "tiny", "--agents", "uniform", "--seeds", "2", "--days", "9999"]
    command = [sys.executable, "-m", "serendip.experiments", *run, "--out", str(folder / "out")]
    process = subprocess.Popen(
        command,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    deadline = time.monotonic() + 60
    while not list((folder / "out").glob("seeds/seed-*/.uniform.*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return process


def hear_interrupts() -> None:
    """Undo what a shell does to commands in the background: they inherit deafness to interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def everybody_is_gone(group: int) -> bool:
    """Return whether all processes of `group` have ended, waiting for them up to 20 seconds."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_an_interrupt_is_one_line(tmp_path: Path) -> None:
    process = start(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C: all of them hear it
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "serendip: stopped; the same command goes on where it stopped"
    assert everybody_is_gone(process.pid)


def test_a_kill_leaves_no_orphan(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    assert everybody_is_gone(process.pid)
