"""An environment serves one caller at a time, and says so to a second one instead of mixing up their lives."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from serendip.simulator.errors import ThreadError


class Turn:
    """What one thread holds while it is in an environment.  A copy, or one that was pickled, is nobody's."""

    def __init__(self) -> None:
        """Make a turn that nobody has."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise ThreadError("another thread is in this environment; give each thread an environment of its own")

    def __exit__(self, *raised: object) -> None:
        self._lock.release()

    def __reduce__(self) -> Any:
        return Turn, ()


class HasTurn(Protocol):
    """Whatever serves one caller at a time."""

    @property
    def turn(self) -> Turn:
        """What the caller holds."""
        ...


S = TypeVar("S", bound=HasTurn)
P = ParamSpec("P")
R = TypeVar("R")


def one_at_a_time(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Return `method`, except that it raises a ThreadError while another thread is in the same object."""

    @functools.wraps(method)
    def guarded(self: S, /, *given: P.args, **named: P.kwargs) -> R:
        with self.turn:
            return method(self, *given, **named)

    return guarded
