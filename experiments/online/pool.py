"""Runs units side by side, each on one thread, with a bar that says how much is left."""

from __future__ import annotations

import multiprocessing
import os
import queue
import shutil
import signal
import threading
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from serendip.experiments.online.unit import Unit
from serendip.experiments.threads import one_thread_each


def run_units(units: list[Unit], jobs: int, console: Console) -> None:
    """Run every unit that is not finished yet, `jobs` at a time (0: one for each core).

    Each worker computes on one thread, so that the number of jobs changes no bit of any result.  A worker ends itself
    when the main process is gone.
    """
    left = [unit for unit in units if not unit.finished()]
    if len(left) < len(units):
        console.print(f"{len(units) - len(left)} of {len(units)} finished before, {len(left)} to run")
    for unit in left:
        _sweep(unit.folder)
    if not left:
        return
    jobs = min(jobs or os.cpu_count() or 1, len(left))
    context = multiprocessing.get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(jobs, context, stay_with, (os.getpid(),)) as pool:
        manager = SyncManager(ctx=context)
        with _deaf_to_interrupts():
            manager.start(stay_with, (os.getpid(),))
            days = manager.Queue()
            futures = {pool.submit(_run, unit, index, days): unit for index, unit in enumerate(left)}
        processes = list(getattr(pool, "_processes", {}).values())
        try:
            _watch(futures, days, left, console)
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


def _watch(futures: dict[Future[None], Unit], days: Any, units: list[Unit], console: Console) -> None:
    """Show progress until all is done; raise what a unit raised."""
    total = sum(unit.schedule.days for unit in units)
    done_days = dict[int, int]()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task("running", total=total)
        pending, last_line = set(futures), time.monotonic()
        while pending:
            done, pending = wait(pending, timeout=0.3, return_when=FIRST_COMPLETED)
            _drain(days, done_days)
            bar.update(task, completed=sum(done_days.values()))
            for future in done:
                future.result()
                unit = futures[future]
                bar.console.print(f"  seed {unit.seed}  {unit.agent}  done")
                last_line = time.monotonic()
            if not console.is_terminal and time.monotonic() - last_line > 15:
                bar.console.print(f"  {sum(done_days.values())} of {total} days")
                last_line = time.monotonic()


def _drain(days: Any, done_days: dict[int, int]) -> None:
    while True:
        try:
            index, done = days.get_nowait()
        except queue.Empty:
            return
        done_days[index] = done


def _run(unit: Unit, index: int, days: Any) -> None:
    """Run a unit in a worker, telling the main process about its days."""
    unit.run(lambda done: days.put((index, done)))


def stay_with(parent: int) -> None:
    """End this process when `parent` has ended, however it ended, so that no orphan writes on."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _sweep(folder: Path) -> None:
    """Remove what a killed run left of a unit."""
    for stale in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(stale, ignore_errors=True)
