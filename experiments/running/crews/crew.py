"""Who does jobs side by side: processes of this machine, or the workers of a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from serendip.experiments.running.parts import Carried, take
from serendip.simulator.errors import SerendipError

BACKENDS = ("loky", "ray", "dask")
_PAUSE = 0.2  # seconds between two words to the main process about one job

Tell = Callable[[int], None]


class WorkerLostError(SerendipError):
    """A process that worked for this one was ended by the system."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that writes what came of it by itself.

    Attributes:
        label: what is said of it when it is done.
        size: how many steps it has.
        work: does it, and calls what it is given with the number of steps done; it must be picklable.
    """

    label: str
    size: int
    work: Callable[[Tell], None]


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers that are there.

    Attributes:
        submit: has a job of a number done, with the parts from outside; the future is None, or what the job raised.
        told: returns what was said since it was last called: numbers of jobs and how many of their steps are done.
        end: ends all work at once.
        lost: what a future raises where the system ended a worker, and its job could not be done by another.
    """

    submit: Callable[[Job, int, Carried], Future[Any]]
    told: Callable[[], Iterable[tuple[int, int]]]
    end: Callable[[], None]
    lost: tuple[type[Exception], ...]


def attempt(job: Job, parts: Carried, tell: Tell) -> Exception | None:
    """Do a job far away; return what it raised, as a value, so that it comes back as it is."""
    try:
        take(parts)
        job.work(now_and_then(tell))
    except Exception as error:
        return error
    return None


def now_and_then(tell: Tell) -> Tell:
    """Return `tell`, but for what it would say within a moment of what it said before."""
    last = [0.0]

    def say(done: int) -> None:
        now = time.monotonic()
        if now - last[0] >= _PAUSE:
            last[0] = now
            tell(done)

    return say
