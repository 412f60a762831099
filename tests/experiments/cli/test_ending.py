"""A process that is asked to end says one sentence: threads whose work is taken from them are not heard."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
import os, signal, sys, threading
from serendip.experiments.cli.main import Terminated, hear_terminations

hear_terminations()
ended = threading.Event()

def worker():
    ended.wait()
    raise KeyError(23)

thread = threading.Thread(target=worker)
thread.start()
try:
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    signal.pause()
except (Terminated, KeyboardInterrupt) as end:
    ended.set()
    thread.join()
    print(type(end).__name__)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are a Unix thing")
@pytest.mark.parametrize(("name", "raised"), [("SIGTERM", "Terminated"), ("SIGINT", "KeyboardInterrupt")])
def test_threads_are_not_heard_once_the_end_is_asked_for(name: str, raised: str) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, name], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr, done.returncode) == (raised, "", 0)
