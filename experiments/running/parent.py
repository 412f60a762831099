"""A process that ends when the one that started it has ended."""

from __future__ import annotations

import os
import threading
import time

_EVERY = 0.5  # seconds between looks


def stay_with(parent: int) -> None:
    """End this process when `parent` has ended, however it ended, so that no orphan writes on."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_EVERY)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
