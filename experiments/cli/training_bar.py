"""A bar on the terminal while a model is trained, and a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def training_bar(total: int) -> Generator[Callable[[], None]]:
    """Give a function to be called after each of `total` parts; what takes longer than two seconds is told."""
    from serendip.experiments.running.counting import counted

    done = 0
    with counted("learning") as at:

        def advance() -> None:
            nonlocal done
            done += 1
            at("learning", done, total)

        yield advance
