"""What the laboratory wrote, read back by what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serendip.simulator.errors import DataError

_KINDS = {  # the file that tells, and what reads it
    "agent.json": "an agent",
    "study.json": "results",
    "meta.json": "a log",
    "world.json": "a world",
}


def load(path: str | Path, *, seed: int = 0) -> Any:
    """Return what the folder `path` holds: the results of a run, a saved agent, a log or a world.

    Nothing in a folder is executed or unpickled.

    Args:
        path: the folder; or the name of a preset world.
        seed: under which a world is drawn.

    Raises:
        DataError: there is no such folder, it holds none of these, or it is not whole.

    Example:
        >>> import serendip
        >>> serendip.load("tiny", seed=3).n_users
        100
    """
    folder = Path(path)
    found = [name for name in _KINDS if (folder / name).is_file()]
    if not found and isinstance(path, str) and not folder.exists():
        from serendip.simulator.settings import world_names
        from serendip.simulator.world import make_world

        if path in world_names():
            return make_world(path, seed)
        raise DataError(f"{path}: no such folder, and no preset world; presets: {', '.join(world_names())}")
    if not found:
        raise DataError(f"{folder}: holds none of {', '.join(f'{what} ({name})' for name, what in _KINDS.items())}")
    return _read(folder, found[0], seed)


def _read(folder: Path, tells: str, seed: int) -> Any:
    """Return what `folder` holds, by the file that tells."""
    if tells == "agent.json":
        from serendip.agents.registry import load

        return load(folder)
    if tells == "study.json":
        from serendip.results import StudyResults

        return StudyResults(folder)
    if tells == "meta.json":
        from serendip.simulator.logs import open_log

        return open_log(folder)
    from serendip.simulator.world import make_world

    return make_world(folder, seed)
