"""Agents against simulated users, and what came of it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serendip.parts import named
from serendip.results import StudyResults
from serendip.simulator.world import World

_KEPT = list[Any]()  # temporary folders, which last as long as this process


def run(
    agents: Sequence[Any] = (),
    world: str | Path | World | None = None,
    *,
    study: str = "discovery",
    seeds: int | None = None,
    days: int | None = None,
    first_seed: int | None = None,
    logged_seeds: int | None = None,
    save_agents: bool | None = None,
    out: str | Path | None = None,
    format: Sequence[str] = ("png",),
    dpi: int = 150,
    tables: Sequence[str] = ("csv",),
    jobs: int = 0,
    backend: str = "loky",
    batch_size: int = 0,
    quiet: bool = False,
) -> StudyResults:
    """Let agents meet simulated users, and return what came of it.

    What is already in the folder is not run again, so that the same call goes on where it was stopped.

    Args:
        agents: names (with settings, as `ease-epsilon:epsilon=0.3`), classes or instances of one's own agents,
            `file.py:Class`, folders of saved agents; the study's own when left out.
        world: a world by name, its folder, or a `World`; the study's own when left out.
        study: which study (`serendip.list("studies")`).
        seeds: how many worlds are drawn; every agent meets the same ones.
        days: length of the experiment.
        first_seed: number of the first world.
        logged_seeds: worlds, from the first, whose decisions are kept as a log.
        save_agents: whether each agent is kept as it was in the end; some take a hundred megabytes.
        out: folder of the results, with tables, figures and a page; when left out one that lasts as long as this
            process, without these.
        format: of each figure: png, svg, pdf.
        dpi: dots per inch of a PNG.
        tables: format of each table: csv, parquet.
        jobs: runs side by side; 0: one for each core.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.
        batch_size: visits handled at a time; 0: all of a round.
        quiet: whether nothing is printed.

    Raises:
        SettingsError: an agent, the world or a setting cannot be, or the folder holds something else.

    Example:
        >>> import serendip
        >>> results = serendip.run(["uniform", "ease-greedy"], "tiny", seeds=1, days=3, jobs=1, quiet=True)
        >>> len(results.daily)
        18
    """
    from serendip.experiments.online.run import Forms
    from serendip.experiments.online.studies import find_study
    from serendip.experiments.online.study import run_study
    from serendip.experiments.running.screen import Screen

    Forms(tuple(format), dpi, tuple(tables))  # what is wrong with them is said before the work
    given = {
        "agents": tuple(named(agent) for agent in agents),
        "world": None if world is None else _where(world),
        "seeds": seeds,
        "days": days,
        "first_seed": first_seed,
        "logged_seeds": logged_seeds,
        "save_agents": save_agents,
    }
    wanted = find_study(study)
    wanted = dataclasses.replace(wanted, **{name: value for name, value in given.items() if value not in (None, ())})
    folder = Path(_temporary() if out is None else out)
    screen = Screen(stderr=True, quiet=quiet)
    run_study(wanted, folder, screen, batch_size=batch_size, jobs=jobs, backend=backend)
    results = StudyResults(folder, wanted)
    if out is not None:
        results.write(format=format, dpi=dpi, tables=tables)
    return results


def _where(world: str | Path | World) -> str:
    """Return the name or the folder of a world, which is written to one if it has none."""
    if not isinstance(world, World):
        return str(world)
    folder = Path(_temporary()) / world.settings.name
    world.save(folder)
    return str(folder)


def _temporary() -> str:
    _KEPT.append(tempfile.TemporaryDirectory(prefix="serendip-"))
    return _KEPT[-1].name
