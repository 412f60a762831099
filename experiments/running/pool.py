"""Runs jobs side by side, each on one thread, and says how long they will take."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from typing import Any

from rich.console import Console

from serendip.experiments.running.crews.crew import BACKENDS, Crew, Job, Tell, WorkerLostError
from serendip.experiments.running.parent import stay_with
from serendip.experiments.running.parts import Carried, carried, take
from serendip.experiments.running.progress import watched
from serendip.experiments.running.threads import ONE_THREAD
from serendip.simulator.errors import SettingsError

__all__ = ["Job", "Tell", "WorkerLostError", "run_jobs"]

_told: Any = None  # in a worker: the queue to the main process


def run_jobs(jobs: Sequence[Job], at_once: int, console: Console, steps: str, backend: str = "loky") -> None:
    """Do all of `jobs` in processes of their own, which end when this one does, however it ends.

    Each worker computes on one thread, so that neither their number nor where they are changes a bit of any result.

    Args:
        jobs: what is to be done.
        at_once: how many at a time; 0: one for each core.  A cluster that is running has workers of its own.
        console: where progress is told.
        steps: what their steps are called.
        backend: whose processes: of this machine (`loky`), of `ray` or of `dask`.

    Raises:
        WorkerLostError: the system ended a worker, as it does where memory runs out.
        SettingsError: no such back end, or it is not installed.
    """
    if not jobs:
        return
    with ExitStack() as stack:
        with _deaf_to_interrupts():
            crew = stack.enter_context(_crew(backend, min(at_once or os.cpu_count() or 1, len(jobs))))
            parts = carried()
            futures = {crew.submit(job, index, parts): index for index, job in enumerate(jobs)}
        try:
            _watch(futures, jobs, crew, console, steps)
        except crew.lost as error:
            crew.end()
            raise WorkerLostError(
                "the system ended a worker, as it does where memory runs out; what is finished is kept: give the same "
                "command again with fewer --jobs, or where memory is free"
            ) from error
        except BaseException:
            crew.end()
            raise


@contextmanager
def _crew(backend: str, n: int) -> Generator[Crew]:
    """Start `n` workers, or find those of a cluster, and yield them."""
    if backend == "loky":
        with _processes(n) as crew:
            yield crew
        return
    if backend not in BACKENDS:
        raise SettingsError(f"unknown back end {backend!r}; known: {', '.join(BACKENDS)}")
    from serendip.experiments.running.crews.clusters import CREWS

    with CREWS[backend](n) as crew:
        yield crew


@contextmanager
def _processes(n: int) -> Generator[Crew]:
    """Yield `n` processes of this machine."""
    from joblib.externals.loky.backend.context import get_context
    from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

    context: Any = get_context("loky")
    told = context.SimpleQueue()
    begin = (os.getpid(), told)
    pool: Any = ProcessPoolExecutor(n, context=context, initializer=_begin, initargs=begin, env=ONE_THREAD)

    def submit(job: Job, index: int, parts: Carried) -> Future[Any]:
        return pool.submit(_run, job, index, parts)

    yield Crew(submit, lambda: _emptied(told), lambda: _end(pool), (TerminatedWorkerError,))
    pool.shutdown()


def _emptied(told: Any) -> Iterable[tuple[int, int]]:
    """Yield what is in a queue."""
    while not told.empty():
        yield told.get()


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


def _watch(futures: dict[Future[Any], int], jobs: Sequence[Job], crew: Crew, console: Console, steps: str) -> None:
    """Show progress until all is done; raise what a job raised."""
    counts = dict[int, int]()
    with watched(console, sum(job.size for job in jobs), steps) as watch:
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.3, return_when=FIRST_COMPLETED)
            counts.update(crew.told())
            for future in done:
                raised = future.result()
                if raised is not None:
                    raise raised
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
