"""Whether progress is told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_silent = ContextVar[bool]("silent", default=False)


@contextmanager
def silence(on: bool = True) -> Generator[None]:
    """Let nothing be said of progress meanwhile."""
    token = _silent.set(on or _silent.get())
    try:
        yield
    finally:
        _silent.reset(token)


def is_silent() -> bool:
    """Return whether nothing is to be said of progress."""
    return _silent.get()
