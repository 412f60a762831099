"""Runs jobs side by side, each on one thread, and says how long they will take."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from serendip.experiments.running.parent import stay_with
from serendip.experiments.running.parts import Carried, carried, take
from serendip.experiments.running.progress import watched
from serendip.experiments.running.threads import ONE_THREAD
from serendip.simulator.errors import SerendipError

Tell = Callable[[int], None]
_told: Any = None  # in a worker: the queue to the main process


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


def run_jobs(jobs: Sequence[Job], at_once: int, console: Console, steps: str) -> None:
    """Do all of `jobs` in processes of their own, which end when this one does, however it ends.

    Each worker computes on one thread, so that the number of workers changes no bit of any result.

    Args:
        jobs: what is to be done.
        at_once: how many at a time; 0: one for each core.
        console: where progress is told.
        steps: what their steps are called.

    Raises:
        WorkerLostError: the system ended a worker, as it does where memory runs out.
    """
    if not jobs:
        return
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    pool, told = _pool(min(at_once or os.cpu_count() or 1, len(jobs)))
    parts = carried()
    with _deaf_to_interrupts():
        futures: dict[Future[None], int] = {
            pool.submit(_run, job, index, parts): index for index, job in enumerate(jobs)
        }
    try:
        _watch(futures, jobs, told, console, steps)
    except TerminatedWorkerError as error:
        _end(pool)
        raise WorkerLostError(
            "the system ended a worker, as it does where memory runs out; what is finished is kept: give the same "
            "command again with fewer --jobs, or where memory is free"
        ) from error
    except BaseException:
        _end(pool)
        raise
    pool.shutdown()


def _pool(n: int) -> tuple[Any, Any]:
    """Return an executor of `n` processes and the queue through which they tell of their steps."""
    from joblib.externals.loky.backend.context import get_context
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    context: Any = get_context("loky")
    told = context.SimpleQueue()
    begin = (os.getpid(), told)
    return ProcessPoolExecutor(n, context=context, initializer=_begin, initargs=begin, env=ONE_THREAD), told


def _end(pool: Any) -> None:
    """End all workers at once."""
    with warnings.catch_warnings():  # where children of workers cannot be listed, of which there are none
        warnings.simplefilter("ignore")
        pool.shutdown(kill_workers=True)


@contextmanager
def _deaf_to_interrupts() -> Generator[None]:
    """Start processes that do not hear Ctrl-C while they begin; the main process ends them, without a word.

    An interrupt of the main process itself is only held back until they are started.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(futures: dict[Future[None], int], jobs: Sequence[Job], told: Any, console: Console, steps: str) -> None:
    """Show progress until all is done; raise what a job raised."""
    counts = dict[int, int]()
    with watched(console, sum(job.size for job in jobs), steps) as watch:
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.3, return_when=FIRST_COMPLETED)
            while not told.empty():
                counts.update([told.get()])
            for future in done:
                future.result()
                counts[futures[future]] = jobs[futures[future]].size
                watch.finished(jobs[futures[future]].label, sum(counts.values()))
            watch.at(sum(counts.values()))


def _begin(parent: int, told: Any) -> None:
    """Begin a worker's life."""
    global _told
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stay_with(parent)
    _told = told


def _run(job: Job, index: int, parts: Carried) -> None:
    """Do a job in a worker, with the parts from outside, telling the main process about its steps."""
    take(parts)
    job.work(lambda done: _told.put((index, done)))
