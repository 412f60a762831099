"""One run at a time in a folder of results."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from serendip.simulator.errors import SettingsError


@contextmanager
def alone_in(out: Path) -> Generator[None]:
    """Hold the folder `out` for this process; the system lets go of it when the process ends, however it ends.

    Where there are no file locks (Windows) nothing is held.

    Raises:
        SettingsError: another run is at work in the folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(f"{out}: another run is at work here; wait for it, or give another --out") from error
        yield
