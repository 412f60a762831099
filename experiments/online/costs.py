"""What learning cost in a study: seconds of `update()`, day by day.

They are no result of the simulation, differ from run to run, and stand in files of their own: `clock.json` in each
unit, `costs.json` for the study.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serendip.experiments.online.results import Results
from serendip.experiments.online.study import unit_folder
from serendip.simulator.errors import DataError
from serendip.simulator.settings_json import read_json

_NAMED = 3  # of the dearest agents, in words


@dataclass(frozen=True, slots=True)
class Cost:
    """What one agent's learning cost, a mean over seeds.

    Attributes:
        agent: as on the command line.
        seeds: number of seeds behind it.
        seconds_per_day: seconds of `update()` by the clock, a mean over all days.
        longest_update: seconds of the dearest day.
        by_day: seconds of each day, 0 where the agent did not learn.
    """

    agent: str
    seeds: int
    seconds_per_day: float
    longest_update: float
    by_day: list[float]


def read_costs(out: Path, results: Results) -> list[Cost]:
    """Return one cost per agent from the finished units in `out`; units that were not timed are left out.

    Raises:
        DataError: a clock is missing or damaged.
    """
    found = list[Cost]()
    for agent in results.agents:
        timed = [days for seed in results.seeds if (days := _update_seconds(unit_folder(out, seed, agent)))]
        if timed:
            by_day = np.mean(timed, axis=0)
            found.append(Cost(agent, len(timed), float(by_day.mean()), float(by_day.max()), by_day.tolist()))
    return found


def sentence(costs: list[Cost]) -> str:
    """Return in words what the dearest agents' learning cost."""
    dearest = sorted(costs, key=lambda cost: -cost.seconds_per_day)[:_NAMED]
    parts = [f"{cost.agent} {cost.seconds_per_day:.3f} (longest {cost.longest_update:.2f})" for cost in dearest]
    return f"learning, seconds a day: {', '.join(parts)}; all agents and days in costs.json"


def _update_seconds(unit: Path) -> list[float]:
    """Return the seconds of each day of one unit, empty where it was not timed."""
    try:
        clock = read_json(unit / "clock.json")
        return [float(seconds) for seconds in clock.get("update_seconds", [])]
    except (DataError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{unit / 'clock.json'}: not the clock of a unit; delete its folder and run again") from error
