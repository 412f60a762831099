"""A server of the page in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

pytest.importorskip("starlette", reason="the extra `play` is not installed")
pytest.importorskip("uvicorn", reason="the extra `play` is not installed")


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    url: str


@pytest.fixture
def served() -> Iterator[Served]:
    """`serendip play` in the world `tiny`, ended when the test is."""
    code = "import sys; from serendip.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = [sys.executable, "-c", code, "play", "--world", "tiny", "--port", "0"]
    process = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ)
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert "play at http://127.0.0.1:" in line
        yield Served(process, line.split()[3] + "/")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
