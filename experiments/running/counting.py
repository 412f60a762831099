"""How far one long piece of work is: a bar on a terminal, from two seconds on a line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

from serendip.experiments.running.progress import duration
from serendip.experiments.running.silence import is_silent

At = Callable[[str, int, int], None]
LATER, EVERY = 2.0, 15.0  # seconds: before a bar is shown on a terminal; between lines where there is none
_outer = ContextVar[At | None]("outer", default=None)  # of the work that this one is a part of
_log = logging.getLogger("serendip")


@contextmanager
def counted(doing: str, quiet: bool = False) -> Generator[At]:
    """Tell on stderr how far work is, and how long the rest takes; say nothing of what takes less than two seconds.

    Yields a function of what is being done, the steps that are done, and how many there are.  Work within work is told
    in the same place.

    Args:
        doing: what is done first.
        quiet: whether nothing is said.
    """
    outer, began = _outer.get(), time.monotonic()
    if outer is not None:
        yield outer
        return
    state = State(doing)
    _log.info("%s", doing)
    show = _nothing if quiet or is_silent() else _bar if sys.stderr.isatty() else _lines
    with show(state) as at:
        token = _outer.set(at)
        try:
            yield at
        finally:
            _outer.reset(token)
    _log.info("%s: ended after %s", state.doing, duration(time.monotonic() - began))


class State:
    """How far the work is."""

    def __init__(self, doing: str) -> None:
        """Begin with nothing done of nobody knows how much."""
        self.doing, self.done, self.total = doing, 0, 0
        self._began = time.monotonic()
        self._said = doing

    def at(self, doing: str, done: int, total: int) -> None:
        """Hear what is being done, the steps that are done, and how many there are."""
        self.doing, self.done, self.total = doing, done, total
        if doing != self._said:
            self._said = doing
            _log.info("%s", doing)

    def words(self) -> str:
        """Return how far the work is, and about how long the rest takes."""
        elapsed = time.monotonic() - self._began
        if not self.total:
            return f"{self.doing}, {duration(elapsed)} so far"
        left = f", about {duration(elapsed * (self.total - self.done) / self.done)} left" if self.done else ""
        return f"{self.doing}: {self.done:,} of {self.total:,}{left}"


@contextmanager
def _nothing(state: State) -> Generator[At]:
    """Show nothing."""
    yield state.at


@contextmanager
def _lines(state: State) -> Generator[At]:
    """Print a line now and then until the work is done."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(EVERY):
            print(f"  {state.words()}", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield state.at
    finally:
        done.set()
        teller.join()


@contextmanager
def _bar(state: State) -> Generator[At]:
    """Show a bar on the terminal once the work takes a while, and take it away in the end."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from serendip.experiments.running.screen import Screen

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Screen(stderr=True), transient=True)
    task = bar.add_task(state.doing, total=None)
    timer = threading.Timer(LATER, bar.start)
    timer.daemon = True
    timer.start()

    def at(doing: str, done: int, total: int) -> None:
        state.at(doing, done, total)
        bar.update(task, description=doing, completed=done, total=total)

    try:
        yield at
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
