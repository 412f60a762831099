"""Who shares out the files of a log from Python."""

from __future__ import annotations

from functools import partial
from typing import Any


def workers_for(jobs: int | None, backend: str) -> Any:
    """Return who reads a log's files, with the parts of one's own that were taken in here; None for this process.

    Raises:
        SettingsError: fewer than one job, or no such back end.
    """
    if jobs is None and backend == "loky":
        return None
    from serendip.experiments.offline.parallel import Workers
    from serendip.experiments.running.crews.clusters import cluster
    from serendip.experiments.running.parts import carried, take

    return Workers(jobs or 1, backend, cluster, partial(take, carried()))
