"""One run at a time in a folder of results."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from serendip.simulator.errors import SettingsError

LOCK = ".lock"


@contextmanager
def alone_in(out: Path) -> Generator[None]:
    """Hold the folder `out` for this process; the system lets go of it when the process ends, however it ends.

    Raises:
        SettingsError: another run is at work in the folder.
    """
    from filelock import FileLock, Timeout

    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / LOCK, is_singleton=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SettingsError(f"{out}: another run is at work here; wait for it, or give another --out") from error
    try:
        yield
    finally:
        lock.release()
