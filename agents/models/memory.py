"""How much memory there is, asked before it is taken."""

from __future__ import annotations

import os
from pathlib import Path

from serendip.simulator.errors import SerendipError


class MemoryNeedError(SerendipError):
    """A model needs more memory than there is; the message names both sizes and a model that fits."""


def available_bytes() -> int | None:
    """Return the bytes of memory that can still be had, or None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
        except (AttributeError, OSError, ValueError):
            return None
    return free if (room := _group_room()) is None else min(free, room)


def _group_room() -> int | None:
    """Return what is left of the control group's limit (a container's), or None without one."""
    root = Path("/sys/fs/cgroup")
    try:
        limit = (root / "memory.max").read_text(encoding="ascii").strip()
        used = int((root / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(int(limit) - used, 0)


def require(needed: int, what: str, instead: str) -> None:
    """Check that `needed` bytes can be had.

    Args:
        what: what they are for, such as "an item-item matrix of 40,000 items".
        instead: what to do where they cannot.

    Raises:
        MemoryNeedError: there is less.
    """
    free = available_bytes()
    if free is not None and needed > free:
        raise MemoryNeedError(f"{what} needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; {instead}")


def reset_peak() -> int:
    """Forget the peak of this process's memory where the system can, and return the bytes it holds now."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return peak_bytes()
    return peak_bytes()


def peak_bytes() -> int:
    """Return the most bytes of memory that this process has held since `reset_peak`, 0 where nobody counts."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
