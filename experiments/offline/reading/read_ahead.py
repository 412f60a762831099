"""Reading and decoding on a thread of its own, while the caller works on what was read before.

Arrow decodes, and NumPy sums, without holding Python's lock: two threads of one process keep two cores busy, with
nothing to start, to copy, or to merge.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

_DEPTH = 4  # batches that wait to be taken


class _End:
    """What the reader leaves behind: nothing, or what stopped it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def read_ahead(batches: Iterator[T]) -> Iterator[T]:
    """Yield `batches` in order; they are made on a thread that is up to 4 ahead.  What it raises is raised here."""
    waiting: queue.Queue[T | _End] = queue.Queue(_DEPTH)
    stopped = threading.Event()
    reader = threading.Thread(target=_read, args=(batches, waiting, stopped), daemon=True)
    reader.start()
    try:
        while True:
            batch = waiting.get()
            if isinstance(batch, _End):
                if batch.error is not None:
                    raise batch.error
                return
            yield batch
    finally:
        stopped.set()
        while reader.is_alive():  # let a reader that waits for room see that nobody takes any more
            try:
                waiting.get_nowait()
            except queue.Empty:
                reader.join(0.01)


def _read(batches: Iterator[T], waiting: queue.Queue[T | _End], stopped: threading.Event) -> None:
    end = _End()
    try:
        for batch in batches:
            if stopped.is_set():
                return
            waiting.put(batch)
    except BaseException as error:
        end = _End(error)
    waiting.put(end)
