"""The logged agent asked again what it would have shown, where it is saved beside its log."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from serendip.agents import registry
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.source import Step
from serendip.simulator.errors import SerendipError
from serendip.simulator.logs import open_log

_SAME = 1e-6  # relative: a model's scores may differ in their last bits from machine to machine, its ranks hardly


def replayed(log: Path) -> tuple[bool | None, str]:
    """Return whether the agent in `../agent` gives what it showed the propensities of the log, and a sentence on it.

    It is asked about the decisions of the last policy version, for which alone it is what it was; None where there is
    no such agent or it has learned since.
    """
    folder, meta = log.resolve().parent / "agent", open_log(log).meta
    if not folder.is_dir():
        return None, "The agent is not saved beside the log (../agent; serendip run --save-agents)."
    if meta.key is None or len(meta.policies) != 1:
        return None, "The log names no key of one agent's draws (meta.json)."
    try:
        agent = registry.load(folder)
    except SerendipError as error:
        return None, f"The agent beside the log cannot be read: {error}"
    last, moment = _last_version(log)
    if max(agent.version - 1, 0) != last:
        return None, f"The agent has learned since the log's last policy version, {last}."
    agent.forget()
    source, n, n_wrong, worst = LogSource(log), 0, 0, 0.0
    for step in source.before():
        agent.observe(step.visits, step.slates, step.feedback)
    for step in source.steps():
        if _moment(step) >= moment:
            made = agent.propensities(step.visits, step.slates, meta.key)
            off = np.abs(made / step.propensity - 1.0)
            n, n_wrong, worst = n + off.size, n_wrong + int(np.count_nonzero(off > _SAME)), max(worst, float(off.max()))
        agent.observe(step.visits, step.slates, step.feedback)
    if n_wrong:
        return False, f"{n_wrong} of {n} propensities are not the agent's; one is off by {worst:.1%}."
    return True, f"The {n} propensities of policy version {last} are the agent's own."


def _moment(step: Step) -> tuple[int, int]:
    return step.visits.day, int(step.visits.visit[0])


def _last_version(log: Path) -> tuple[int, tuple[int, int]]:
    """Return the last policy version, and the day and visit it began with."""
    last, began = -1, (0, 0)
    for part in open_log(log).parts:
        table = pq.read_table(part.absolute(), columns=["policy_version", "day", "visit"])
        version, day, visit = (table[name].to_numpy() for name in table.column_names)
        if len(version) and version.max() >= last:
            rows = np.flatnonzero(version == version.max())
            first = rows[np.lexsort((visit[rows], day[rows]))[0]]
            moment = int(day[first]), int(visit[first])
            began = moment if version.max() > last else min(began, moment)
            last = int(version.max())
    return last, began
