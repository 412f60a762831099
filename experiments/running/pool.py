"""Runs jobs side by side, each on one thread, with a bar that says how much is left."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.managers import SyncManager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from serendip.experiments.running.threads import one_thread_each


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
    work: Callable[[Callable[[int], None]], None]


def run_jobs(jobs: Sequence[Job], at_once: int, console: Console, steps: str) -> None:
    """Do all of `jobs`, `at_once` at a time (0: one for each core); `steps` is what their steps are called.

    Each worker computes on one thread, so that the number of workers changes no bit of any result.  A worker ends
    itself when the main process is gone.
    """
    if not jobs:
        return
    at_once = min(at_once or os.cpu_count() or 1, len(jobs))
    context = multiprocessing.get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(at_once, context, stay_with, (os.getpid(),)) as pool:
        manager = SyncManager(ctx=context)
        with _deaf_to_interrupts():
            manager.start(stay_with, (os.getpid(),))
            told = manager.Queue()
            futures = {pool.submit(_run, job, index, told): job for index, job in enumerate(jobs)}
        processes = list(getattr(pool, "_processes", {}).values())
        try:
            _watch(futures, told, console, steps)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise
        finally:
            manager.shutdown()


@contextmanager
def _deaf_to_interrupts() -> Generator[None]:
    """Start processes that never hear Ctrl-C; they end when the main process ends them, without a word.

    An interrupt of the main process itself is only held back until they are started.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(futures: dict[Future[None], Job], told: Any, console: Console, steps: str) -> None:
    """Show progress until all is done; raise what a job raised."""
    total = sum(job.size for job in futures.values())
    counts = dict[int, int]()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(steps),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task("running", total=total)
        pending, last_line = set(futures), time.monotonic()
        while pending:
            done, pending = wait(pending, timeout=0.3, return_when=FIRST_COMPLETED)
            _drain(told, counts)
            bar.update(task, completed=sum(counts.values()))
            for future in done:
                future.result()
                bar.console.print(f"  {futures[future].label}  done")
                last_line = time.monotonic()
            if not console.is_terminal and time.monotonic() - last_line > 15:
                bar.console.print(f"  {sum(counts.values())} of {total} {steps}")
                last_line = time.monotonic()


def _drain(told: Any, counts: dict[int, int]) -> None:
    while True:
        try:
            index, done = told.get_nowait()
        except queue.Empty:
            return
        counts[index] = done


def _run(job: Job, index: int, told: Any) -> None:
    """Do a job in a worker, telling the main process about its steps."""
    job.work(lambda done: told.put((index, done)))


def stay_with(parent: int) -> None:
    """End this process when `parent` has ended, however it ended, so that no orphan writes on."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
