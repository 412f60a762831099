"""What a study found, read back from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.study import Study, read_study, unit_folder
from serendip.experiments.online.unit import DAILY
from serendip.experiments.running.manifest import NAME as MANIFEST
from serendip.experiments.running.manifest import check_file
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats
from serendip.simulator.population import ACTIVITY_GROUPS

ALL = -1  # all groups together, as an index of a group


@dataclass(frozen=True)
class Results:
    """Daily counts of every agent under every seed that is finished for all agents.

    Attributes:
        study: what was run.
        seeds: the seeds that every agent has finished.
        counts: (n_seeds, n_days, n_groups, n_measures) by agent, in the order of `measures.COUNTS`.
    """

    study: Study
    seeds: tuple[int, ...]
    counts: dict[str, Floats]

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents, in the order they were named."""
        return self.study.agents

    @property
    def last(self) -> int:
        """Days of the closing window: the last month, or the last quarter of a run shorter than four."""
        return min(30, max(1, self.study.days // 4))

    @property
    def first(self) -> int:
        """Days of the opening window: a fortnight, or the first quarter of a run shorter than eight weeks."""
        return min(14, max(1, self.study.days // 4))

    def daily(self, agent: str, measure: str, group: int = ALL) -> Floats:
        """Return (n_seeds, n_days) of one of `measures.COUNTS`, of one group or of all together."""
        counts = self.counts[agent][:, :, :, COUNTS.index(measure)]
        return counts.sum(axis=2) if group == ALL else counts[:, :, group]

    def ratio(self, agent: str, above: str, below: str, days: slice, group: int = ALL) -> Floats:
        """Return (n_seeds,) sum of one measure over `days` by that of another, such as clicks by slates.

        Args:
            agent: name of the agent.
            above: measure above the line.
            below: measure below the line.
            days: days that are summed over.
            group: number of the activity group.
        """
        total = self.daily(agent, below, group)[:, days].sum(axis=1)
        return self.daily(agent, above, group)[:, days].sum(axis=1) / np.maximum(total, 1.0)


def read_results(out: Path, asked: Study | None = None) -> Results:
    """Read the finished units of the study in `out`.

    Args:
        out: a folder that `run_study` wrote.
        asked: whose agents and seeds are read; all that the folder holds when left out.

    Raises:
        DataError: the folder holds no study, no seed is finished for all agents, or a table is not what was written.
    """
    study = read_study(out) if asked is None else asked
    units = {seed: [unit_folder(out, seed, agent) for agent in study.agents] for seed in study.seed_numbers()}
    seeds = tuple(seed for seed in units if all((unit / MANIFEST).exists() for unit in units[seed]))
    if not seeds:
        raise DataError(f"{out}: no seed is finished for all agents; run the study again to go on")
    counts = {
        agent: np.stack([_read_daily(units[seed][index], study.days) for seed in seeds])
        for index, agent in enumerate(study.agents)
    }
    return Results(study, seeds, counts)


def _read_daily(unit: Path, days: int) -> Floats:
    """Return (n_days, n_groups, n_measures) of one unit."""
    check_file(unit, DAILY)
    path = unit / DAILY
    try:
        table = pq.read_table(path.absolute())
        columns = [table[name].to_numpy().reshape(days, len(ACTIVITY_GROUPS)) for name in COUNTS]
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path}: not a table of {days} days; delete its folder and run the study again") from error
    found = np.stack(columns, axis=2)
    if not (np.isfinite(found).all() and (found >= 0.0).all()):
        raise DataError(f"{path}: holds numbers that are no counts; delete its folder and run the study again")
    return found
