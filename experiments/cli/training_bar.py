"""A bar on the terminal while a model is trained."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

_QUIET = 2.0  # seconds before a bar is shown


@contextmanager
def training_bar(total: int) -> Generator[Callable[[], None]]:
    """Give a function to be called after each of `total` parts; from two seconds on, a terminal shows a bar."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import Progress

    from serendip.experiments.running.screen import Screen

    bar = Progress(console=Screen(stderr=True), transient=True)
    task, start = bar.add_task("learning", total=total), time.monotonic()

    def advance() -> None:
        bar.advance(task)
        if not bar.live.is_started and time.monotonic() - start > _QUIET:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()
