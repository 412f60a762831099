"""Who is told how far the training of a model is; nobody, unless somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

Advance = Callable[[], None]
Telling = Callable[[int], AbstractContextManager[Advance]]


def _nobody(total: int) -> AbstractContextManager[Advance]:
    return nullcontext(lambda: None)


_telling = ContextVar[Telling]("telling", default=_nobody)


def training(total: int) -> AbstractContextManager[Advance]:
    """Return a context that gives a function to be called after each of `total` parts of a training."""
    return _telling.get()(total)


@contextmanager
def telling(listener: Telling = _nobody) -> Generator[None]:
    """Let trainings meanwhile tell `listener` of their parts; nobody where it is left out."""
    token = _telling.set(listener)
    try:
        yield
    finally:
        _telling.reset(token)
