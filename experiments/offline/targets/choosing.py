"""The target that a person names: an agent, a saved agent, a column, or the sampler of the Open Bandit data."""

from __future__ import annotations

from pathlib import Path

from serendip.agents import AGENTS
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.targets.column import ColumnTarget
from serendip.experiments.offline.targets.open_bandit import snapshot
from serendip.experiments.offline.targets.target import Target, saved_agent, trained_agents
from serendip.simulator.errors import DataError, SettingsError


def choose_target(target: str | None, source: Source, target_column: str | None, seed: int) -> Target:
    """Return what is to be valued: a saved agent where the folder exists, else an agent by its name, else a column.

    Args:
        target: an agent's name, or a saved agent's folder; None where a column says what the target would do.
        source: the log.
        target_column: column with the target's probability of each logged item, or None.
        seed: number that all draws follow from.

    Raises:
        DataError: no such folder, or no agent in it.
        SettingsError: no target is named, or two are.
    """
    has_column = target_column is not None or source.has_target
    if target is None:
        if not has_column:
            raise SettingsError("no target; say --target AGENT, --target DIR or --target-column COLUMN")
        return ColumnTarget()
    if has_column:
        raise SettingsError(f"two targets, {target!r} and a column; say which one to value")
    if target == "bts":
        return snapshot(source)
    if Path(target).is_dir():
        return saved_agent(Path(target), source.items(), source.slate_size, seed)
    if not AGENTS.known(target) and ("/" in target or "\\" in target):
        raise DataError(f"{target}: no such folder; a target is an agent's name or a saved agent's folder")
    return trained_agents(target, source, seed)
