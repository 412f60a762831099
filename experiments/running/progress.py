"""How far work is, and how long it will take: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from serendip.experiments.running.screen import Screen
from serendip.experiments.running.silence import is_silent

_log = logging.getLogger("serendip")
_QUIET = 15.0  # seconds between lines, where there is no terminal
_WORTH_SAYING = 60.0  # seconds left from which a forecast is made


class Watch:
    """Tells of work that is being done."""

    def __init__(self, console: Console, bar: Progress, total: int, steps: str) -> None:
        """Show how much of the work is done.

        Args:
            console: where people read.
            bar: the bar to move.
            total: pieces of work there are.
            steps: what the pieces are called.
        """
        self._console, self._bar, self._total, self._steps = console, bar, total, steps
        self._task = bar.add_task("running", total=total)
        self._began = self._last = time.monotonic()
        self._forecast = False

    def at(self, done: int) -> None:
        """Hear that `done` steps are done in all."""
        self._bar.update(self._task, completed=done)
        if not self._console.is_terminal and time.monotonic() - self._last > _QUIET:
            self._say(f"{done} of {self._total} {self._steps}{self._left(done)}")

    def finished(self, label: str, done: int) -> None:
        """Hear that a piece is finished, and say so if it has a label; after the first the time left is forecast."""
        _log.info("%s: done, %d of %d %s", label or "one piece", done, self._total, self._steps)
        left = "" if self._forecast else self._left(done)
        self._forecast = True
        if label or left:
            self._say(f"{label or 'one piece'}  done{left}")

    def _say(self, line: str) -> None:
        self._bar.console.print(f"  {line}")
        self._last = time.monotonic()

    def _left(self, done: int) -> str:
        """Return about how long the rest takes, in words, if that is worth saying."""
        elapsed = time.monotonic() - self._began
        left = elapsed * (self._total - done) / max(done, 1)
        return f", about {duration(left)} left" if done and left >= _WORTH_SAYING else ""


@contextmanager
def watched(console: Console, total: int, steps: str) -> Generator[Watch]:
    """Show how far work of `total` steps is, and yield who is to be told of it.

    What is printed goes to stderr where the console is that of results, so that these can be piped.
    """
    if console.file is sys.stdout:
        console = Screen(stderr=True, quiet=console.quiet)
    console.quiet = console.quiet or is_silent()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(steps, markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
    )
    with Progress(*columns, console=console, refresh_per_second=4, disable=not console.is_terminal) as bar:
        yield Watch(console, bar, total, steps)


def duration(seconds: float) -> str:
    """Return a time in words, such as `40 s`, `12 min`, `3 h` or `5 days`."""
    for size, name, most in ((1.0, "s", 90), (60.0, "min", 90), (3600.0, "h", 48)):
        if seconds / size < most:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds / 86400.0:,.0f} days"
